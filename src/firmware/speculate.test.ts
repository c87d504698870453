/** Tokens that are guessed, from the text so far or by a small model, and checked in one pass: the same story, in fewer passes. On the chip: speculate-chip.test.ts. */
import { describe, expect, it } from 'vitest';
import { defaultBoard } from '../chip/boards/boards.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { createHostProgram } from './host.ts';
import { planMemory } from './plan.ts';
import { CONTEXT, int4, quantized, type Told, tell, tokenizer } from './test-guesses.ts';
import { REPEATING, tinyStories } from './testing.ts';

const story = ({ digest, tokens }: Told) => ({ digest, tokens });

describe('guessing ahead', () => {
  it.each([
    ['int8', quantized],
    ['int4', int4],
  ])('tells the same greedy stories, %s', (_, model) => {
    let accepted = 0;
    for (const prompt of ['', 'Once', REPEATING]) {
      const alone = tell(model, 0, '/temp 0', prompt);
      expect(alone.drafted).toBe(0);
      for (const drafts of [1, 3, 7]) {
        const guessed = tell(model, drafts, '/temp 0', prompt, { history: drafts > 1 });
        expect(story(guessed)).toEqual(story(alone));
        accepted += guessed.accepted;
      }
    }
    expect(accepted).toBeGreaterThan(20);
  });

  it('draws the same stories, and of a guess exactly the random number that its position has', () => {
    let drafted = 0;
    for (const settings of [
      '/temp 0.3',
      '/temp 0.9\r/topp 0.9',
      '/temp 1\r/topk 40\r/penalty 1.2',
      '/temp 0.7\r/minp 0.1',
    ]) {
      for (const seed of [1, 2, 3]) {
        const lines = `${settings}\r/seed ${seed}`;
        const guessed = tell(quantized, 7, lines, REPEATING);
        expect(story(guessed)).toEqual(story(tell(quantized, 0, lines, REPEATING)));
        drafted += guessed.drafted;
      }
    }
    expect(drafted).toBeGreaterThan(20);
  });

  it('counts from story to story', () => {
    const host = createHostProgram({
      programs,
      model: quantized,
      tokenizer,
      context: CONTEXT,
      lanes: 8,
      drafts: 7,
    });
    host.type(`/temp 0\r${REPEATING}\r`);
    host.settle();
    const first = host.status;
    host.type('/tokens 3\rOnce\r');
    host.settle();
    expect(host.status.drafted).toBeLessThan(first.drafted);
    host.type(`/tokens 0\r${REPEATING}\r`);
    host.settle();
    expect({ ...host.status, stories: 1, totalCycles: 0, firstCycles: 0, lastCycles: 0, seed: 0n }).toEqual({
      ...first,
      reused: host.status.reused,
      totalCycles: 0,
      firstCycles: 0,
      lastCycles: 0,
      seed: 0n,
    });
  });

  it('asks a small model, whose guesses change nothing either', () => {
    const drafter = int4;
    for (const [settings, prompt] of [
      ['/temp 0', ''],
      ['/temp 0', REPEATING],
      ['/temp 0.8\r/seed 3', 'Once'],
      ['/temp 0.8\r/topk 9\r/penalty 1.3\r/seed 3', 'Once'],
    ] as const) {
      const alone = tell(quantized, 0, settings, prompt);
      const guessed = tell(quantized, 7, settings, prompt, { drafter });
      expect(story(guessed)).toEqual(story(alone));
      expect(guessed.accepted).toBeGreaterThan(10);
    }
  });

  it('guesses with the penalty of the large model, and with its random numbers', () => {
    const share = (settings: string): number => {
      const { drafted, accepted } = tell(quantized, 7, settings, 'Once', { drafter: quantized });
      return accepted / drafted;
    };
    expect(share('/temp 0\r/penalty 1.5')).toBe(1);
    // Where neither of two has less than a fifth, the number says which: at this temperature, if logits lie within 13.8.
    for (const seed of [1, 2, 3])
      expect(share(`/temp 10\r/topp 0\r/topk 2\r/penalty 1.2\r/seed ${seed}`)).toBe(1);
  });

  it('refuses a model with another tokenizer', () => {
    const { quantized: other } = tinyStories();
    const options = { programs, model: other, tokenizer: tinyStories().tokenizer };
    if (quantized.config.vocabulary === other.config.vocabulary) return;
    expect(() => buildFirmware({ ...options, draft: quantized })).toThrow(/must have its tokenizer/);
  });

  it('is for weights that stream, and can be left out', () => {
    const drafts = (weights: 'flash' | 'sram', draft?: 'none') =>
      planMemory({
        model: quantized,
        tokenizer,
        board: defaultBoard,
        program: [],
        weights,
        draft,
        context: CONTEXT,
      }).drafts;
    expect([drafts('flash'), drafts('flash', 'none'), drafts('sram')]).toEqual([7, 0, 0]);
  });
});
