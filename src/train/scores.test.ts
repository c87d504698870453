/** Scores of attention are kept within a limit while a run learns. */
import { expect, it } from 'vitest';
import { NORM_EPSILON } from '../model/index.ts';
import { trainMachinery } from '../node/train.ts';
import { encodeCorpus } from './batches.ts';
import { createEngine, initialize } from './engine.ts';
import { measuring } from './measure.ts';
import { clipFactor } from './scores.ts';
import { parametersOf, type Shape } from './shape.ts';

const LIMIT = 50;
const HEAD = 4;
const shape: Shape = {
  dim: 16,
  hiddenDim: 12,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  vocabulary: 13,
  context: 12,
  sharedClassifier: true,
  activation: 'silu',
};
/** Nothing learns, so that what a step changes is the limit's work. */
const still = { ...measuring('none'), muon: 1, clip: 1 };

it.each([1, 2])(
  'scales down queries and keys of the heads that are beyond it, %i threads',
  async (threads) => {
    const engine = await createEngine(shape, { ...trainMachinery(), threads, batchTokens: 64 });
    initialize(engine, 3);
    const { embedding, layers } = parametersOf(shape);
    const { wq, wk } = layers[0];
    const loud = HEAD * 2 * shape.dim; // queries of the first head of keys
    for (let i = 0; i < loud; i++) engine.weights[wq.offset + i] *= 60;
    for (let i = 0; i < HEAD * shape.dim; i++) engine.weights[wk.offset + i] *= 60;
    engine.refresh(still);
    const before = engine.weights.slice();

    // Sequences of one token: their only score has no rotation.
    const tokens = [1, 5, 9, 12, 7, 3];
    const product = (row: number, x: readonly number[]): number =>
      x.reduce((sum, value, i) => sum + value * before[row + i], 0);
    const score = (token: number, head: number): number => {
      const row = embedding.offset + token * shape.dim;
      const x = Array.from(before.subarray(row, row + shape.dim));
      const inverse = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + NORM_EPSILON);
      const normed = x.map((value) => value * inverse);
      const at = (from: number, vector: number) => from + vector * shape.dim;
      let sum = 0;
      for (let i = 0; i < HEAD; i++)
        sum += product(at(wq.offset, head * HEAD + i), normed) * product(at(wk.offset, i), normed);
      return sum / Math.sqrt(HEAD);
    };
    const largest = Math.max(...tokens.slice(0, -1).flatMap((token) => [score(token, 0), score(token, 1)]));
    expect(largest).toBeGreaterThan(LIMIT);

    const queue = [tokens.slice(1)];
    const corpus = encodeCorpus(['x'], () => queue.shift()!);
    const segments = tokens.slice(0, -1).map((_, start) => ({ start, length: 1 }));
    engine.step(corpus, segments, still);
    const factor = Math.sqrt(LIMIT / largest);
    for (let i = 0; i < before.length; i++) {
      const isLoud =
        (i >= wq.offset && i < wq.offset + loud) || (i >= wk.offset && i < wk.offset + HEAD * shape.dim);
      const expected = before[i] * (isLoud ? factor : 1);
      expect(Math.abs(engine.weights[i] - expected)).toBeLessThanOrEqual(
        isLoud ? 1e-4 * Math.abs(expected) : 0,
      );
    }
    const after = engine.weights.slice();
    engine.step(corpus, segments, still);
    engine.weights.forEach((weight, i) => void expect(Math.abs(weight - after[i])).toBeLessThan(1e-3));
    await engine.close();
  },
);

it('leaves scores within it alone', () => {
  expect([0, LIMIT, 4 * LIMIT].map(clipFactor)).toEqual([1, 1, 0.5]);
});
