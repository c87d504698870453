/** Where everything lies in the float build (written by src/quantize/pack-f32.ts in the same order). */
import { context, dim, hiddenDim } from "../config";
import { headSize } from "./halves";

// @ts-ignore: decorator
@external("config", "model") export declare const model: usize;
// @ts-ignore: decorator
@external("config", "residual") export declare const residual: usize;
// @ts-ignore: decorator
@external("config", "hidden") export declare const hidden: usize;
// @ts-ignore: decorator
@external("config", "attention") export declare const attention: usize;
// @ts-ignore: decorator
@external("config", "queries") export declare const queries: usize;
// @ts-ignore: decorator
@external("config", "scratch") export declare const scratch: usize;
// @ts-ignore: decorator
@external("config", "scratchBytes") export declare const scratchBytes: usize;
// @ts-ignore: decorator
@external("config", "keys") export declare const keys: usize;
// @ts-ignore: decorator
@external("config", "values") export declare const values: usize;

// @ts-ignore: decorator
@inline
export function pad4(n: i32): i32 { return (n + 3) & ~3; }
// @ts-ignore: decorator
@inline
export function contextPadded(): i32 { return pad4(context); }

// A core's scratch, offsets in bytes; all f32.
export const VECTOR: usize = 0; // (dim)
// @ts-ignore: decorator
@inline
export function ROWS(): usize { return <usize>pad4(dim) << 2; } // (dim or hidden)
// @ts-ignore: decorator
@inline
export function QUERY(): usize { return ROWS() + (<usize>pad4(max(dim, hiddenDim)) << 2); } // (headSize)
// @ts-ignore: decorator
@inline
export function SCORES(): usize { return QUERY() + (<usize>pad4(headSize()) << 2); } // (context)

// The model record: words of 4 bytes. All matrices have their rows padded to multiples of 4 columns.
export const EMBEDDING: usize = 0;
export const CLASSIFIER: usize = 4;
export const FINAL_NORM: usize = 8;
export const ROPE_TABLE: usize = 12; // f32 (context, headSize / 2, 2): cosine and sine
export const HEADER_BYTES: usize = 16;

// A layer's record.
export const ATTENTION_NORM: usize = 0;
export const WQ: usize = 4;
export const WK: usize = 8;
export const WV: usize = 12;
export const WO: usize = 16;
export const FEED_FORWARD_NORM: usize = 20;
export const W1: usize = 24;
export const W2: usize = 28;
export const W3: usize = 32;
export const LAYER_BYTES: usize = 36;
