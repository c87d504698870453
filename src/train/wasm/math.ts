/** Adding 1.5 * 2^23 rounds a small float to a whole number, which then stands in the low bits. */
const ROUNDER: f32 = 12582912;

/**
 * a * b + c of four floats, rounded once where the program is compiled for an engine with relaxed SIMD
 * (`--use FUSED=1`, see scripts/build-wasm.ts) and twice elsewhere.
 */
// @ts-expect-error: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b, as multiplyAdd rounds. */
// @ts-expect-error: decorator
@inline
export function multiplySubtract(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

const LOG2_E: f32 = 1.44269504088896341;

/**
 * 2^r times 2^n, r within half a unit of 0 and n in the low bits of `shifted`. The polynomial is the one of degree 5 with the least
 * relative error there (9.2e-8) among those that give 1 at 0, found by reweighted least squares.
 */
// @ts-expect-error: decorator
@inline
function power(r: v128, shifted: v128): v128 {
  let p = f32x4.splat(1.326472706547e-3);
  p = multiplyAdd(p, r, f32x4.splat(9.671512648928e-3));
  p = multiplyAdd(p, r, f32x4.splat(5.550733743691e-2));
  p = multiplyAdd(p, r, f32x4.splat(2.402224208517e-1));
  p = multiplyAdd(p, r, f32x4.splat(6.931469775989e-1));
  p = multiplyAdd(p, r, f32x4.splat(1));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/**
 * e^x of four floats, relative error below 2e-7 near 0 and 1e-7 |x| beyond 2; below -87 it gives e^-87. pmin and
 * pmax are one instruction each where min and max, which care for NaN, are many.
 */
// @ts-expect-error: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87)), f32x4.splat(88));
  const factor = f32x4.splat(LOG2_E);
  const shifted = multiplyAdd(clamped, factor, f32x4.splat(ROUNDER));
  return power(multiplyAdd(clamped, factor, f32x4.sub(f32x4.splat(ROUNDER), shifted)), shifted);
}

/** 2^x of four floats of at most 127, relative error below 2e-7; below -126 it gives 2^-126. */
// @ts-expect-error: decorator
@inline
export function exp2x4(x: v128): v128 {
  const clamped = f32x4.pmax(x, f32x4.splat(-126));
  const shifted = f32x4.add(clamped, f32x4.splat(ROUNDER));
  return power(f32x4.sub(clamped, f32x4.sub(shifted, f32x4.splat(ROUNDER))), shifted);
}

/** Natural logarithm of a positive, normal double: ln m by the series of atanh, m within [2/3, 4/3). */
export function log(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023;
  let m = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  if (m > 4.0 / 3.0) {
    m *= 0.5;
    exponent++;
  }
  const t = (m - 1) / (m + 1);
  const t2 = t * t;
  let sum: f64 = 0;
  for (let k = 17; k >= 1; k -= 2) sum = sum * t2 + 1.0 / <f64>k;
  return 2 * t * sum + <f64>exponent * 0.693147180559945309417;
}

/** Sum of the four lanes, always in the same order. */
// @ts-expect-error: decorator
@inline
export function sum4(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

// @ts-expect-error: decorator
@inline
export function max4(x: v128): f32 {
  const a = max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
  return max(a, max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
}
