/** In which order the device program has the rows of queries, keys, values and hidden units: half by half, padded. */
import { type LayerWeights, type Model, traitsOf } from '../model/index.ts';
import type { Layout } from './layout.ts';
import { padRows, type Row, rowsOf } from './matrix.ts';

/** Rows of a half's heads: even members of all pairs, padded, then the odd ones, padded. */
function rotatedRows(
  rows: readonly Float32Array[],
  first: number,
  count: number,
  headSize: number,
  pairs: number,
): Row[] {
  const mine = rows.slice(first * headSize, (first + count) * headSize);
  const even = mine.filter((_, i) => i % 2 === 0);
  const odd = mine.filter((_, i) => i % 2 === 1);
  return [...padRows(even, pairs), ...padRows(odd, pairs)];
}

/** Rows of heads, each head's times its factor. */
const scaleHeads = (
  rows: readonly Float32Array[],
  headSize: number,
  factorOf: (head: number) => number,
): Float32Array[] => rows.map((row, i) => row.map((x) => x * factorOf(Math.floor(i / headSize))));

/**
 * Factors of the key heads with which all of a half are about as long: they share the unit of the cache. Queries are divided by the
 * factors of the keys that they meet, so the scores are the same.
 */
export function keyFactors(
  k: readonly Float32Array[],
  gain: Float32Array,
  model: Model,
  layout: Layout,
): number[] {
  const { kvHeads } = model.config;
  const { headSize } = layout;
  const norms = Array.from({ length: kvHeads }, (_, head) =>
    largestNorm(k.slice(head * headSize, (head + 1) * headSize), gain, 2),
  );
  return [0, 1].flatMap((index) => {
    const { first, count } = layout.half(index, kvHeads);
    const mine = norms.slice(first, first + count);
    return mine.map((norm) => (norm > 0 ? Math.max(...mine) / norm : 1));
  });
}

/** Of a layer, query, key and value matrices, or their biases: (rows, `columns`); heads are made alike by the {@link keyFactors}. */
export function qkvRows(
  weights: Pick<LayerWeights, 'wq' | 'wk' | 'wv'>,
  columns: number,
  factors: readonly number[],
  model: Model,
  layout: Layout,
): Row[] {
  const { heads, kvHeads } = model.config;
  const { headSize, queryPairs, keyPairs, valueRows } = layout;
  const [plainQ, plainK, v] = [weights.wq, weights.wk, weights.wv].map((matrix) => rowsOf(matrix, columns));
  const q = scaleHeads(plainQ, headSize, (head) => 1 / factors[Math.floor((head * kvHeads) / heads)]);
  const k = scaleHeads(plainK, headSize, (head) => factors[head]);
  return [0, 1].flatMap((index) => {
    const mine = layout.half(index, heads);
    const cached = layout.half(index, kvHeads);
    const values = v.slice(cached.first * headSize, (cached.first + cached.count) * headSize);
    return [
      ...rotatedRows(q, mine.first, mine.count, headSize, queryPairs),
      ...rotatedRows(k, cached.first, cached.count, headSize, keyPairs),
      ...padRows(values, valueRows),
    ];
  });
}

/** Gate rows, then up rows, or where there is no gate its rows alone, of either half: as {@link qkvRows}. */
export function gateUpRows(
  weights: Pick<LayerWeights, 'w1' | 'w3'>,
  columns: number,
  { config }: Model,
  { hiddenHalf }: Layout,
): Row[] {
  const matrices = traitsOf(config).gated ? [weights.w1, weights.w3] : [weights.w1];
  const parts = matrices.map((matrix) => rowsOf(matrix, columns));
  return [0, 1].flatMap((index) =>
    parts.flatMap((rows) => padRows(rows.slice(index * hiddenHalf, (index + 1) * hiddenHalf), hiddenHalf)),
  );
}

/** What {@link gateUpRows} gives, gate rows and up rows apart: of both halves either. */
export function partGateUp<T>(rows: readonly T[], { hiddenHalf }: Layout): { gate: T[]; up: T[] } {
  const isGate = (row: number): boolean => Math.floor(row / hiddenHalf) % 2 === 0;
  return { gate: rows.filter((_, row) => isGate(row)), up: rows.filter((_, row) => !isGate(row)) };
}

/** Largest length of a row times the gains: by Cauchy and Schwarz, sqrt(dim) times it bounds the product with a normed vector. */
export function largestNorm(rows: readonly Float32Array[], gain: Float32Array, together: number): number {
  const squares = rows.map((row) => row.reduce((sum, w, j) => sum + (w * gain[j]) ** 2, 0));
  let largest = 0;
  for (let i = 0; i < squares.length; i += together) {
    largest = Math.max(
      largest,
      squares.slice(i, i + together).reduce((a, b) => a + b, 0),
    );
  }
  return Math.sqrt(largest);
}
