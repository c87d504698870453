import { INT5_GROUP as GROUP } from "../contract/constants";
import { addScaled, at16, byteOf } from "./lanes";

/** Weights of a register: 16 rows. */
const REGISTER = 16;

/**
 * y = sum over groups of ((W x + 2^(shift - 1)) >> shift) * scale >> 7, all of it saturating. W: weights of 5 1/3 bits; x: s8 (columns);
 * y: s16 (rows).
 *
 * Three columns lie in two registers of 16 rows. As they lie these are the first two columns, in 8ths: their own five high bits, and below
 * them three that serve the third. That one is the first register, shifted up by five in a word of four rows, exclusive or the second one,
 * shifted up by two: of six bits it can be anything, the two below are what they are. The quantiser rounds each weight knowing
 * that (src/quantize/int5.ts).
 *
 * Blocks of 16 rows; in a block the groups of 48 columns, a smaller one last; in a group 32 bytes for each three of its columns, 16 for each of
 * those that are left, then s8 (16): the rows' scales. No sum of a group needs more than 20 bits with sign: the weights see to it.
 */
// @ts-ignore: decorator
@inline
function matvec5(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  const half = 1 << (shift - 1);
  const blockBytes = ((2 * columns + 2) / 3 + (columns + GROUP - 1) / GROUP) << 4;
  for (let row = 0; row < rows; row += 4) {
    let from = weights + <usize>((row >> 4) * blockBytes + (row & 12));
    let activation = x;
    let y0 = 0;
    let y1 = 0;
    let y2 = 0;
    let y3 = 0;
    for (let left = columns; left > 0; left -= GROUP) {
      const mine = min(left, GROUP);
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let column = 0;
      for (; column + 3 <= mine; column += 3) {
        const x0 = <i32>load<i8>(activation, 0);
        const x1 = <i32>load<i8>(activation, 1);
        const x2 = <i32>load<i8>(activation, 2);
        const first = load<u32>(from);
        const second = load<u32>(from, REGISTER);
        const third = (first << 5) ^ (second << 2);
        a += byteOf(first) * x0 + byteOf(second) * x1 + byteOf(third) * x2;
        b += byteOf(first >> 8) * x0 + byteOf(second >> 8) * x1 + byteOf(third >> 8) * x2;
        c += byteOf(first >> 16) * x0 + byteOf(second >> 16) * x1 + byteOf(third >> 16) * x2;
        d += byteOf(first >> 24) * x0 + byteOf(second >> 24) * x1 + byteOf(third >> 24) * x2;
        activation += 3;
        from += 2 * REGISTER;
      }
      for (; column < mine; column++) {
        const x0 = <i32>load<i8>(activation);
        const word = load<u32>(from);
        a += byteOf(word) * x0;
        b += byteOf(word >> 8) * x0;
        c += byteOf(word >> 16) * x0;
        d += byteOf(word >> 24) * x0;
        activation++;
        from += REGISTER;
      }
      y0 = addScaled(y0, a >> shift, <i32>load<i8>(from, 0));
      y1 = addScaled(y1, b >> shift, <i32>load<i8>(from, 1));
      y2 = addScaled(y2, c >> shift, <i32>load<i8>(from, 2));
      y3 = addScaled(y3, d >> shift, <i32>load<i8>(from, 3));
      from += REGISTER;
    }
    store<i16>(at16(y, row), y0, 0);
    store<i16>(at16(y, row), y1, 2);
    store<i16>(at16(y, row), y2, 4);
    store<i16>(at16(y, row), y3, 6);
  }
}

/** For vectors of the model's dim. */
export function matvec5_dim(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  matvec5(weights, x, columns, y, rows, shift);
}

/** For vectors of the feed-forward's hidden size. */
export function matvec5_hidden(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  matvec5(weights, x, columns, y, rows, shift);
}
