/** Attention: what depends on the position alone, and the heads of a half. */
import { heads, keys, kvHeads, model, rotary, values as cachedValues, window } from "../contract/config";
import { COARSEST } from "../contract/constants";
import * as at from "../contract/fixed";
import { pairsOf, queryLimit } from "../contract/fixed";
import { attention as attendHeads, largest_s16, quantize_by } from "../contract/kernels";
import { countOf, firstOf, headSize } from "../contract/sizes";
import {
  ATTENTION_AHEAD, ATTENTION_HEADS, ATTENTION_HEAD_SIZE, ATTENTION_KV_HEADS, ATTENTION_LIFTS, ATTENTION_ODD, ATTENTION_SCORES, ATTENTION_SHIFT,
  ATTENTION_STRIDE, ATTENTION_VALUES,
} from "../contract/status";
import { headCache, keyUnit, layerRecord, queriesOf, scratchOf, windowedCache, windowedStride } from "./places";
import { held } from "./window";
import { exponentOf, mantissaOf } from "./scalar";

/** In a core's scratch: the rotation angles of a position for each pair of a half's heads, and what all attention has in common. */
// @ts-ignore: decorator
@inline
export function takePosition(mine: usize, position: i32): void {
  if (rotary) {
    spreadAngles(mine + at.ANGLES(), pairsOf(heads), position);
    spreadAngles(mine + at.KEY_ANGLES(), pairsOf(kvHeads), position);
  }
  describeAttention(mine);
}

/** Repeats the cosines and sines of a position for every head. */
// @ts-ignore: decorator
@inline
function spreadAngles(out: usize, pairs: i32, position: i32): void {
  const half = headSize() >> 1;
  const row = load<usize>(model, at.ROPE) + (<usize>(position * half) << 2);
  for (let j = 0; j < half; j++) {
    const angle = load<u32>(row + (<usize>j << 2));
    const sine = angle >> 16;
    let place = out + (<usize>j << 1);
    for (let count = <u32>(pairs - j + half - 1) / half; count; count--) {
      store<i16>(place, angle);
      store<i16>(place + (<usize>pairs << 1), sine);
      place += <usize>half << 1;
    }
  }
}

/** What the attention of all layers and heads has in common, once a position. */
// @ts-ignore: decorator
@inline
function describeAttention(mine: usize): void {
  const job = mine + at.ATTENTION;
  store<i32>(job, headSize(), ATTENTION_HEAD_SIZE);
  store<i32>(job, pairsOf(heads), ATTENTION_ODD);
  store<usize>(job, cachedValues - keys, ATTENTION_VALUES);
  store<usize>(job, headCache(0, 1), ATTENTION_STRIDE);
  store<usize>(job, mine + at.SCORES() + 16, ATTENTION_SCORES);
  store<i32>(job, kvHeads, ATTENTION_KV_HEADS);
  store<i32>(job, heads, ATTENTION_HEADS);
}

/**
 * Attention of this half's heads over positions 0...position, to their places in `to`: s16 (dim). Compiled for caches that all hold the
 * context (T: u8), which then have nothing of what comes with others: see {@link attendInWindow}.
 */
// @ts-ignore: decorator
@inline
export function attendFor<T>(half: i32, layer: i32, position: i32, to: usize): void {
  const first = firstOf(half, heads);
  const last = first + countOf(half, heads);
  // From here on heads read keys of the second half, whose scales are others.
  const border = (countOf(0, kvHeads) * heads + kvHeads - 1) / kvHeads;
  if (first < border) attendTo<T>(0, half, layer, position, first, min(last, border), to);
  if (last > border) attendTo<T>(1, half, layer, position, max(first, border), last, to);
}

/** The same where local layers' caches hold their window: in those over the last positions alone. */
export function attendInWindow(half: i32, layer: i32, position: i32, to: usize): void {
  attendFor<u16>(half, layer, position, to);
}

/** Attention of some of a half's heads, which read keys of half `source`. */
// @ts-ignore: decorator
@inline
function attendTo<T>(source: i32, half: i32, layer: i32, position: i32, first: i32, last: i32, to: usize): void {
  const mine = scratchOf(half);
  const job = mine + at.ATTENTION;
  const rows = 2 * pairsOf(heads);
  const query = mine + at.QUERY();
  // From a query's unit to steps of scores: powers of two are left to the kernel's shift, the rest goes into the int8 queries.
  const factor = load<f32>(mine + at.QUERY_FACTOR + (<usize>half << 2)) * load<f32>(layerRecord(layer), at.SCORE_FACTOR) * load<f32>(keyUnit(layer, source));
  const largest = <f32>largest_s16(queriesOf(mine, half), rows) * factor;
  const spare = -1 - exponentOf(largest * (<f32>1 / <f32>queryLimit()));
  quantize_by(queriesOf(mine, half), query, rows, mantissaOf(factor), min(max(6 - exponentOf(factor) - spare, 0), 31));
  store<i32>(job, min(max(spare, 0), 19 - COARSEST), ATTENTION_SHIFT);
  if (sizeof<T>() > 1) store<usize>(job, windowedStride(layer), ATTENTION_STRIDE);
  store<usize>(job, mine + at.LIFTS() + (<usize>(layer * heads + first) << 1), ATTENTION_LIFTS);
  store<i32>(job, (first * kvHeads) % heads, ATTENTION_AHEAD);
  const key = keys + (sizeof<T>() > 1 ? windowedCache(layer, (first * kvHeads) / heads) : headCache(layer, (first * kvHeads) / heads));
  const out = to + (<usize>(first * headSize()) << 1);
  attendHeads(query + <usize>((first - firstOf(half, heads)) * (headSize() >> 1)), key, out, last - first, held(layer, position + 1), job);
}
