/**
 * llama2.c's sampler: the highest score, or a draw from the softmax with a temperature, cut to the most probable tokens that
 * together make up `topp` (nucleus sampling, Holtzman et al. 2019). The same arithmetic in the same order as run.c, but for
 * divisions whose result nobody looks at: given the same logits and seed it draws the same token.
 */
import { candidates, cores, logits, teamwork, vocabulary } from "../contract/config";
import { TEAMWORK_LARGEST as LARGEST } from "../contract/status";
import { exp } from "../math";
import { barrier } from "../barrier";
import { favour, favoured, firstEntry, lastEntry, reachesEnd } from "../grammar";
import { random } from "./random";
import { drop, endRecent, firstRecent, isPast, recentToken, updateRecent } from "./repetition";

/** The likeliest token, of logits as they are. */
export function likeliest(): i32 {
  return argmax();
}

/** Draws a token, of logits that {@link exponentiate} has turned into weights; spoils them. */
export function draw(topp: f32, topk: i32, minp: f32): i32 {
  const coin = <f32>(random() >> 8) / 16777216; // in [0, 1), 24 bits
  const sum = total();
  const isCut = topp > 0 && topp < 1;
  return isCut || topk || minp > 0 ? drawFromNucleus(sum, isCut ? topp : 2, topk, minp, coin) : drawFromAll(sum, coin);
}

/** Lowers the logits of recent tokens; both cores may do it, each for its own, `core` 0 for both where it is alone. */
export function penalize(core: i32, position: i32, penalty: f32): void {
  const middle = (vocabulary + 1) >> 1;
  const first = core ? middle : 0;
  const count = cores == 1 ? vocabulary : core ? vocabulary - middle : middle;
  let end = updateRecent(core, position, first, count);
  for (let entry = firstRecent(core); entry < end; ) {
    if (!isPast(entry, position)) {
      const token = recentToken(entry);
      const logit = score(token);
      store<f32>(logits + ((<usize>token) << 2), logit > 0 ? logit / penalty : logit * penalty);
      entry += 4;
    } else end = drop(entry, end);
  }
  endRecent(core, end);
}

/** A logit that no draw takes. */
const FORBIDDEN: f32 = -1e30;

/** Keeps the logits of a core's tokens that the grammar's `state` allows, and from which `left` tokens reach the end. */
export function restrict(core: i32, state: usize, left: i32): void {
  const middle = (vocabulary + 1) >> 1;
  const first = core ? middle : 0;
  const end = logits + ((<usize>(cores == 2 && !core ? middle : vocabulary)) << 2);
  let place = logits + ((<usize>first) << 2);
  for (let entry = firstEntry(state); entry < lastEntry(state); entry += 4) {
    const kept = logits + ((<usize>load<u16>(entry)) << 2);
    if (kept < place || kept >= end || !reachesEnd(entry, left)) continue;
    for (; place < kept; place += 4) store<f32>(place, FORBIDDEN);
    place = kept + 4;
  }
  for (; place < end; place += 4) store<f32>(place, FORBIDDEN);
  const token = favoured(state);
  const raised = logits + ((<usize>token) << 2);
  if (token >= first && raised < end) store<f32>(raised, load<f32>(raised) + favour(state));
}

/** A core's half of the softmax but for its division: exp of the distance to the largest, all over the temperature. */
export function exponentiate(core: i32, temperature: f32): void {
  const middle = logits + ((<usize>(vocabulary >> 1)) << 2);
  const start = cores == 2 && core ? middle : logits;
  const end = cores == 2 && !core ? middle : logits + ((<usize>vocabulary) << 2);
  if (temperature != 1) {
    for (let at = start; at < end; at += 4) store<f32>(at, load<f32>(at) / temperature);
  }
  let largest = load<f32>(start);
  for (let at = start + 4; at < end; at += 4) {
    if (load<f32>(at) > largest) largest = load<f32>(at);
  }
  if (cores == 2) {
    store<f32>(teamwork + LARGEST + ((<usize>core) << 2), largest);
    barrier(core);
    const other = load<f32>(teamwork + LARGEST + ((<usize>(core ^ 1)) << 2));
    if (other > largest) largest = other;
  }
  for (let at = start; at < end; at += 4) store<f32>(at, exp(load<f32>(at) - largest));
}

