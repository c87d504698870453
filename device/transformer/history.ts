/**
 * When the units of the keys grew. A unit that grows rounds the keys that are there, so a cache cannot be used again from its middle as it
 * stands. Keys as they were first written (`rawKeys`) and this log make those of any position anew, bit for bit (restore.ts). The unit of
 * the values stays.
 */
import { context, growths, kvHeads, rawKeys } from "../contract/config";
import { GROWTH_WORDS } from "../contract/constants";
import { pairsOf } from "../contract/fixed";
import { keyUnit } from "./places";

// Words of a log: entries, the unit at position 0 and its reciprocal, the first position whose growth found no room; then the entries.
const COUNT: usize = 0;
const UNIT: usize = 4;
const RECIPROCAL: usize = 8;
const LOST: usize = 12;
const ENTRIES: usize = 16;
/** A growth takes an entry for each factor, one nearly always. */
const MOST: i32 = GROWTH_WORDS - 4;
const SPARE: i32 = 8;

// @ts-ignore: decorator
@inline
function logOf(half: i32, layer: i32): usize {
  return growths + <usize>((layer * 2 + half) * GROWTH_WORDS) * 4;
}

/** A half's keys of a layer at a position, s8 (2, pairs), as they were first written. */
// @ts-ignore: decorator
@inline
export function rawRows(half: i32, layer: i32, position: i32): usize {
  return rawKeys + <usize>(((layer * 2 + half) * context + position) * 2 * pairsOf(kvHeads));
}

/** Position 0 has given a unit. */
export function beginLog(half: i32, layer: i32): void {
  const log = logOf(half, layer);
  store<i32>(log, 0, COUNT);
  store<f32>(log, load<f32>(keyUnit(layer, half)), UNIT);
  store<f32>(log, load<f32>(keyUnit(layer, half), 4), RECIPROCAL);
  store<i32>(log, i32.MAX_VALUE, LOST);
}

/** A unit grew before the key of a position was written: keys were multiplied by factor / 128. */
export function noteGrowth(half: i32, layer: i32, position: i32, factor: i32): void {
  const log = logOf(half, layer);
  const count = load<i32>(log, COUNT);
  if (count == MOST) {
    store<i32>(log, min(position, load<i32>(log, LOST)), LOST);
    return;
  }
  store<i32>(log + (<usize>count << 2), (position << 8) | factor, ENTRIES);
  store<i32>(log, count + 1, COUNT);
}

/** Whether the next growth may find no room. */
// @ts-ignore: decorator
@inline
export function isLogFull(half: i32, layer: i32): bool {
  return load<i32>(logOf(half, layer), COUNT) > MOST - SPARE;
}

/** Of the positions up to `count`, those whose keys can be made anew. */
export function restorable(half: i32, layer: i32, count: i32): i32 {
  return min(count, load<i32>(logOf(half, layer), LOST));
}

// @ts-ignore: decorator
@inline
export function growthCount(half: i32, layer: i32): i32 {
  return load<i32>(logOf(half, layer), COUNT);
}

/** Position and factor of a growth. */
// @ts-ignore: decorator
@inline
export function growthPosition(half: i32, layer: i32, index: i32): i32 {
  return load<i32>(logOf(half, layer) + (<usize>index << 2), ENTRIES) >> 8;
}

// @ts-ignore: decorator
@inline
export function growthFactor(half: i32, layer: i32, index: i32): i32 {
  return load<i32>(logOf(half, layer) + (<usize>index << 2), ENTRIES) & 0xff;
}

/** Goes back to the first unit, and forgets all growths from the `kept`th on. */
export function rewindLog(half: i32, layer: i32, kept: i32): void {
  const log = logOf(half, layer);
  store<i32>(log, kept, COUNT);
  store<i32>(log, i32.MAX_VALUE, LOST);
  store<f32>(keyUnit(layer, half), load<f32>(log, UNIT));
  store<f32>(keyUnit(layer, half), load<f32>(log, RECIPROCAL), 4);
}

/** Whether a growth from position `count` on is not in the log. */
export function hasLost(half: i32, layer: i32, count: i32): bool {
  const lost = load<i32>(logOf(half, layer), LOST);
  return lost != i32.MAX_VALUE && lost >= count;
}
