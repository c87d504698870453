/** Products of quantised matrices by their portable kernels, for tests. */
import { createTwins } from '../kernels/testing.ts';
import { INT4_GROUP, INT4_GROUPS, type Int4Group } from '../model/index.ts';
import type { QuantizedMatrix } from './matrix.ts';

/** xorshift32, as a rough normal distribution. */
export function normal(seed: number): () => number {
  let state = seed | 1;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

export const matrixOf = (rows: number, columns: number, next: () => number): Float32Array[] =>
  Array.from({ length: rows }, () => Float32Array.from({ length: columns }, next));

/** By the largest group. */
const twins = new Map(INT4_GROUPS.map((group) => [group, createTwins(group)]));

/** What the portable kernel makes of activations, as real numbers. */
export function product(
  matrix: QuantizedMatrix,
  x: Int8Array,
  rows: number,
  group: Int4Group = INT4_GROUP,
  kernel: 'matvec4_dim' | 'matvec5_dim' = 'matvec4_dim',
): number[] {
  const { memory, run } = twins.get(group)!;
  const [X, Y, W] = [0x1000, 0x3000, 0x5000];
  memory.set(new Uint8Array(x.buffer), X);
  memory.set(new Uint8Array(matrix.values.buffer), W);
  run(kernel, [W, X, x.length, Y, rows, matrix.shift]);
  const y = new Int16Array(memory.buffer, Y, rows);
  return Array.from(y, (value, row) => ((value * matrix.scales[row]) / 32768) * matrix.unit);
}

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

/** Error of the products relative to their size. */
export function errorOf(
  rows: readonly Float32Array[],
  matrix: QuantizedMatrix,
  x: Int8Array,
  ...how: [group?: Int4Group, kernel?: 'matvec4_dim' | 'matvec5_dim']
): number {
  const exact = rows.map((row) => row.reduce((sum, w, i) => sum + w * x[i], 0));
  const got = product(matrix, x, rows.length, ...how);
  return rootMeanSquare(got.map((y, i) => y - exact[i])) / rootMeanSquare(exact);
}

export const activations = (columns: number, next: () => number): Int8Array =>
  Int8Array.from({ length: columns }, () => Math.max(-127, Math.min(127, Math.round(40 * next()))));
