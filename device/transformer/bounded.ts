/**
 * int8 activations for a matrix: never longer than its bound, so that by Cauchy and Schwarz no sum of products leaves the 20 bits of
 * a lane. Vectors that long do not come in practice; one that does is rounded more coarsely.
 */
import { ACTIVATION_LIMIT } from "../contract/constants";
import { quantize_bounded } from "../contract/kernels";

/** Quantises the s16 (n) at t, with a sum of squares of at most `bound`. Returns 127 units of q in units of t. */
// @ts-ignore: decorator
@inline
export function quantizeBounded(t: usize, q: usize, n: i32, bound: i32): f32 {
  const largest = quantize_bounded(t, q, n, ACTIVATION_LIMIT, bound);
  return largest > 0 ? <f32>largest : quantizeLower(t, q, n, bound);
}

/** The same with a lower limit: the bound holds vectors of ones at least. */
function quantizeLower(t: usize, q: usize, n: i32, bound: i32): f32 {
  let limit = ACTIVATION_LIMIT;
  let largest: i32;
  do {
    limit = (limit * 7) >> 3;
    largest = quantize_bounded(t, q, n, limit, bound);
  } while (largest < 0 && limit > 1);
  return (<f32>abs(largest) * <f32>ACTIVATION_LIMIT) / <f32>limit;
}
