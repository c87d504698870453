/** Models over two and three boards: what they tell, by whole wires and bad ones, how fast, and where they are refused. */
import { beforeAll, describe, expect, it } from 'vitest';
import { findBoard } from '../../chip/boards/boards.ts';
import type { WireFault } from '../../chip/soc/index.ts';
import { storyLines } from '../../contract/index.ts';
import { loadCheckpoint, loadTokenizer, type Model, type ModelConfig } from '../../model/index.ts';
import { BABBLER, babblerTokenizerBytes, version0Bytes, withLayerEmbeddings } from '../../model/testing.ts';
import { shippedPrograms as programs } from '../../node/device-programs.ts';
import { partOf, quantize } from '../../quantize/index.ts';
import { kept as cache } from '../../testing/kept.ts';
import type { Firmware } from '../build.ts';
import { createHostProgram } from '../host.ts';
import { createSession, type Session } from '../session.ts';
import { formatDigest } from '../status.ts';
import { buildChain } from './build.ts';
import { predictChain } from './predict.ts';
import { createRing, type Ring, simulateChain } from './simulate.ts';
import { splitModel } from './split.ts';
import { buildWorthwhileChain } from './worthwhile.ts';

const board = findBoard('devkitc-n8');
const tokenizer = loadTokenizer(babblerTokenizerBytes(), BABBLER.vocabulary);
/** Of which the residual stream of model `small` is so large that three bytes do not say it. */
const LOUD = 'Z';
const STORY = { prompt: LOUD, temperature: 1, seed: 7, tokens: 8 };

/** Numbers from 0 to 1, the same every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Small weights that mean nothing; the embedding of LOUD is large. */
const babble = (config: ModelConfig) => quantize(babbling(config));

function babbling(config: ModelConfig): Model {
  const model = loadCheckpoint(version0Bytes(config));
  const random = createRandom(1);
  const { tokenEmbedding, classifier, layers } = model.weights;
  for (const matrix of [
    tokenEmbedding,
    classifier,
    ...layers.flatMap(({ wq, wk, wv, wo, w1, w2, w3 }) => [wq, wk, wv, wo, w1, w2, w3]),
  ])
    matrix.forEach((_, i) => {
      matrix[i] = random() / 4 - 1 / 8;
    });
  const loud = tokenizer.encode(LOUD).at(-1)!;
  if (!config.sharedClassifier) tokenEmbedding.subarray(loud * config.dim, (loud + 1) * config.dim).fill(100);
  return model;
}

const small = babble({ ...BABBLER, dim: 32, hiddenDim: 48, layers: 3, sharedClassifier: false });
/** More than the SRAM of one board holds. */
const large = babble({ ...BABBLER, dim: 160, hiddenDim: 512, heads: 4, kvHeads: 2, layers: 2 });

/** Rows go by the token, which has to go round with the residual stream; dim is no multiple of 16. */
const withRows = withLayerEmbeddings(babbling({ ...BABBLER, dim: 40, hiddenDim: 48, layers: 3 }), 1);

function toldOnHost(model: typeof small, story: typeof STORY): { digest: string; tokens: number[] } {
  const host = createHostProgram({ programs, model, tokenizer });
  host.type([...storyLines(story), story.prompt, ''].join('\r'));
  host.settle();
  return { digest: formatDigest(host.status.digest), tokens: [...host.tokens] };
}

describe('a model on three boards', () => {
  const expected = toldOnHost(small, STORY);
  let images: Firmware[];
  let ring: Ring;
  let session: Session;
  /** What the wires do now. */
  let fault: WireFault;
  const whole: WireFault = (byte) => [byte];
  /** A byte in so many is damaged, lost or doubled. */
  const noise = (seed: number, rarity: number): WireFault => {
    const random = createRandom(seed);
    return (byte) => {
      if (random() * rarity > 1) return [byte];
      const kind = Math.floor(random() * 3);
      return [[byte ^ (1 << Math.floor(random() * 8))], [], [byte, byte]][kind];
    };
  };
  /** Requests of the last story that were sent again, as /stats says. */
  const sentAgain = (): number => {
    session.command('/stats');
    return Number([...session.printed.matchAll(/sent again to other boards: (\d+)/g)].at(-1)?.[1]);
  };
  beforeAll(() => {
    images = buildChain({ programs, model: small, tokenizer, board, cache }, 3);
    const wire: WireFault = (byte) => fault(byte);
    fault = whole;
    ring = createRing(images, { faults: [wire, wire, wire], cache });
    session = createSession(images[0], { advance: ring.advance, cache });
    session.boot();
    for (const line of storyLines(STORY)) session.command(line);
  });

  it('tells what one board would, as fast as predicted', () => {
    const status = session.tell(STORY.prompt, 1);
    expect(formatDigest(status.digest)).toBe(expected.digest);
    expect(session.tokens).toEqual(expected.tokens);
    expect(sentAgain()).toBe(0);
    session.command('/temp 0');
    const quiet = session.tell('b', 1);
    session.command('/temp 1');
    expect(formatDigest(quiet.digest)).toBe(
      toldOnHost(small, { ...STORY, prompt: 'b', temperature: 0 }).digest,
    );
    const { cyclesPerToken } = predictChain(images, quiet.passes);
    expect(Math.abs((cyclesPerToken * quiet.passes) / quiet.totalCycles - 1)).toBeLessThan(0.05);
    for (const chip of [session.chip, ...ring.others]) expect(chip.warnings.list).toEqual([]);
  });

  it('tells the same by wires that damage, lose and double bytes', () => {
    fault = noise(1, 150);
    const status = session.tell(STORY.prompt, 5);
    fault = whole;
    expect(formatDigest(status.digest)).toBe(expected.digest);
    expect(sentAgain()).toBeGreaterThan(0);
  });

  it('says which board has started again, and tells the next story right', () => {
    const steps = session.steps.tell(STORY.prompt, 5);
    while (session.statusWord('passes') < 4 || session.status.phase !== 'telling') steps.next();
    ring.others[1].reset();
    while (!steps.next().done) {}
    expect(session.status.ending).toBe('severed');
    expect(session.printed).toMatch(
      /Board 3 has started again and has lost the text so far; begin a new one\.\r\n/,
    );
    expect(formatDigest(session.tell(STORY.prompt, 5).digest)).toBe(expected.digest);
  });

  it('ends a story with a sentence where a wire is cut', () => {
    let left = 1000;
    fault = (byte) => (left-- > 0 ? [byte] : []);
    const status = session.tell(STORY.prompt, 1);
    expect(status.ending).toBe('severed');
    expect(status.passes).toBeGreaterThan(1);
    expect(session.printed).toContain(
      'The other boards do not answer: nothing comes in at GPIO18. Look at the wires and at their power.',
    );
  });

  it('is refused where one board is faster, with both speeds', () => {
    expect(() => buildWorthwhileChain({ programs, model: small, tokenizer, board, cache }, 3)).toThrow(
      /^one ESP32-S3-DevKitC-1 N8 holds this model and is predicted to tell \d+ tokens\/s, [\d.]+ times the \d+ that 3 boards would: leave --boards out\.$/,
    );
  });

  it('takes no boards of another build', () => {
    const [, stranger] = buildChain({ programs, model: large, tokenizer, board, cache }, 2);
    const mixed = createRing([images[0], stranger], { cache });
    const console = createSession(images[0], { advance: mixed.advance, cache });
    console.boot();
    expect(() => console.tell(STORY.prompt, 5)).toThrow(
      'Board 2 has an image of another build; flash the images of one build.',
    );
  });
});

