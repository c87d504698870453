/** The kernels as the transformer calls them: hand-written code on the chip, the portable twins (device/kernels) elsewhere. */

// @ts-ignore: decorator
@external("kernel", "matvec_dim") export declare function matvec_dim(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void;
// @ts-ignore: decorator
@external("kernel", "matvec_hidden") export declare function matvec_hidden(weights: usize, x: usize, columns: i32, y: usize, rows: i32, shift: i32): void;
// @ts-ignore: decorator
@external("kernel", "pack") export declare function pack(x: usize, out: usize, n: i32): i32;
// @ts-ignore: decorator
@external("kernel", "normalize") export declare function normalize(x: usize, gain: usize, out: usize, n: i32, info: usize): void;
// @ts-ignore: decorator
@external("kernel", "quantize") export declare function quantize(t: usize, q: usize, n: i32, limit: i32): i32;
// @ts-ignore: decorator
@external("kernel", "scale_rows") export declare function scale_rows(y: usize, scale: usize, n: i32): void;
// @ts-ignore: decorator
@external("kernel", "add_residual") export declare function add_residual(y: usize, scale: usize, x: usize, n: i32, mantissa: i32, shift: i32): void;
// @ts-ignore: decorator
@external("kernel", "logits_f32") export declare function logits_f32(y: usize, scale: usize, out: usize, n: i32, factor: f32): void;
// @ts-ignore: decorator
@external("kernel", "rope") export declare function rope(y: usize, scale: usize, angles: usize, n: i32): void;
// @ts-ignore: decorator
@external("kernel", "scores") export declare function scores(q: usize, keys: usize, headSize: i32, keyScales: usize, out: usize, count: i32): i32;
// @ts-ignore: decorator
@external("kernel", "softmax") export declare function softmax(scores: usize, valueScales: usize, weights: usize, groups: i32, largest: i32, table: usize): i32;
// @ts-ignore: decorator
@external("kernel", "softmax_table") export declare function softmax_table(table: usize, mantissa: i32, shift: i32, valueShift: i32): void;
// @ts-ignore: decorator
@external("kernel", "values") export declare function values(values: usize, weights: usize, groups: i32, headSize: i32, out: usize, reciprocal: i32): void;
// @ts-ignore: decorator
@external("kernel", "swiglu") export declare function swiglu(y: usize, scale: usize, out: usize, n: i32, mantissa: i32, shift: i32): void;
