/** Single-precision scalars as the integer kernels take them. Every operation here is one IEEE operation or an integer one. */

/** A positive f32 as mantissa * 2^-shift: mantissa in [2^14, 2^15), shift cut to 0...31. */
// @ts-ignore: decorator
@inline
export function mantissaOf(x: f32): i32 {
  return <i32>(((reinterpret<u32>(x) >> 9) & 0x3fff) + 0x4000);
}

// @ts-ignore: decorator
@inline
export function shiftOf(x: f32): i32 {
  const exponent = <i32>(reinterpret<u32>(x) >> 23) - 127;
  return min(max(14 - exponent, 0), 31);
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
  const exponent = <i32>(reinterpret<u32>(x) >> 23) - 127;
  return 1 << min(max(exponent - 14, 0), 8);
}

/** Positive f32 to s16, rounded half up, saturated. */
// @ts-ignore: decorator
@inline
export function toScale16(x: f32): i32 {
  return <i32>(min(x, <f32>32767) + <f32>0.5);
}

/** 2^45 / sum to 15 bits, for a softmax's sum in units of 2^-15 (at least one position counts as nearly 1). */
// @ts-ignore: decorator
@inline
export function reciprocalOf(sum: i32): i32 {
  const zeros = <i32>clz<u32>(sum);
  const leading = (<u32>sum << zeros) >> 16; // the upper 16 bits
  return <i32>((<u32>0x7fff_ffff / leading) << (zeros - 2));
}
