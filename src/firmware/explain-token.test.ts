import { beforeAll, describe, expect, it } from 'vitest';
import { kept as cache } from '../testing/kept.ts';
import type { Firmware } from './build.ts';
import { type ExplainedFunction, explainTokenSteps, explainTokensSteps } from './explain-token.ts';
import { finish } from './session.ts';
import { simulate } from './simulate.ts';
import { smallFirmware } from './testing.ts';

const STORY = { prompt: 'Once upon a time', temperature: 0, seed: 42 };
const LAST = 9;

describe('one token of a story', () => {
  let firmware: Firmware;
  let functions: ExplainedFunction[];
  let short: ReturnType<typeof simulate>;
  beforeAll(() => {
    firmware = smallFirmware();
    functions = finish(explainTokenSteps(firmware, { ...STORY, tokens: 12, cache }, LAST));
    short = simulate(firmware, { ...STORY, tokens: LAST + 1, profile: true, cache });
  });

  it('takes the cycles that the device counts, nearly: printing is in between', () => {
    const { status } = short;
    const all = functions.reduce((sum, { cycles }) => sum + cycles[0], 0);
    expect(all).toBeGreaterThan(0.95 * status.lastCycles);
    expect(all).toBeLessThan(1.25 * status.lastCycles);
  });

  it('spends most of them in the matrices, on both cores alike, as the profile of the story says', () => {
    const { profile, status } = short;
    const named = (name: string) => functions.find((one) => one.name === name)!;
    const mean = profile.find(({ name }) => name === 'matvec_dim')!.cycles[0] / status.passes;
    for (const cycles of named('matvec_dim').cycles) {
      // The profile shares out what the console takes, too.
      expect(cycles).toBeGreaterThan(0.9 * mean);
      expect(cycles).toBeLessThan(1.25 * mean);
    }
  });

  it('says of each instruction what it waited for', () => {
    const { lines, cycles } = functions.find(({ name }) => name === 'matvec_dim')!;
    const ran = lines.flatMap(({ cores }) => (cores[0] ? [cores[0]] : []));
    expect(ran.reduce((sum, line) => sum + line.cycles, 0)).toBe(cycles[0]);
    const products = lines.filter(({ text }) => text.startsWith('ee.vsmulas.s8.qacc'));
    expect(Math.max(...products.map(({ cores }) => cores[0]?.times ?? 0))).toBeGreaterThan(10);
    for (const { times, cycles: spent, extras } of ran)
      expect(spent).toBe(times + extras.reduce((sum, extra) => sum + extra.cycles, 0));
  });

  it('is the same among the first ones, told in one go', () => {
    const story = { ...STORY, tokens: 12, cache };
    const first = [...explainTokensSteps(firmware, story, 3)].filter((token) => token !== undefined);
    expect(first.map(({ index }) => index)).toEqual([0, 1, 2]);
    const matrices = (found: readonly ExplainedFunction[] | undefined) =>
      found?.filter(({ name }) => name.startsWith('matvec')).map(({ name, cycles }) => ({ name, cycles }));
    const alone = finish(explainTokenSteps(firmware, story, 2));
    expect(matrices(first[2].functions)).toEqual(matrices(alone));
    expect(matrices(alone)).not.toEqual([]);
  });

  it('says in a sentence that there is no such token', () => {
    expect(() => finish(explainTokenSteps(firmware, { ...STORY, tokens: 3, cache }, 40))).toThrow(
      'the story has no token number 41',
    );
  });
});
