/** The halves of the work: half 0 is core 0's, half 1 core 1's; with one core it does both, one after the other. */
import { dim, heads } from "../config";

// @ts-ignore: decorator
@inline
export function headSize(): i32 { return dim / heads; }

/** First item of a half, of `count` items. */
// @ts-ignore: decorator
@inline
export function firstOf(half: i32, count: i32): i32 { return half ? (count + 1) >> 1 : 0; }

/** Number of items of a half, of `count` items. */
// @ts-ignore: decorator
@inline
export function countOf(half: i32, count: i32): i32 { return half ? count >> 1 : (count + 1) >> 1; }
