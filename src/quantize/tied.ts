/**
 * What the errors of a classifier cost that is the embedding, too. As classifier by what it is multiplied by. As embedding by what the first
 * layer makes of them, and by their size, since they stay in the residual stream for all that come behind.
 */
import type { Model } from '../model/index.ts';
import { traceOf } from './feedback.ts';
import type { Seen } from './types.ts';

/** How much the embedding's part counts, each, where the classifier's counts one: by trial on stories3M. */
const EMBEDDING = 2;

/** Adds a share of (rows, dim) times gains, squared: the lower triangle of (columns, columns). */
function addSquares(rows: Float32Array, gains: Float32Array, into: Float64Array, columns: number): void {
  const dim = gains.length;
  const row = new Float64Array(dim);
  for (let start = 0; start < rows.length; start += dim) {
    for (let i = 0; i < dim; i++) row[i] = rows[start + i] * gains[i];
    for (let i = 0; i < dim; i++) for (let j = 0; j <= i; j++) into[i * columns + j] += row[i] * row[j];
  }
}

/** The sums of products of the classifier's calibration, with the embedding's share in them. */
export function tiedSeen({ config: { dim }, weights }: Model, { products, count }: Seen): Seen {
  const columns = Math.sqrt(products.length);
  const { wq, wk, wv, w1, w3, attentionNorm, ffnNorm } = weights.layers[0];
  const first = new Float64Array(products.length);
  for (const rows of [wq, wk, wv]) addSquares(rows, attentionNorm, first, columns);
  for (const rows of [w1, w3]) addSquares(rows, ffnNorm, first, columns);
  const trace = traceOf(products, columns);
  const [byFirst, bySize] = [trace / (traceOf(first, columns) || 1), trace / dim];
  // As large on the whole as before: it is compared with others.
  const share = 1 / (1 + 2 * EMBEDDING);
  const mixed = products.map((sum, i) => share * (sum + EMBEDDING * byFirst * first[i]));
  for (let i = 0; i < dim; i++) mixed[i * (columns + 1)] += share * EMBEDDING * bySize;
  return { products: mixed, count };
}
