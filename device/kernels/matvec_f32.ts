/** y = W x. W: f32 (rows, columns) row-major, columns a multiple of 4. The hand-written kernel rounds less often. */
export function matvec_f32(weights: usize, x: usize, columns: i32, y: usize, rows: i32): void {
  for (let i = 0; i < rows; i++) {
    let sum: f32 = 0;
    for (let j = 0; j < columns; j++) {
      sum += load<f32>(weights) * load<f32>(x + (<usize>j << 2));
      weights += 4;
    }
    store<f32>(y + (<usize>i << 2), sum);
  }
}
