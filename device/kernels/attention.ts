/**
 * Attention over an 8-bit KV cache. Keys and values of one head lie in groups of 16 positions, (group, headSize, 16), so that
 * one register holds one component of 16 positions; keys have their even components first, then the odd ones.
 */

import {
  ACTIVATION_LIMIT, COARSEST, FAINTEST, GLANCE_BITS, HIGHEST_LIFT, LANE_LIMIT, LIFTED, LIFT_STEP, UNLIFTED_LEAST, UNLIFTED_MOST
} from "../contract/constants";
import {
  ATTENTION_AHEAD, ATTENTION_HEADS, ATTENTION_HEAD_SIZE, ATTENTION_KV_HEADS, ATTENTION_LIFTS, ATTENTION_ODD, ATTENTION_SCORES,
  ATTENTION_SHIFT, ATTENTION_STRIDE, ATTENTION_VALUES
} from "../contract/status";
import { weightOf } from "./exponential";
import { at16, mul16, saturate8, sub16 } from "./lanes";

/** k = round(k * factor / 2^7), k: s8 (n), 0 <= factor <= 127: keys in a larger unit. */
export function rescale_keys(k: usize, n: i32, factor: i32): void {
  for (let i = 0; i < n; i++) store<i8>(k + i, (<i32>load<i8>(k + i) * factor + 64) >> 7);
}

/**
 * Attention of `count` heads that follow one another over `positions` positions. queries: s8, even components of the first of them;
 * its odd ones lie job.odd further; keys: s8, of the head that it reads; out: s16 (count, headSize). The rest is in the job.
 */
export function attention(queries: usize, keys: usize, out: usize, count: i32, positions: i32, job: usize): void {
  const size = load<i32>(job, ATTENTION_HEAD_SIZE);
  const most = highestLift(size, load<i32>(job, ATTENTION_SHIFT));
  let lifts = load<usize>(job, ATTENTION_LIFTS);
  let ahead = load<i32>(job, ATTENTION_AHEAD);
  for (; count > 0; count--) {
    let coarser = 0;
    // A head that needed no lift before is scored without one; who needed one has its lift guessed first.
    let largest = load<i16>(lifts) ? FAINTEST : scores(queries, keys, size, positions, job, 0, 0);
    if (!fits(largest)) {
      let lift = guessLift(queries, keys, size, positions, job, most);
      store<i16>(lifts, lift);
      largest = scores(queries, keys, size, positions, job, lift, 0);
      // Again, lower or higher; where a lane has no room for that, in steps twice as large.
      while (!fits(largest)) {
        const next = min(max(lift + (largest > 0 ? -LIFT_STEP : LIFT_STEP), -most), most);
        if (coarser == 0 && next != lift) store<i16>(lifts, lift = next);
        else if (coarser == COARSEST) break;
        else {
          coarser++;
          lift = 0;
        }
        largest = scores(queries, keys, size, positions, job, lift, coarser);
      }
    }
    lifts += 2;
    const sum = weigh(largest, positions, job, coarser);
    mix(keys + load<usize>(job, ATTENTION_VALUES), load<usize>(job, ATTENTION_SCORES), size, positions, out, sum);
    queries += <usize>(size >> 1);
    out += <usize>(size << 1);
    ahead += load<i32>(job, ATTENTION_KV_HEADS);
    if (ahead >= load<i32>(job, ATTENTION_HEADS)) {
      ahead -= load<i32>(job, ATTENTION_HEADS);
      keys += load<usize>(job, ATTENTION_STRIDE);
    }
  }
}

/** Whether the largest score is neither as high as bytes go, nor so low that what weighs something could be below them. */
// @ts-ignore: decorator
@inline
function fits(largest: i32): boolean {
  return largest != 127 && largest != FAINTEST;
}

