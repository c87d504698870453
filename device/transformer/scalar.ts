/** Single-precision scalars as the integer kernels take them. Every operation here is one IEEE operation or an integer one. */

/** Of a positive f32 that is no denormal: floor(log2(x)). */
// @ts-ignore: decorator
@inline
export function exponentOf(x: f32): i32 {
  return <i32>(reinterpret<u32>(x) >> 23) - 127;
}

/** A positive f32 as mantissa * 2^-shift: mantissa in [2^14, 2^15), shift cut to 0...31. */
// @ts-ignore: decorator
@inline
export function mantissaOf(x: f32): i32 {
  return <i32>(((reinterpret<u32>(x) >> 9) & 0x3fff) + 0x4000);
}

// @ts-ignore: decorator
@inline
export function shiftOf(x: f32): i32 {
  return min(max(14 - exponentOf(x), 0), 31);
}

/** Whether {@link shiftOf} need not be negative: the factor is below 2^15. */
// @ts-ignore: decorator
@inline
export function fitsOnce(x: f32): bool {
  return reinterpret<u32>(x) >> 23 < 142;
}

/** How often to add x when {@link shiftOf} would have to be negative: 1, and 2^k for factors of 2^(14+k) and more. */
// @ts-ignore: decorator
@inline
export function repeatsOf(x: f32): i32 {
  return 1 << min(max(exponentOf(x) - 14, 0), 8);
}

/**
 * 1 / sqrt(x) of a positive f32 that is no denormal, to 5e-6 of itself: a guess by its exponent, and two of Newton's steps. In a third
 * of the time of a root and a division.
 */
// @ts-ignore: decorator
@inline
export function inverseRoot(x: f32): f32 {
  const half = x * <f32>0.5;
  let y = reinterpret<f32>(0x5f37_59df - <i32>(reinterpret<u32>(x) >> 1));
  y *= <f32>1.5 - half * y * y;
  return y * (<f32>1.5 - half * y * y);
}
