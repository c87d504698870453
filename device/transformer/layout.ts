/**
 * Where everything lies: sizes padded for the vector unit, the halves of the work that the two cores take, the records of the
 * packed model (written by src/quantize/pack.ts in the same order) and the working memory.
 */
import { context, dim, heads, hiddenDim, kvHeads } from "../config";
import { countOf, headSize } from "./halves";

// @ts-ignore: decorator
@external("config", "model") export declare const model: usize;
// @ts-ignore: decorator
@external("config", "residual") export declare const residual: usize;
// @ts-ignore: decorator
@external("config", "hidden") export declare const hidden: usize;
// @ts-ignore: decorator
@external("config", "attention") export declare const attention: usize;
// @ts-ignore: decorator
@external("config", "scratch") export declare const scratch: usize;
// @ts-ignore: decorator
@external("config", "scratchBytes") export declare const scratchBytes: usize;
// @ts-ignore: decorator
@external("config", "keys") export declare const keys: usize;
// @ts-ignore: decorator
@external("config", "values") export declare const values: usize;
// @ts-ignore: decorator
@external("config", "keyScales") export declare const keyScales: usize;
// @ts-ignore: decorator
@external("config", "valueScales") export declare const valueScales: usize;

// @ts-ignore: decorator
@inline
export function pad8(n: i32): i32 { return (n + 7) & ~7; }
// @ts-ignore: decorator
@inline
export function pad16(n: i32): i32 { return (n + 15) & ~15; }

// @ts-ignore: decorator
@inline
export function contextPadded(): i32 { return pad16(context); }

/** Even members of the rotated pairs of a half's heads, padded: a query (key) block has as many odd ones behind them. */
// @ts-ignore: decorator
@inline
export function pairsOf(heads: i32): i32 { return pad8((countOf(0, heads) * headSize()) >> 1); }
/** Value rows of a half, padded. */
// @ts-ignore: decorator
@inline
export function valueRows(): i32 { return pad16(countOf(0, kvHeads) * headSize()); }
/** Rows of a half's query, key and value block: both halves are padded to the same size. */
// @ts-ignore: decorator
@inline
export function qkvRows(): i32 { return 2 * pairsOf(heads) + 2 * pairsOf(kvHeads) + valueRows(); }
/** Hidden units of either half, padded. */
// @ts-ignore: decorator
@inline
export function hiddenHalf(): i32 { return pad8((hiddenDim + 1) >> 1); }
/** First row of a half, of `rows` rows of a matrix that is cut in the middle. */
// @ts-ignore: decorator
@inline
export function firstRow(half: i32, rows: i32): i32 { return half ? pad16((pad16(rows) + 1) >> 1) : 0; }
/** Rows of a half, padded to 16. */
// @ts-ignore: decorator
@inline
export function rowsOf(half: i32, rows: i32): i32 {
  const first = firstRow(1, rows);
  return half ? pad16(rows) - first : first;
}

/** Logits are computed in tiles of this many rows. */
export const LOGIT_TILE: i32 = 256;

// A core's scratch, offsets in bytes.
const VECTOR: i32 = 2; // bytes of an s16
export const INFO: usize = 0; // what `normalize` reports, two words
export const ACTIVATION_SCALE: usize = 8; // f32: real value of one unit of ACTIVATIONS
export const QUERY_FACTOR: usize = 16; // f32 (half): from scores to the exponential's argument
export const SOFTMAX: usize = 32; // the kernel's table
export const ACTIVATIONS: usize = 176; // s8 (widest vector)
// @ts-ignore: decorator
@inline
function widest(): i32 { return max(pad16(dim), 2 * hiddenHalf()); }
// @ts-ignore: decorator
@inline
export function VECTOR16(): usize { return ACTIVATIONS + <usize>widest(); } // s16 (widest vector)
// @ts-ignore: decorator
@inline
export function OUTPUTS(): usize { return VECTOR16() + <usize>(VECTOR * widest()); } // s16 (most rows of a half)
// @ts-ignore: decorator
@inline
function mostRows(): i32 { return max(max(qkvRows(), 2 * hiddenHalf()), max(LOGIT_TILE, rowsOf(0, dim))); }
// @ts-ignore: decorator
@inline
export function ANGLES(): usize { return OUTPUTS() + <usize>(VECTOR * mostRows()); } // s16 (2, pairs)
// @ts-ignore: decorator
@inline
export function KEY_ANGLES(): usize { return ANGLES() + <usize>(2 * VECTOR * pairsOf(heads)); } // s16 (2, key pairs)
// @ts-ignore: decorator
@inline
export function QUERIES(): usize { return KEY_ANGLES() + <usize>(2 * VECTOR * pairsOf(kvHeads)); } // s8 (half, 2, pairs)
// @ts-ignore: decorator
@inline
export function QUERY(): usize { return QUERIES() + <usize>(4 * pairsOf(heads)); } // s8 (headSize)
// @ts-ignore: decorator
@inline
export function SCORES(): usize { return QUERY() + <usize>pad16(headSize()); } // s16 (context)
// @ts-ignore: decorator
@inline
export function WEIGHTS(): usize { return SCORES() + <usize>(VECTOR * contextPadded()); } // s8 (context)
// The model record: words of 4 bytes.
export const EMBEDDING: usize = 0; // s8 (vocabulary, dim)
export const EMBEDDING_SCALES: usize = 4; // i32 (vocabulary): one unit in residual units
export const CLASSIFIER: usize = 8; // s8 (vocabulary, dim)
export const CLASSIFIER_SCALES: usize = 12; // s16 (vocabulary)
export const FINAL_GAIN: usize = 16; // s16 (dim)
export const CLASSIFIER_SHIFT: usize = 20;
export const FINAL_FACTOR: usize = 24; // f32
export const LOGIT_FACTOR: usize = 28; // f32
export const ROPE_TABLE: usize = 32; // s16 (context, headSize / 2, 2): cosine and sine
export const EPSILON: usize = 36; // f32: RMSNorm's, in squared residual units
export const HEADER_BYTES: usize = 64;

// A layer's record.
export const QKV: usize = 0; // s8 (rows of both halves, dim)
export const QKV_SCALES: usize = 4;
export const QKV_SHIFT: usize = 8;
export const OUT: usize = 12; // s8 (dim, dim)
export const OUT_SCALES: usize = 16;
export const OUT_SHIFT: usize = 20;
export const GATE_UP: usize = 24; // s8 (gate and up rows of half 0, then of half 1; dim)
export const GATE_UP_SCALES: usize = 28;
export const GATE_UP_SHIFT: usize = 32;
export const DOWN: usize = 36; // s8 (dim, hidden)
export const DOWN_SCALES: usize = 40;
export const DOWN_SHIFT: usize = 44;
export const ATTENTION_GAIN: usize = 48; // s16 (dim)
export const FEED_FORWARD_GAIN: usize = 52; // s16 (dim)
export const ATTENTION_FACTOR: usize = 56; // f32: what the gains leave out of the activation scale
export const FEED_FORWARD_FACTOR: usize = 60;
export const SCORE_FACTOR: usize = 64;
export const KEY_FACTOR: usize = 68;
export const VALUE_FACTOR: usize = 72;
export const OUT_FACTOR: usize = 76;
export const GATE_FACTOR: usize = 80;
export const DOWN_FACTOR: usize = 84;
export const LAYER_BYTES: usize = 96;
