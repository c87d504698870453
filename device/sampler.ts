/**
 * llama2.c's sampler: the highest score, or a draw from the softmax with a temperature, cut to the most probable tokens that
 * together make up `topp` (nucleus sampling, Holtzman et al. 2019). The same arithmetic in the same order as run.c: given
 * the same logits and seed it draws the same token.
 */
import { candidates, logits, vocabulary } from "./config";
import { exp } from "./math";

let state: u64 = 1;

/** Starts the generator (xorshift64*, Vigna 2016); run.c wants a seed above 0. */
export function seedSampler(seed: u64): void {
  state = seed;
}

/** The next token; spoils the logits unless `temperature` is 0. */
export function sample(temperature: f32, topp: f32): i32 {
  if (temperature == 0) return argmax();
  softmax(temperature);
  const coin = random();
  return topp <= 0 || topp >= 1 ? drawFromAll(coin) : drawFromNucleus(topp, coin);
}

// @ts-ignore: decorator
@inline
function score(token: i32): f32 {
  return load<f32>(logits + ((<usize>token) << 2));
}

/** The first of the largest. */
function argmax(): i32 {
  let best = 0;
  let bestScore = score(0);
  for (let token = 1; token < vocabulary; token++) {
    const candidate = score(token);
    if (candidate > bestScore) {
      best = token;
      bestScore = candidate;
    }
  }
  return best;
}

/** Uniform in [0, 1), 24 bits. */
function random(): f32 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return <f32>(<u32>((state * 0x2545_f491_4f6c_dd1d) >> 32) >> 8) / 16777216;
}

/** Turns logits into probabilities, in place. */
function softmax(temperature: f32): void {
  const end = logits + ((<usize>vocabulary) << 2);
  if (temperature != 1) {
    for (let at = logits; at < end; at += 4) store<f32>(at, load<f32>(at) / temperature);
  }
  const largest = score(argmax());
  let sum: f32 = 0;
  for (let at = logits; at < end; at += 4) {
    const value = exp(load<f32>(at) - largest);
    store<f32>(at, value);
    sum += value;
  }
  for (let at = logits; at < end; at += 4) store<f32>(at, load<f32>(at) / sum);
}

function drawFromAll(coin: f32): i32 {
  let cumulative: f32 = 0;
  for (let token = 0; token < vocabulary; token++) {
    cumulative += score(token);
    if (coin < cumulative) return token;
  }
  return vocabulary - 1;
}

/**
 * run.c sorts all candidates; here a heap gives them up one by one, most probable first and the lower id of equals first
 * (the order of its stable sort), until they exceed the mass. They gather at the end of the table, in reverse.
 */
function drawFromNucleus(topp: f32, coin: f32): i32 {
  const cutoff = (<f32>1 - topp) / <f32>(vocabulary - 1);
  let count = 0;
  for (let token = 0; token < vocabulary; token++) {
    if (score(token) >= cutoff) setCandidate(count++, token);
  }
  if (!count) return argmax(); // an all but flat distribution and a tiny mass; run.c reads outside its table here
  for (let root = (count >> 1) - 1; root >= 0; root--) sink(root, count);

  let mass: f32 = 0;
  let kept = count;
  while (kept && mass <= topp) {
    const token = candidate(0);
    kept--;
    setCandidate(0, candidate(kept));
    sink(0, kept);
    setCandidate(kept, token);
    mass += score(token);
  }

  const target = coin * mass;
  let cumulative: f32 = 0;
  for (let i = count - 1; i > kept; i--) {
    cumulative += score(candidate(i));
    if (target < cumulative) return candidate(i);
  }
  return candidate(kept);
}

// The heap of token ids, two bytes each.

// @ts-ignore: decorator
@inline
function candidate(index: i32): i32 {
  return load<u16>(candidates + ((<usize>index) << 1));
}

// @ts-ignore: decorator
@inline
function setCandidate(index: i32, token: i32): void {
  store<u16>(candidates + ((<usize>index) << 1), <u16>token);
}

function precedes(a: i32, b: i32): bool {
  const first = score(a);
  const second = score(b);
  return first > second || (first == second && a < b);
}

function sink(from: i32, count: i32): void {
  const token = candidate(from);
  let index = from;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= count) break;
    if (child + 1 < count && precedes(candidate(child + 1), candidate(child))) child++;
    if (!precedes(candidate(child), token)) break;
    setCandidate(index, candidate(child));
    index = child;
  }
  setCandidate(index, token);
}
