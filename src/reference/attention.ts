/** Rotary positions and grouped-query attention of the reference, in run.c's order of operations. */
import { kvDim, type ModelConfig, traitsOf } from '../model/index.ts';
import { cosf, sinf } from './libm.ts';
import { softmax } from './math.ts';

const { fround } = Math;

/** Keys and values of every position so far, one layer. */
export interface LayerCache {
  keys: Float32Array; // (context, kvDim)
  values: Float32Array; // (context, kvDim)
}

/** Turns the pairs of `q` and `k` by RoPE (Su et al. 2021) of base `theta`. */
export function rotate(
  q: Float32Array,
  k: Float32Array,
  position: number,
  headSize: number,
  theta: number,
): void {
  for (let i = 0; i < q.length; i += 2) {
    const exponent = fround((i % headSize) / headSize);
    const frequency = fround(1 / fround(Math.pow(theta, exponent)));
    const angle = fround(position * frequency);
    const cosine = cosf(angle);
    const sine = sinf(angle);
    turn(q, i, cosine, sine);
    if (i < k.length) turn(k, i, cosine, sine);
  }
}

function turn(vector: Float32Array, i: number, cosine: number, sine: number): void {
  const a = vector[i];
  const b = vector[i + 1];
  vector[i] = fround(fround(a * cosine) - fround(b * sine));
  vector[i + 1] = fround(fround(a * sine) + fround(b * cosine));
}

/** Sees how a head weighs the positions up to this one; the view is reused. */
export type AttentionObserver = (head: number, weights: Float32Array) => void;

/**
 * `out = softmax(q k / sqrt(headSize)) v` for every head over the positions from `first` on, or softmax(q k) v where an architecture has
 * it so; `scores` is scratch for (context).
 */
export function attend(
  out: Float32Array,
  q: Float32Array,
  cache: LayerCache,
  { first, position }: { first: number; position: number },
  config: ModelConfig,
  scores: Float32Array,
  observe?: AttentionObserver,
): void {
  const headSize = config.dim / config.heads;
  const stride = kvDim(config);
  const group = config.heads / config.kvHeads;
  const root = traitsOf(config).scaledScores ? fround(Math.sqrt(headSize)) : 1;
  out.fill(0);
  scores.fill(0, 0, first);
  for (let head = 0; head < config.heads; head++) {
    const queryStart = head * headSize;
    const cacheStart = Math.floor(head / group) * headSize;
    for (let t = first; t <= position; t++) {
      let score = fround(0);
      for (let i = 0; i < headSize; i++) {
        score = fround(score + fround(q[queryStart + i] * cache.keys[t * stride + cacheStart + i]));
      }
      scores[t] = fround(score / root);
    }
    softmax(scores, first, position + 1 - first);
    observe?.(head, scores.subarray(0, position + 1));
    for (let t = first; t <= position; t++) {
      const weight = scores[t];
      for (let i = 0; i < headSize; i++) {
        out[queryStart + i] = fround(
          out[queryStart + i] + fround(weight * cache.values[t * stride + cacheStart + i]),
        );
      }
    }
  }
}
