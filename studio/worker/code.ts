/** What an image promises and what its functions are: loaded when somebody looks inside, or has a board to compare. */
import type { Cache } from '../../src/cache.ts';
import { settingNames, settings } from '../../src/contract/index.ts';
import {
  createListing,
  type ExplainedFunction,
  explainTokenSteps,
  explainTokensSteps,
  type Firmware,
  predictFirmware,
  readTogether,
  simulate,
} from '../../src/firmware/index.ts';
import { type Expectation, expectationOf } from '../../src/serial/index.ts';
import { packKernels } from '../file/format.ts';
import type { CodeLine, Question } from './protocol.ts';
import { breathe, type CallContext } from './serve.ts';

export const predictionOf = predictFirmware;

export const linesOf = (firmware: Firmware, name: string, list = createListing(firmware)): CodeLine[] =>
  list(name).map(({ address, text }) => ({ address, text }));

/** What a board with this image should say; settings that the page has no control for are the device's own. */
export function expectationFor(firmware: Firmware, question: Question, cache: Cache): Expectation {
  const { prompt, temperature, topp, penalty, seed, tokens = firmware.context } = question;
  const initial = Object.fromEntries(settingNames.map((name) => [name, settings[name].initial]));
  const full = {
    ...(initial as Record<keyof typeof settings, number>),
    prompt,
    temperature,
    topp,
    penalty,
    tokens,
  };
  const asked = { ...full, seed: BigInt(seed) };
  return expectationOf(asked, firmware, simulate(firmware, { ...asked, cache }));
}

/** A story as it was asked for, without what else the page knows of it. */
const storyOf = ({ prompt, temperature, topp, penalty, seed, tokens }: Question, cache: Cache) => ({
  ...{ prompt, temperature, topp, penalty, seed, tokens },
  cache,
});

/** Between two looks at what has been asked meanwhile. */
const BREATH_MS = 16;

/** Tells a story again up to one of its tokens, and that one slowly. @returns undefined where it was stopped before */
export async function kernelsOf(
  firmware: Firmware,
  { question, index, cache }: { question: Question; index: number; cache: Cache },
  { isStopped }: CallContext<never>,
): Promise<ExplainedFunction[] | undefined> {
  const steps = explainTokenSteps(firmware, storyOf(question, cache), index);
  let breath = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - breath < BREATH_MS) continue;
    await breathe();
    if (isStopped()) return undefined;
    breath = performance.now();
  }
}

/** A line of the saved file for each of a story's first `count` tokens; fewer where it was stopped. @returns all machine code, by function */
export async function allKernelsOf(
  firmware: Firmware,
  { question, count, cache }: { question: Question; count: number; cache: Cache },
  { emit, isStopped }: CallContext<string>,
): Promise<Record<string, CodeLine[]>> {
  for (const token of explainTokensSteps(firmware, storyOf(question, cache), count)) {
    if (token) emit(packKernels(token.functions ?? readTogether));
    await breathe();
    if (isStopped()) break;
  }
  const list = createListing(firmware);
  return Object.fromEntries(firmware.code.map(({ name }) => [name, linesOf(firmware, name, list)]));
}
