/**
 * int8 activations for a matrix: never longer than its bound, so that by Cauchy and Schwarz no sum of products leaves the 20 bits of
 * a lane. Vectors that long do not come in practice; one that does is rounded more coarsely.
 */
import { ACTIVATION_LIMIT } from "../contract/constants";
import { normalize, quantize_bounded, quantize_wide } from "../contract/kernels";
import { NORMED_VECTOR } from "../contract/status";

/** Quantises the s16 (n) at t, with a sum of squares of at most `bound`. Returns 127 units of q in units of t. */
// @ts-ignore: decorator
@inline
export function quantizeBounded(t: usize, q: usize, n: i32, bound: i32): f32 {
  const largest = quantize_bounded(t, q, n, ACTIVATION_LIMIT, bound);
  return largest > 0 ? <f32>largest : quantizeLower(t, q, n, bound, false);
}

/** The same for s32 (n). */
// @ts-ignore: decorator
@inline
export function quantizeWide(x: usize, q: usize, n: i32, bound: i32): f32 {
  const largest = quantize_wide(x, q, n, ACTIVATION_LIMIT, bound);
  return largest > 0 ? <f32>largest : quantizeLower(x, q, n, bound, true);
}

/** The same for a normed vector; `out` gets what is known of it. */
// @ts-ignore: decorator
@inline
export function normalizeBounded(x: usize, gain: usize, out: usize, q: usize, n: i32, bound: i32): f32 {
  const largest = normalize(x, gain, out, q, n, bound);
  return largest > 0 ? <f32>largest : quantizeLower(out + NORMED_VECTOR, q, n, bound, false);
}

/** With a lower limit: the bound holds vectors of ones at least. */
function quantizeLower(t: usize, q: usize, n: i32, bound: i32, wide: bool): f32 {
  let limit = ACTIVATION_LIMIT;
  let largest: i32;
  do {
    limit = (limit * 7) >> 3;
    largest = wide ? quantize_wide(t, q, n, limit, bound) : quantize_bounded(t, q, n, limit, bound);
  } while (largest < 0 && limit > 1);
  return (<f32>abs(largest) * <f32>ACTIVATION_LIMIT) / <f32>limit;
}
