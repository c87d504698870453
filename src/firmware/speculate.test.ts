/** Tokens that are guessed, from the text so far or by a small model, and checked in one pass: the same story, in fewer passes. */
import { describe, expect, it } from 'vitest';
import { defaultBoard, findBoard } from '../chip/boards/boards.ts';
import { storyLines } from '../contract/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { createHostProgram } from './host.ts';
import { planMemory } from './plan.ts';
import { createSession } from './session.ts';
import { simulate } from './simulate.ts';
import { formatDigest } from './status.ts';
import { smallFirmware, smallModel, tinyStories } from './testing.ts';

const CONTEXT = 96;
/** Says things twice, so that there is something to guess from. */
const TEXT = 'Tom had a red ball. Tom had a red ball. Tom had a';
const LONG =
  'Once upon a time there was a little girl named Lily. One day she went to the park with her mom and saw a big red ball under the old tree. She was very happy and ran.';

const { quantized, int4, tokenizer } = smallModel();

interface Told {
  digest: string;
  tokens: number[];
  prompt: number;
  drafted: number;
  accepted: number;
}

function tell(
  model: typeof quantized,
  drafts: number,
  settings: string,
  prompt: string,
  {
    tokens = CONTEXT,
    ...more
  }: { tokens?: number; drafter?: typeof quantized; history?: boolean; lanes?: number } = {},
): Told {
  const host = createHostProgram({
    programs,
    model,
    tokenizer,
    context: CONTEXT,
    lanes: 12,
    drafts,
    ...more,
  });
  host.type(`${settings}\r/tokens ${tokens}\r${prompt}\r`);
  host.settle();
  const { digest, drafted, accepted } = host.status;
  const known = { digest: formatDigest(digest), tokens: [...host.tokens], prompt: host.prompt.length };
  return { ...known, drafted, accepted };
}

const story = ({ digest, tokens }: Told) => ({ digest, tokens });

describe('guessing ahead', () => {
  it.each([
    ['int8', quantized],
    ['int4', int4],
  ])('tells the same greedy stories, %s', (_, model) => {
    let accepted = 0;
    for (const prompt of ['', 'Once', TEXT]) {
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
        const guessed = tell(quantized, 7, lines, TEXT);
        expect(story(guessed)).toEqual(story(tell(quantized, 0, lines, TEXT)));
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
    host.type(`/temp 0\r${TEXT}\r`);
    host.settle();
    const first = host.status;
    host.type('/tokens 3\rOnce\r');
    host.settle();
    expect(host.status.drafted).toBeLessThan(first.drafted);
    host.type(`/tokens 0\r${TEXT}\r`);
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

  it.each([
    ['two cores', {}, LONG, 6],
    ['one core', { cores: 1 }, LONG.slice(0, 40), 5],
    ['int4', { precision: 'int4' }, LONG.slice(0, 40), 5],
    ['portable kernels', { pie: false }, LONG.slice(0, 12), 4],
  ] as const)('on the chip, with weights in flash: %s', { timeout: 120_000 }, (_, variant, prompt, told) => {
    const firmware = smallFirmware({ weights: 'flash', context: CONTEXT, ...variant });
    const model = 'precision' in variant ? int4 : quantized;
    const session = createSession(firmware);
    session.boot();
    session.command('/temp 0');
    const tellHere = (text: string, tokens: number) => {
      session.command(`/tokens ${tokens}`);
      return session.tell(text, 60);
    };

    // A prompt whose positions are read several in one pass (lanes.test.ts); the host reads them one by one.
    const read = tell(model, 0, '/temp 0', prompt).prompt + 2;
    const alone = tell(model, 0, '/temp 0', prompt, { tokens: read, lanes: 0 });
    expect(formatDigest(tellHere(prompt, read).digest)).toBe(alone.digest);

    const tokens = tell(model, 0, '/temp 0', TEXT).prompt + told;
    const { drafts, lanes } = firmware;
    const expected = tell(model, drafts, '/temp 0', TEXT, { tokens, lanes, history: true });
    const { digest, drafted, accepted } = tellHere(TEXT, tokens);
    expect({ digest: formatDigest(digest), drafted, accepted }).toEqual({
      digest: tell(model, 0, '/temp 0', TEXT, { tokens }).digest,
      drafted: expected.drafted,
      accepted: expected.accepted,
    });
    expect(expected.drafted).toBeGreaterThan(0);
    expect(session.chip.warnings.list).toEqual([]);
  });

  it('asks a small model, whose guesses change nothing either', () => {
    const drafter = int4;
    for (const [settings, prompt] of [
      ['/temp 0', ''],
      ['/temp 0', TEXT],
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

  it.each([
    ['two cores', {}],
    ['one core', { cores: 1 }],
    ['portable kernels', { pie: false }],
  ] as const)('asks a small model on the chip: %s', { timeout: 120_000 }, (_, variant) => {
    const firmware = buildFirmware({
      programs,
      model: quantized,
      tokenizer,
      weights: 'flash',
      context: CONTEXT,
      draft: int4,
      board: findBoard('devkitc-n16r8'),
      ...variant,
    });
    expect([firmware.drafter, firmware.drafts]).toEqual([true, 7]);
    const prompt = 'Once';
    const tokens = 14;
    for (const how of [{ temperature: 0 }, { temperature: 0.7, topp: 0.9, penalty: 2, seed: 4n }]) {
      const settings = storyLines(how).join('\r');
      const expected = tell(quantized, firmware.drafts, settings, prompt, { tokens, drafter: int4 });
      const { digest, status, warnings } = simulate(firmware, { prompt, tokens, ...how });
      const { drafted, accepted } = status;
      expect({ digest, drafted, accepted }).toEqual({
        digest: tell(quantized, 0, settings, prompt, { tokens }).digest,
        drafted: expected.drafted,
        accepted: expected.accepted,
      });
      expect(accepted).toBeGreaterThan(4);
      expect(warnings).toEqual([]);
    }
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