describe('a model that one board has to read from flash', () => {
  it('is told faster by two, in which all lies in SRAM, as fast as predicted, and the same', () => {
    const chain = buildWorthwhileChain({ programs, model: large, tokenizer, board, cache, draft: 'none' }, 2);
    const { images, prediction, alone } = chain;
    for (const { memoryMap } of images)
      expect(memoryMap.regions.flatMap(({ name, entries }) => (name === 'flash' ? entries : []))).toEqual([]);
    expect(prediction.tokensPerSecond).toBeGreaterThan(2 * alone!.tokensPerSecond);
    const story = { ...STORY, prompt: 'b', temperature: 0, tokens: 4 };
    const { digest, status } = simulateChain(images, { ...story, cache });
    expect(digest).toBe(toldOnHost(large, story).digest);
    const { cyclesPerToken } = predictChain(images, status.passes);
    expect(Math.abs((cyclesPerToken * status.passes) / status.totalCycles - 1)).toBeLessThan(0.05);
  });
});

describe('the parts of a model', () => {
  it('have every blob once, but for what all need, and no word that leads nowhere', () => {
    const parts = splitModel(small, 3, 64);
    const names = parts.flatMap(({ blobs }) => blobs.map(({ name }) => name));
    expect(new Set(names)).toEqual(new Set(small.blobs.map(({ name }) => name)));
    const shared = names.filter((name, index) => names.indexOf(name) !== index);
    expect([...new Set(shared)]).toEqual(['model', 'rope']);
    for (const { blobs } of parts) {
      const here = blobs.map(({ name }) => name);
      for (const { references } of blobs) for (const { blob } of references) expect(here).toContain(blob);
    }
  });

  it('are refused where there are more boards than layers', () => {
    expect(() => splitModel(large, 3, 64)).toThrow(
      'the model has 2 layers, and each of 3 boards takes one at least; give --boards 2 at most',
    );
  });

  it('read a tied embedding by its rows, on the board that embeds', () => {
    const part = {
      board: 1,
      boards: 2,
      first: 0,
      layers: 1,
      of: 2,
      word: 0,
      bytes: 0,
      dim: 160,
      componentBytes: 3,
    };
    const { blobs, config } = partOf(large, part);
    expect(blobs.map(({ name }) => name)).toContain('embedding');
    expect(blobs.map(({ name }) => name)).not.toContain('classifier');
    expect(config.layers).toBe(1);
  });
});

describe('per-layer embeddings', () => {
  it.each([2, 3])('go by the token on %i boards, too', (boards) => {
    const model = quantize(withRows);
    const expected = toldOnHost(model, STORY);
    const images = buildChain({ programs, model, tokenizer, board, context: 48, cache }, boards);
    const told = simulateChain(images, { ...STORY, cache });
    expect(told.digest).toBe(expected.digest);
    expect(told.warnings).toEqual([]);
    // What a board has of the tables lies in its flash.
    for (const { memoryMap } of images) {
      const where = memoryMap.regions.filter(({ entries }) =>
        entries.some(({ name }) => name === 'layerEmbeddings'),
      );
      expect(where.map(({ name }) => name)).toEqual(['flash']);
    }
  });

  it('are refused in f32, whose residual stream has no room for the token', () => {
    expect(() => splitModel(quantize(withRows, { precision: 'f32' }), 2, 48)).toThrow(
      /per-layer embeddings, which go to several boards in int8 and int4 alone/,
    );
  });
});
