/**
 * One lane of the vector unit, in portable form. The twins of the kernels are written in these and in plain integer
 * arithmetic only, so that each names exactly the rounding and the saturation of the instruction it stands for.
 */

/** ee.vmul.s16: low half of the product shifted right; wraps. */
// @ts-ignore: decorator
@inline
export function mul16(a: i32, b: i32, shift: i32): i32 {
  return <i32>(<i16>((a * b) >> shift));
}

/** ee.vadds.s16: saturating sum. */
// @ts-ignore: decorator
@inline
export function add16(a: i32, b: i32): i32 {
  return saturate16(a + b);
}

/** ee.vsubs.s16: saturating difference. */
// @ts-ignore: decorator
@inline
export function sub16(a: i32, b: i32): i32 {
  return saturate16(a - b);
}

// @ts-ignore: decorator
@inline
export function saturate16(x: i32): i32 {
  return min(max(x, -32768), 32767);
}

/** A group's shifted sum times its scale in 2^-7, added to a row's: all of it saturating. */
// @ts-ignore: decorator
@inline
export function addScaled(y: i32, sum: i32, scale: i32): i32 {
  return add16(y, mul16(saturate16(sum), scale, 7));
}

// @ts-ignore: decorator
@inline
export function saturate8(x: i32): i32 {
  return min(max(x, -128), 127);
}

/**
 * Twice v as 15 bits leave QACC (src/kernels/qacc.ts): a byte for the high ones, and what is left without them. Saturating; but what is
 * less than 128 below the least is as much above it.
 */
// @ts-ignore: decorator
@inline
export function readOut(v: i32): i32 {
  const high = saturate8(v >> 7);
  return (high << 8) | ((saturate8(v - (high << 7)) << 1) & 0xff);
}

/** ee.vadds.s32: saturating sum. */
// @ts-ignore: decorator
@inline
export function add32(a: i32, b: i32): i32 {
  const sum = a + b;
  const overflow = (a ^ sum) & (b ^ sum);
  return overflow < 0 ? (a >> 31) ^ i32.MAX_VALUE : sum;
}

/** ee.vsubs.s32: saturating difference. */
// @ts-ignore: decorator
@inline
export function sub32(a: i32, b: i32): i32 {
  const difference = a - b;
  const overflow = (a ^ b) & (a ^ difference);
  return overflow < 0 ? (a >> 31) ^ i32.MAX_VALUE : difference;
}

/** Low byte of a word, with its sign. */
// @ts-ignore: decorator
@inline
export function byteOf(word: u32): i32 {
  return <i32>(<i8>word);
}

/** Address of element `i` of an array of 2-byte elements. */
// @ts-ignore: decorator
@inline
export function at16(array: usize, i: i32): usize {
  return array + (<usize>i << 1);
}

/** Address of element `i` of an array of 4-byte elements. */
// @ts-ignore: decorator
@inline
export function at32(array: usize, i: i32): usize {
  return array + (<usize>i << 2);
}
