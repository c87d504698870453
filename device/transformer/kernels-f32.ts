/** y = W x, W: f32 (rows, columns) row-major, columns a multiple of 4, all 16-byte aligned but y. */
// @ts-ignore: decorator
@external("kernel", "matvec_f32") export declare function matvec_f32(weights: usize, x: usize, columns: i32, y: usize, rows: i32): void;
