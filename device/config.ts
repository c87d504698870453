/**
 * Numbers that the firmware builder hands in: sizes of the model and addresses of its memory. They are imported immutable
 * globals, which the compiler to Xtensa folds into the code, so a build for another model needs no AssemblyScript.
 */

// Shape of the model, all counts of elements.
// @ts-ignore: decorator
@external("config", "dim") export declare const dim: i32;
// @ts-ignore: decorator
@external("config", "hiddenDim") export declare const hiddenDim: i32;
// @ts-ignore: decorator
@external("config", "layers") export declare const layers: i32;
// @ts-ignore: decorator
@external("config", "heads") export declare const heads: i32;
// @ts-ignore: decorator
@external("config", "kvHeads") export declare const kvHeads: i32;
// @ts-ignore: decorator
@external("config", "vocabulary") export declare const vocabulary: i32;
/** Positions that the KV cache holds. */
// @ts-ignore: decorator
@external("config", "context") export declare const context: i32;

// The machine.
/** 1 or 2; with 1 every barrier folds away. */
// @ts-ignore: decorator
@external("config", "cores") export declare const cores: i32;
/** CPU clock that the boot code sets up: 80, 160 or 240 MHz. */
// @ts-ignore: decorator
@external("config", "clockMegahertz") export declare const clockMegahertz: i32;

// Addresses of working memory.
/** f32 x vocabulary: what the forward pass leaves behind. */
// @ts-ignore: decorator
@external("config", "logits") export declare const logits: usize;
/** Barrier counts and the posted job of the two cores (device/parallel.ts). */
// @ts-ignore: decorator
@external("config", "teamwork") export declare const teamwork: usize;