/** The most that may be added to scores of a head: what a lane of 20 bits has room for beside the largest sum that there can be. */
function highestLift(size: i32, shift: i32): i32 {
  const room = LANE_LIMIT - 128 * size * min(ACTIVATION_LIMIT, LANE_LIMIT / (128 * size));
  return min(room >> shift, HIGHEST_LIFT);
}

/** A lift by the scores of the last group of positions, in coarse steps: the head's largest is seldom far from theirs. */
function guessLift(query: usize, keys: usize, size: i32, positions: i32, job: usize, most: i32): i32 {
  const before = (positions - 1) & ~15;
  const last = keys + <usize>(before * size);
  const largest = scores(query, last, size, positions - before, job, 0, GLANCE_BITS, -128) << GLANCE_BITS;
  if (largest >= UNLIFTED_LEAST && largest <= UNLIFTED_MOST) return 0;
  return min(max(LIFTED - largest, -most), most);
}

/**
 * scores[p] = (q . k[p] >> shift + coarser) + lift, saturated: s8 (whole groups), -128 for positions that are not there. Returns the
 * largest, or `least`: FAINTEST is far enough above -128. A lane has 20 bits: headSize * max|q| * 128 < 2^19, for which the caller
 * limits q.
 */
function scores(query: usize, keys: usize, size: i32, positions: i32, job: usize, lift: i32, coarser: i32, least: i32 = FAINTEST): i32 {
  const start = lift << load<i32>(job, ATTENTION_SHIFT);
  const shift = load<i32>(job, ATTENTION_SHIFT) + coarser;
  const odd = load<usize>(job, ATTENTION_ODD);
  const out = load<usize>(job, ATTENTION_SCORES);
  const pairs = size >> 1;
  const end = (positions + 15) & ~15;
  let largest = least;
  for (let p = 0; p < end; p++) {
    let column = keys + <usize>((p >> 4) * (size << 4) + (p & 15));
    let sum = start;
    for (let half: usize = 0; half < 2; half++) {
      const from = query + half * odd;
      for (let d = 0; d < pairs; d++) {
        sum += <i32>load<i8>(from + d) * <i32>load<i8>(column);
        column += 16;
      }
    }
    const score = p < positions ? saturate8(sum >> shift) : -128;
    store<i8>(out + p, score);
    largest = max(largest, score);
  }
  return largest;
}

/** Weights in the scores' place: 176 * e^(score - largest), nearly: u8 (whole groups). Returns their sum. */
function weigh(largest: i32, positions: i32, job: usize, coarser: i32): i32 {
  const scores = load<usize>(job, ATTENTION_SCORES);
  const end = (positions + 15) & ~15;
  let sum = 0;
  for (let p = 0; p < end; p++) {
    let below = saturate8(<i32>load<i8>(scores + p) - largest);
    for (let i = 0; i < coarser; i++) below = saturate8(2 * below);
    const weight = weightOf(below);
    store<i8>(scores + p, weight);
    sum += weight;
  }
  return sum;
}

/**
 * out[d] = 64 * ((sum of weights[p] * values[p][d]) / sum - 128), the quotient a product with a 15-bit reciprocal: s16 (size). Values are
 * u8, 128 more than they stand for.
 */
function mix(values: usize, weights: usize, size: i32, positions: i32, out: usize, sum: i32): void {
  sum = max(sum, 128); // so that the reciprocal has 15 bits
  const zeros = <i32>clz<u32>(sum);
  const reciprocal = <i32>(<u32>0x2000_0000 / ((<u32>sum << zeros) >> 16));
  const groups = (positions + 15) >> 4;
  for (let d = 0; d < size; d++) {
    let total = 0;
    for (let g = 0; g < groups; g++) {
      const row = values + <usize>((g * size + d) << 4);
      const weight = weights + <usize>(g << 4);
      for (let lane: usize = 0; lane < 16; lane++) total += <i32>load<u8>(row + lane) * <i32>load<u8>(weight + lane);
    }
    store<i16>(at16(out, d), sub16(mul16(total >> (25 - zeros), reciprocal, 14), 0x2000));
  }
}
