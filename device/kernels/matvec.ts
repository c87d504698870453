import { at16 } from "./lanes";

/**
 * y = round(W x / 2^shift), rounding half up. W: s8 (rows, columns) row-major, x: s8 (columns), y: s16 (rows).
 * columns a multiple of 16, shift >= 1. The accumulator has 40 bits and cannot overflow; the quantiser chooses `shift` from
 * the rows' sums of magnitudes so that y fits (src/quantize/matrix.ts).
 */
// @ts-ignore: decorator
@inline
function matvec(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void {
  const half = 1 << (shift - 1);
  for (let i = 0; i < rows; i++) {
    let sum = half;
    for (let j = 0; j < columns; j += 4) {
      sum += <i32>load<i8>(weights, 0) * <i32>load<i8>(x + j, 0);
      sum += <i32>load<i8>(weights, 1) * <i32>load<i8>(x + j, 1);
      sum += <i32>load<i8>(weights, 2) * <i32>load<i8>(x + j, 2);
      sum += <i32>load<i8>(weights, 3) * <i32>load<i8>(x + j, 3);
      weights += 4;
    }
    store<i16>(at16(y, i), sum >> shift);
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
