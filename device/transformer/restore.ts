/** The cache of keys as it was at an earlier position, bit for bit: from the keys as they were first written, and what the units did since. */
import { layers } from "../contract/config";
import { cacheKeys, rescale } from "./cache";
import { growthCount, growthFactor, growthPosition, hasLost, rawRows, restorable, rewindLog } from "./history";

/** Makes the cache what it was when `count` positions were in it; returns for how many that can be done, fewer where the log was full. */
export function restore(count: i32): i32 {
  let possible = count;
  for (let layer = 0; layer < layers; layer++) {
    for (let half = 0; half < 2; half++) possible = restorable(half, layer, possible);
  }
  for (let layer = 0; layer < layers; layer++) {
    for (let half = 0; half < 2; half++) restoreHalf(half, layer, possible);
  }
  return possible;
}

function restoreHalf(half: i32, layer: i32, count: i32): void {
  const all = growthCount(half, layer);
  let kept = all;
  while (kept && growthPosition(half, layer, kept - 1) >= count) kept--;
  if (kept == all && !hasLost(half, layer, count)) return;
  rewindLog(half, layer, kept);
  let position = 0;
  for (let index = 0; index < kept; index++) {
    const grown = growthPosition(half, layer, index);
    position = spreadRaw(half, layer, position, grown);
    rescale(half, layer, grown, growthFactor(half, layer, index));
  }
  spreadRaw(half, layer, position, count);
}

/** Writes keys as they were first written, from a position up to another, which it returns. */
function spreadRaw(half: i32, layer: i32, position: i32, end: i32): i32 {
  for (; position < end; position++) cacheKeys(half, layer, position, rawRows(half, layer, position));
  return end;
}
