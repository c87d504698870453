/** Prompts whose positions are read several in one pass over the weights: the same story, sooner. On the chip also: speculate-chip.test.ts. */
import { describe, expect, it } from 'vitest';
import { defaultBoard } from '../chip/boards/boards.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { kept as cache } from '../testing/kept.ts';
import { createHostProgram } from './host.ts';
import { planMemory } from './plan.ts';
import { simulate } from './simulate.ts';
import { formatDigest } from './status.ts';
import { smallFirmware, smallModel } from './testing.ts';

const CONTEXT = 96;
const TEXT =
  'Once upon a time there was a little girl named Lily. One day she went to the park with her mom and saw a big red ball under the old tree. She was very happy and ran.';

const { quantized, int4, float, tokenizer } = smallModel();

/** A greedy story of `tokens` tokens on the host, and how many of them are the prompt's. */
function tell(model: typeof quantized, lanes: number, prompt: string, tokens: number) {
  const host = createHostProgram({ programs, model, tokenizer, context: CONTEXT, lanes });
  host.type(`/temp 0\r/tokens ${tokens}\r${prompt}\r`);
  host.settle();
  return { digest: formatDigest(host.status.digest), prompt: host.prompt.length };
}

describe('several positions in one pass', () => {
  it.each([
    ['int8', quantized],
    ['int4', int4],
  ])('tell what one after the other do, %s', (_, model) => {
    for (const prompt of ['', 'Once', TEXT.slice(0, 40), TEXT]) {
      const alone = tell(model, 0, prompt, 80);
      for (const lanes of [2, 5, 12]) expect(tell(model, lanes, prompt, 80)).toEqual(alone);
    }
  });

  it('read a prompt eight times as fast as a story is told', { timeout: 120_000 }, () => {
    const firmware = smallFirmware({ weights: 'flash', context: CONTEXT, draft: 'none' });
    const { prompt } = tell(quantized, 0, TEXT, 80);
    expect(prompt).toBeGreaterThan(40);
    const cycles = (tokens: number): number =>
      Number(simulate(firmware, { prompt: TEXT, temperature: 0, tokens, cache }).status.totalCycles);
    const read = cycles(prompt - 1);
    const told = cycles(prompt + 4) - read;
    expect(told / 5 / (read / (prompt - 1))).toBeGreaterThan(8);
  });

  it('are for weights that stream: what lies in SRAM is read position by position', () => {
    const lanes = (model: typeof quantized, weights: 'flash' | 'sram') =>
      planMemory({ model, tokenizer, board: defaultBoard, program: [], weights, context: CONTEXT }).lanes;
    expect(lanes(quantized, 'flash')).toBe(12);
    expect(lanes(quantized, 'sram')).toBe(0);
    expect(lanes(float, 'flash')).toBe(0);
  });
});
