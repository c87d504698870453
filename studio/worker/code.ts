/** What an image promises and what its functions are: loaded when somebody looks inside, or has a board to compare. */
import type { Cache } from '../../src/cache.ts';
import { settingNames, settings } from '../../src/contract/index.ts';
import { type Firmware, listFunction, predictFirmware, simulate } from '../../src/firmware/index.ts';
import { type Expectation, expectationOf } from '../../src/serial/index.ts';
import type { CodeLine, Question } from './protocol.ts';

export const predictionOf = predictFirmware;

export const linesOf = (firmware: Firmware, name: string): CodeLine[] =>
  listFunction(firmware, name).map(({ address, text }) => ({ address, text }));

/** What a board with this image should say; settings that the page has no control for are the device's own. */
export function expectationFor(firmware: Firmware, question: Question, cache: Cache): Expectation {
  const { prompt, temperature, topp, seed, tokens = firmware.context } = question;
  const initial = Object.fromEntries(settingNames.map((name) => [name, settings[name].initial]));
  const full = { ...(initial as Record<keyof typeof settings, number>), prompt, temperature, topp, tokens };
  const asked = { ...full, seed: BigInt(seed) };
  return expectationOf(asked, firmware, simulate(firmware, { ...asked, cache }));
}
