/**
 * Layers whose attention sees the last `window` positions alone: their cache has places for so many, and the oldest one's is taken by the
 * next. The order of positions in it does not matter to attention that knows none.
 */
import { window } from "../contract/config";
import { isLocal } from "./places";

/** Of so many positions, those that a layer's cache holds. */
// @ts-ignore: decorator
@inline
export function held(layer: i32, positions: i32): i32 {
  return window && isLocal(layer) ? min(positions, window) : positions;
}

/** Where in a layer's cache a position is. */
// @ts-ignore: decorator
@inline
export function slot(layer: i32, position: i32): i32 {
  return window && isLocal(layer) ? <i32>(<u32>position % <u32>window) : position;
}
