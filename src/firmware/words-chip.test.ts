/** Stories made of known words, on the simulated chip: what the host tells (words.test.ts). */
import { describe, expect, it } from 'vitest';
import { storyLines } from '../contract/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { simulate } from './simulate.ts';
import { CONTEXT, tell, tokenizer } from './test-guesses.ts';
import { FEW_WORDS, knowing } from './test-words.ts';
import { smallModel } from './testing.ts';

describe('known words', () => {
  it.each([
    ['two cores', {}, { temperature: 1.5, seed: 4n }],
    ['two cores, greedy', {}, { temperature: 0 }],
    ['one core', { cores: 1 }, { temperature: 1, topp: 0.9, seed: 2n }],
    ['one core, greedy, portable kernels', { cores: 1, pie: false }, { temperature: 0, penalty: 1.3 }],
  ] as const)('are all that a story is made of on the chip: %s', { timeout: 120_000 }, (_, variant, how) => {
    const model = knowing(FEW_WORDS);
    const prompt = 'Once';
    const tokens = 40;
    const firmware = buildFirmware({ programs, model, tokenizer, context: CONTEXT, ...variant });
    const settings = storyLines(how).join('\r');
    const { digest, warnings } = simulate(firmware, { prompt, tokens, ...how });
    expect(digest).toBe(tell(model, 0, settings, prompt, { tokens }).digest);
    expect(digest).not.toBe(tell(smallModel().quantized, 0, settings, prompt, { tokens }).digest);
    expect(warnings).toEqual([]);
  });
});
