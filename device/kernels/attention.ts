/**
 * Attention over an int8 KV cache. Keys and values of one head lie in groups of 16 positions, (group, headSize, 16), so that
 * one register holds one component of 16 positions.
 */

import {
  E1, E2, E3, LOWEST, ONE, SOFTMAX_E1, SOFTMAX_E2, SOFTMAX_E3, SOFTMAX_HALF, SOFTMAX_LARGEST, SOFTMAX_LOWEST, SOFTMAX_MANTISSA, SOFTMAX_ONE, SOFTMAX_SHIFT,
  SOFTMAX_VALUE_SHIFT,
} from "../contract/constants";
import { exponential } from "./exponential";
import { add16, at16, mul16, sub16 } from "./lanes";

/**
 * scores[p] = ((q . k[p]) >> 4) * keyScales[p] / 2^15 for whole groups of 16 positions, -32768 for those at or after `count`.
 * q: s8 (headSize), keys: s8 (group, headSize, 16), keyScales, scores: s16. Returns the largest score.
 * The accumulator lanes have 20 bits: headSize * max|q| * 128 < 2^19, for which the caller limits q.
 */
export function scores(q: usize, keys: usize, headSize: i32, keyScales: usize, out: usize, count: i32): i32 {
  let largest = -32768;
  const end = (count + 15) & ~15;
  for (let p = 0; p < end; p++) {
    const column = keys + <usize>((p >> 4) * (headSize << 4) + (p & 15));
    let sum = 0;
    for (let d = 0; d < headSize; d++) sum += <i32>load<i8>(q + d) * <i32>load<i8>(column + (d << 4));
    let score = mul16(sum >> 4, <i32>load<i16>(at16(keyScales, p)), 15);
    if (p >= count) score = -32768;
    store<i16>(at16(out, p), score);
    largest = max(largest, score);
  }
  return largest;
}

// @ts-ignore: decorator
@inline
function spread(vector: usize, value: i32): void {
  for (let lane: usize = 0; lane < 16; lane += 2) store<i16>(vector + lane, value);
}

/**
 * Writes the constants of {@link softmax}, 136 bytes: (mantissa >> shift) * 2^-11 is in nats per unit of the scores' differences,
 * `valueShift` is as small as the largest of the value scales allows.
 */
export function softmax_table(table: usize, mantissa: i32, shift: i32, valueShift: i32): void {
  const lowest = shift > 15 ? -32768 : max(-32768, -<i32>((<u32>-LOWEST << shift) / <u32>mantissa));
  spread(table + SOFTMAX_MANTISSA, mantissa);
  spread(table + SOFTMAX_E3, E3);
  spread(table + SOFTMAX_E2, E2);
  spread(table + SOFTMAX_E1, E1);
  spread(table + SOFTMAX_ONE, ONE);
  spread(table + SOFTMAX_HALF, 128);
  spread(table + SOFTMAX_LARGEST, 0);
  spread(table + SOFTMAX_LOWEST, lowest);
  store<i32>(table + SOFTMAX_SHIFT, shift);
  store<i32>(table + SOFTMAX_VALUE_SHIFT, valueShift);
}

/**
 * e = exp(score - largest) in the units of the table, to be divided by its sum later;
 * weights = round((e * valueScales >> valueShift) / 2^8): s8 (16 * groups).
 * Returns the sum of e * 32767 / 2^15, in units of 2^-15.
 */
export function softmax(scores: usize, valueScales: usize, weights: usize, groups: i32, largest: i32, table: usize): i32 {
  spread(table + SOFTMAX_LARGEST, largest);
  const mantissa = <i32>load<i16>(table + SOFTMAX_MANTISSA);
  const lowest = <i32>load<i16>(table + SOFTMAX_LOWEST);
  const shift = load<i32>(table + SOFTMAX_SHIFT);
  const valueShift = load<i32>(table + SOFTMAX_VALUE_SHIFT);
  let sum: i64 = 0;
  const end = groups << 4;
  for (let p = 0; p < end; p++) {
    const below = max(sub16(<i32>load<i16>(at16(scores, p)), largest), lowest);
    const e = exponential(mul16(below, mantissa, shift));
    sum += <i64>(e * 32767);
    const weight = mul16(e, <i32>load<i16>(at16(valueScales, p)), valueShift);
    store<i8>(weights + p, add16(weight, 128) >> 8);
  }
  return <i32>(sum >> 15);
}

/**
 * out[d] = (8 * sum over p of weights[p] * values[d][p]) * reciprocal >> 32, values: s8 (group, headSize, 16), out: s16 (headSize).
 */
export function values(
  values: usize,
  weights: usize,
  groups: i32,
  headSize: i32,
  out: usize,
  reciprocal: i32,
): void {
  for (let d = 0; d < headSize; d++) {
    let sum = 0;
    for (let g = 0; g < groups; g++) {
      const row = values + <usize>((g * headSize + d) << 4);
      const weight = weights + <usize>(g << 4);
      for (let lane: usize = 0; lane < 16; lane++)
        sum += <i32>load<i8>(row + lane) * <i32>load<i8>(weight + lane);
    }
    store<i16>(at16(out, d), <i32>((<i64>(sum << 3) * <i64>reciprocal) >> 32));
  }
}
