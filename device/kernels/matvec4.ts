import { int4Group } from "../contract/config";
import { addScaled, at16, byteOf } from "./lanes";

/** Weights of a register: 16 rows, two columns. */
const PAIR = 16;

/**
 * y = sum over groups of ((W x + 2^(shift - 1)) >> shift) * scale >> 7, all of it saturating. W: int4; x: s8 (columns); y: s16 (rows).
 *
 * A byte holds the weights of two columns. As it lies it is the first column's, in 16ths: its own four high bits, and below them
 * whatever the four low bits are. Those are the second column's: shifted up by four in a word of four rows they have below them the high
 * bits of the row before. The quantiser rounds each weight knowing what lies below it (src/quantize/int4.ts).
 *
 * Blocks of 16 rows; in a block the groups, cut as evenly as whole 16 columns can be, of at most `int4Group`; in a group 16 bytes for each pair of
 * columns, then s8 (16): the rows' scales. No sum of a group needs more than 20 bits with
 * sign: the weights of groups of up to 64 see to it, and the activations' bound for larger ones.
 */
// @ts-ignore: decorator
@inline
function matvec4(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  const half = 1 << (shift - 1);
  const groups = (columns + int4Group - 1) / int4Group;
  const blockBytes = (columns << 3) + (groups << 4);
  for (let row = 0; row < rows; row += 4) {
    let from = weights + <usize>((row >> 4) * blockBytes + (row & 12));
    let activation = x;
    let chunks = columns >> 4;
    let y0 = 0;
    let y1 = 0;
    let y2 = 0;
    let y3 = 0;
    for (let left = groups; left; left--) {
      const mine = (chunks + left - 1) / left;
      chunks -= mine;
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      for (let pairs = mine << 3; pairs; pairs--) {
        const first = <i32>load<i8>(activation, 0);
        const second = <i32>load<i8>(activation, 1);
        const word = load<u32>(from);
        const up = word << 4;
        a += byteOf(word) * first + byteOf(up) * second;
        b += byteOf(word >> 8) * first + byteOf(up >> 8) * second;
        c += byteOf(word >> 16) * first + byteOf(up >> 16) * second;
        d += byteOf(word >> 24) * first + byteOf(up >> 24) * second;
        activation += 2;
        from += PAIR;
      }
      y0 = addScaled(y0, a >> shift, <i32>load<i8>(from, 0));
      y1 = addScaled(y1, b >> shift, <i32>load<i8>(from, 1));
      y2 = addScaled(y2, c >> shift, <i32>load<i8>(from, 2));
      y3 = addScaled(y3, d >> shift, <i32>load<i8>(from, 3));
      from += PAIR;
    }
    store<i16>(at16(y, row), y0, 0);
    store<i16>(at16(y, row), y1, 2);
    store<i16>(at16(y, row), y2, 4);
    store<i16>(at16(y, row), y3, 6);
  }
}

/** For vectors of the model's dim. */
export function matvec4_dim(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  matvec4(weights, x, columns, y, rows, shift);
}

/** For vectors of the feed-forward's hidden size. */
export function matvec4_hidden(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  matvec4(weights, x, columns, y, rows, shift);
}
