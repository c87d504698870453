/** llama2.c's sampler: greedy, temperature, top-p (nucleus, Holtzman et al. 2019), with its xorshift* generator. */
import { softmax } from './math.ts';

const { fround } = Math;

export interface SamplerOptions {
  /** 0 is greedy. */
  temperature: number;
  /** Top-p; 0 or less, 1 or more: sample from the whole distribution. */
  topp: number;
  /** Non-zero 64-bit seed. */
  seed: bigint | number;
}

/** Chooses the next token; spoils `logits`. */
export type Sampler = (logits: Float32Array) => number;

const MASK_64 = 0xffff_ffff_ffff_ffffn;

/** Uniform singles in [0, 1) with 24 bits, as run.c draws them (xorshift64*, Vigna 2016). */
export function createRandom(seed: bigint | number): () => number {
  let state = BigInt(seed) & MASK_64;
  return () => {
    state ^= state >> 12n;
    state ^= (state << 25n) & MASK_64;
    state ^= state >> 27n;
    const word = Number(((state * 0x2545f4914f6cdd1dn) & MASK_64) >> 32n);
    return (word >>> 8) / 16777216;
  };
}

/** A sampler with a state of its own: the same seed and logits give the same tokens. */
export function createSampler({ temperature, topp, seed }: SamplerOptions): Sampler {
  if (temperature === 0) return argmax;
  const random = createRandom(seed);
  const divisor = fround(temperature);
  const limit = fround(topp);
  return (logits) => {
    for (let i = 0; i < logits.length; i++) logits[i] = fround(logits[i] / divisor);
    softmax(logits, 0, logits.length);
    const coin = random();
    return limit <= 0 || limit >= 1 ? sampleAll(logits, coin) : sampleNucleus(logits, limit, coin);
  };
}

/** The first of the largest. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function sampleAll(probabilities: Float32Array, coin: number): number {
  let cumulative = fround(0);
  for (let i = 0; i < probabilities.length; i++) {
    cumulative = fround(cumulative + probabilities[i]);
    if (coin < cumulative) return i;
  }
  return probabilities.length - 1;
}

function sampleNucleus(probabilities: Float32Array, topp: number, coin: number): number {
  // Values below this cannot be part of the nucleus: the others would have to exceed the whole nucleus.
  const cutoff = fround(fround(1 - topp) / (probabilities.length - 1));
  const order: number[] = [];
  probabilities.forEach((probability, id) => {
    if (probability >= cutoff) order.push(id);
  });
  order.sort((a, b) => probabilities[b] - probabilities[a]); // stable, as glibc's qsort is at this size

  let nucleus = fround(0);
  let last = order.length - 1;
  for (let i = 0; i < order.length; i++) {
    nucleus = fround(nucleus + probabilities[order[i]]);
    if (nucleus > topp) {
      last = i;
      break;
    }
  }
  const target = fround(coin * nucleus);
  let cumulative = fround(0);
  for (let i = 0; i <= last; i++) {
    cumulative = fround(cumulative + probabilities[order[i]]);
    if (target < cumulative) return order[i];
  }
  return order[last];
}
