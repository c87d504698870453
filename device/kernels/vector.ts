/** Whole-vector steps between the matrix products. Lengths are multiples of 16, arrays 16-byte aligned. */
import { ACTIVATION_LIMIT } from "../contract/constants";
import { NORMED_SHIFT, NORMED_SQUARES, NORMED_VECTOR } from "../contract/status";
import { add16, add32, at16, at32, mul16, saturate16 } from "./lanes";

/** Bits by which the s32 vector x must be shifted right to fit 15 bits with sign. */
function packShift(x: usize, n: i32): i32 {
  let high = 0;
  let low = 0;
  for (let i = 0; i < n; i++) {
    const value = load<i32>(at32(x, i));
    high = max(high, value);
    low = min(low, value);
  }
  return max(18 - <i32>clz<u32>(max(high, ~low)), 0);
}

/**
 * RMSNorm without its division, then int8. t = (x >> shift) * gain / 2^15, and q = round(t * 127 / max|t|), as {@link quantize_bounded}
 * has it, whose result this gives. out: the shift, the sum of (x >> shift)^2 divided by 2^8, then t. x: s32 (n), gain, t: s16 (n),
 * q: s8 (n); n at most 2032, so 40 bits hold the sum.
 */
export function normalize(x: usize, gain: usize, out: usize, q: usize, n: i32, bound: i32): i32 {
  const t = out + NORMED_VECTOR;
  const shift = packShift(x, n);
  let squares: i64 = 0;
  for (let i = 0; i < n; i++) {
    const value = load<i32>(at32(x, i)) >> shift;
    squares += <i64>(value * value);
    store<i16>(at16(t, i), mul16(value, <i32>load<i16>(at16(gain, i)), 15));
  }
  store<i32>(out, shift, NORMED_SHIFT);
  store<i32>(out, <i32>(squares >> 8), NORMED_SQUARES);
  return quantize_bounded(t, q, n, ACTIVATION_LIMIT, bound);
}

/**
 * For what a matrix reads: q = round(t * limit / max|t|), t: s16 (n), q: s8 (n), limit at most 127. Returns max|t|, at least 1;
 * negative where the sum of q^2 is above `bound`.
 * The quotient is a 15-bit reciprocal, so the largest magnitude may come out as limit or just below its rounding.
 */
export function quantize_bounded(t: usize, q: usize, n: i32, limit: i32, bound: i32): i32 {
  const largest = largest_s16(t, n);
  const shift = floorLog2(largest);
  const reciprocal = reciprocalFor(largest, limit, shift);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const value = quotient(<i32>load<i16>(at16(t, i)), reciprocal, shift);
    store<i8>(q + i, value);
    squares += value * value;
  }
  return squares > bound ? -largest : largest;
}

/**
 * The same for s32 (n), magnitudes of at most 2^30: t = x >> shift with the smallest shift that leaves 15 bits. Returns max|t| << shift,
 * negative where the sum of q^2 is above `bound`.
 */
export function quantize_wide(x: usize, q: usize, n: i32, limit: i32, bound: i32): i32 {
  const down = packShift(x, n);
  let largest = 1;
  for (let i = 0; i < n; i++) largest = max(largest, abs(load<i32>(at32(x, i)) >> down));
  const shift = floorLog2(largest);
  const reciprocal = reciprocalFor(largest, limit, shift);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const value = quotient(load<i32>(at32(x, i)) >> down, reciprocal, shift);
    store<i8>(q + i, value);
    squares += value * value;
  }
  return squares > bound ? -(largest << down) : largest << down;
}

// @ts-ignore: decorator
@inline
function floorLog2(value: i32): i32 {
  return 31 - <i32>clz<u32>(value);
}

/** (limit / largest) * 2^(8 + shift). */
// @ts-ignore: decorator
@inline
function reciprocalFor(largest: i32, limit: i32, shift: i32): i32 {
  return <i32>(((<u32>(limit << 8)) << shift) / <u32>largest);
}

/** A number times the reciprocal, rounded to 8 bits. */
// @ts-ignore: decorator
@inline
function quotient(value: i32, reciprocal: i32, shift: i32): i32 {
  return add16(mul16(value, reciprocal, shift), 128) >> 8;
}

/** max|t|, at least 1, t: s16 (n). */
export function largest_s16(t: usize, n: i32): i32 {
  let high = 1;
  let low = 0;
  for (let i = 0; i < n; i++) {
    const value = <i32>load<i16>(at16(t, i));
    high = max(high, value);
    low = min(low, value);
  }
  return max(high, saturate16(-low));
}

/** q = round((t * mantissa >> shift) / 2^8), saturating: t: s16 (n), q: s8 (n). */
export function quantize_by(t: usize, q: usize, n: i32, mantissa: i32, shift: i32): void {
  for (let i = 0; i < n; i++) store<i8>(q + i, add16(saturate16((<i32>load<i16>(at16(t, i)) * mantissa) >> shift), 128) >> 8);
}

/** The same for rows with scales, t = y * scale / 2^15, and 128 more: q: u8 (n). */
export function quantize_rows(y: usize, scale: usize, q: usize, n: i32, mantissa: i32, shift: i32): void {
  for (let i = 0; i < n; i++) {
    const scaled = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    store<u8>(q + i, (add16(saturate16((scaled * mantissa) >> shift), 128) >> 8) + 128);
  }
}

/** x += (y * scale / 2^15) * mantissa >> shift, saturating. y, scale: s16 (n), x: s32 (n), mantissa: s16, shift 0...31. */
export function add_residual(y: usize, scale: usize, x: usize, n: i32, mantissa: i32, shift: i32): void {
  for (let i = 0; i < n; i++) {
    const scaled = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    const place = at32(x, i);
    store<i32>(place, add32(load<i32>(place), (scaled * mantissa) >> shift));
  }
}

/** x += 2^8 row * mantissa >> shift, saturating. row: s8 (n), x: s32 (n), mantissa: s16, shift 0...31. */
export function add_row(row: usize, x: usize, n: i32, mantissa: i32, shift: i32): void {
  for (let i = 0; i < n; i++) {
    const place = at32(x, i);
    store<i32>(place, add32(load<i32>(place), ((<i32>load<i8>(row + i) << 8) * mantissa) >> shift));
  }
}

/** x = 2^8 row * mantissa >> shift: what add_row adds. */
export function set_row(row: usize, x: usize, n: i32, mantissa: i32, shift: i32): void {
  for (let i = 0; i < n; i++) store<i32>(at32(x, i), ((<i32>load<i8>(row + i) << 8) * mantissa) >> shift);
}

/** y = ((y * scale / 2^15) * mantissa >> shift) + bias, all of it saturating: y, scale, bias: s16 (n). */
export function bias_rows(y: usize, scale: usize, bias: usize, n: i32, mantissa: i32, shift: i32): void {
  for (let i = 0; i < n; i++) {
    const scaled = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    store<i16>(at16(y, i), add16(saturate16((scaled * mantissa) >> shift), <i32>load<i16>(at16(bias, i))));
  }
}