/** Sum of the weights, in order. */
function total(): f32 {
  const end = logits + ((<usize>vocabulary) << 2);
  let sum: f32 = 0;
  for (let at = logits; at < end; at += 4) sum += load<f32>(at);
  return sum;
}

// @ts-ignore: decorator
@inline
function score(token: i32): f32 {
  return load<f32>(logits + ((<usize>token) << 2));
}

/**
 * The first of the largest. Positive singles are ordered as the integers of their bits, and `max` on integers is one
 * instruction where a comparison of singles is a branch: so blocks of eight are searched for the largest bits first.
 */
function argmax(): i32 {
  const end = logits + ((<usize>vocabulary) << 2);
  const blocksEnd = logits + ((<usize>(vocabulary & ~7)) << 2);
  let largest: i32 = 0;
  let block: usize = 0;
  let at = logits;
  for (; at < blocksEnd; at += 32) {
    const first = max(max(load<i32>(at), load<i32>(at, 4)), max(load<i32>(at, 8), load<i32>(at, 12)));
    const second = max(max(load<i32>(at, 16), load<i32>(at, 20)), max(load<i32>(at, 24), load<i32>(at, 28)));
    const candidate = max(first, second);
    if (candidate > largest) {
      largest = candidate;
      block = at;
    }
  }
  for (; at < end; at += 4) {
    if (load<i32>(at) > largest) {
      largest = load<i32>(at);
      block = at;
    }
  }
  if (!block) return argmaxOfSmall();
  while (load<i32>(block) != largest) block += 4;
  return <i32>((block - logits) >> 2);
}

/** The first of the largest where none is above 0. */
function argmaxOfSmall(): i32 {
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

function drawFromAll(sum: f32, coin: f32): i32 {
  let cumulative: f32 = 0;
  for (let token = 0; token < vocabulary; token++) {
    cumulative += score(token) / sum;
    if (coin < cumulative) return token;
  }
  return vocabulary - 1;
}

/**
 * run.c sorts all candidates; here a heap gives them up one by one, most probable first and the lower id of equals first
 * (the order of its stable sort), until they exceed top-p. They gather at the end of the table, in reverse. Only
 * candidates are divided by the sum; `hopeless` is safely below what a candidate can weigh. Top-k ends it after so many, and
 * min-p raises the cutoff; a top-p of 2 never does.
 */
function drawFromNucleus(sum: f32, topp: f32, topk: i32, minp: f32, coin: f32): i32 {
  // The largest weight is 1. Without top-p, below 0.
  const cutoff = max((<f32>1 - topp) / <f32>(vocabulary - 1), minp / sum);
  const hopeless = cutoff * sum * <f32>0.999;
  let count = 0;
  for (let token = 0; token < vocabulary; token++) {
    const weight = score(token);
    if (weight < hopeless) continue;
    const probability = weight / sum;
    if (probability < cutoff) continue;
    store<f32>(logits + ((<usize>token) << 2), probability);
    setCandidate(count++, token);
  }
  if (!count) return argmax(); // an all but flat distribution and a tiny top-p; run.c reads outside its table here
  for (let root = (count >> 1) - 1; root >= 0; root--) sink(root, count);

  let nucleus: f32 = 0;
  let kept = count;
  const last = topk && topk < count ? count - topk : 0;
  while (kept > last && nucleus <= topp) {
    const token = candidate(0);
    kept--;
    setCandidate(0, candidate(kept));
    sink(0, kept);
    setCandidate(kept, token);
    nucleus += score(token);
  }

  const target = coin * nucleus;
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
