/** ReLU models of which it is known how many hidden units are zero; their weights mean nothing. */
import { MATRICES, type Model, matrixShape } from './types.ts';

/** Sizes of them; the width of the feed-forward is asked for. */
export const PUSHED = { dim: 192, layers: 6, heads: 12, kvHeads: 3, vocabulary: 512, context: 128 };

/** Gates get `push` from a component that all tokens have alike and no layer changes. */
export function pushedModel(hiddenDim: number, push: number): Model {
  const config = { ...PUSHED, hiddenDim, sharedClassifier: false, activation: 'relu' as const };
  let state = 1;
  const random = (elements: number, scale = 1 / 16): Float32Array =>
    Float32Array.from({ length: elements }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return scale * ((state >>> 8) / 2 ** 23 - 1);
    });
  /** Sets the first component of every row of a matrix. */
  const first = (rows: Float32Array, value: (row: number) => number): Float32Array => {
    for (let row = 0; row < rows.length / PUSHED.dim; row++) rows[row * PUSHED.dim] = value(row);
    return rows;
  };
  const ones = (): Float32Array => new Float32Array(PUSHED.dim).fill(1);
  const tokenEmbedding = first(random(PUSHED.vocabulary * PUSHED.dim), () => 0.5);
  const layers = Array.from({ length: PUSHED.layers }, () => {
    const sizes = MATRICES.map((name) => [name, matrixShape(config, name)] as const);
    const weights = Object.fromEntries(
      sizes.map(([name, [rows, columns]]) => [
        name,
        random(rows * columns, /^w[o2]$/.test(name) ? 1 / 96 : undefined),
      ]),
    ) as Record<(typeof MATRICES)[number], Float32Array>;
    first(weights.w1, () => push);
    weights.wo.fill(0, 0, PUSHED.dim);
    weights.w2.fill(0, 0, hiddenDim);
    return { ...weights, attentionNorm: ones(), ffnNorm: ones() };
  });
  // The first three pieces end a story or are unknown: they are unlikely.
  const classifier = first(random(PUSHED.vocabulary * PUSHED.dim), (row) => (row < 3 ? -3 : 0));
  return {
    config,
    format: 'random weights',
    weights: { tokenEmbedding, layers, finalNorm: ones(), classifier },
  };
}
