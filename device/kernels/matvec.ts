import { at16, readOut } from "./lanes";

/** Bytes of a column of a block. */
const BLOCK = 16;

/**
 * y = 2 round(W x / 2^shift), rounding half up, saturating as the read-out does. W: s8 (rows / 16, columns, 16), blocks of 16 rows column by column; x: s8 (columns);
 * y: s16 (rows). 1 <= shift <= LARGEST_SHIFT. No sum needs more than 20 bits with sign: the stages hold the length of x below the
 * bound that the quantiser derives from the rows' (src/quantize/matrix.ts).
 */
// @ts-ignore: decorator
@inline
function matvec(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  const half = 1 << (shift - 1);
  for (let row = 0; row < rows; row += 4) {
    let from = weights + <usize>((row & -BLOCK) * columns + (row & (BLOCK - 1)));
    let a = half;
    let b = half;
    let c = half;
    let d = half;
    for (let j = 0; j < columns; j++) {
      const factor = <i32>load<i8>(x + j);
      a += <i32>load<i8>(from, 0) * factor;
      b += <i32>load<i8>(from, 1) * factor;
      c += <i32>load<i8>(from, 2) * factor;
      d += <i32>load<i8>(from, 3) * factor;
      from += BLOCK;
    }
    store<i16>(at16(y, row), readOut(a >> shift), 0);
    store<i16>(at16(y, row), readOut(b >> shift), 2);
    store<i16>(at16(y, row), readOut(c >> shift), 4);
    store<i16>(at16(y, row), readOut(d >> shift), 6);
  }
}

/** For vectors of the model's dim. */
export function matvec_dim(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  matvec(weights, x, columns, y, rows, shift);
}

/** For vectors of the feed-forward's hidden size. */
export function matvec_hidden(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  matvec(weights, x, columns, y, rows, shift);
}
