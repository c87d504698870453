/** A lane: what one position of a pass of several keeps meanwhile (src/contract/sizes.ts). */
import { batch, cores, laneProducts, lent, vocabulary } from "../contract/config";
import {
  laneActivations, laneAttention, laneBytes, laneLists, laneStream, laneUnits, listBytes, productRest, sumsBytes, unitTile,
} from "../contract/fixed";
import { pad16 } from "../contract/sizes";

/** Bytes before the activations: their scale, the lane's token, and for each half whether a guess was refused (`takeRows`). */
const LANE_HEADER: usize = 16;
const LANE_TOKEN: usize = 4;
export const LANE_REFUSED: usize = 8;

/** Where the lanes are that are in use, where they may lie in the place of matrices (lend.ts). */
let lanesAt: usize = 0;

export function moveLanes(to: usize): void {
  lanesAt = to;
}

// @ts-ignore: decorator
@inline
export function lanesLieAt(place: usize): bool {
  return lanesAt == place;
}

/** s32 (dim). */
// @ts-ignore: decorator
@inline
export function streamOf(lane: i32): usize {
  return (lent ? lanesAt : batch) + <usize>(lane * laneBytes());
}

/** s16 (dim). */
// @ts-ignore: decorator
@inline
export function attentionOf(lane: i32): usize {
  return streamOf(lane) + laneStream();
}

// @ts-ignore: decorator
@inline
export function headerOf(lane: i32): usize {
  return attentionOf(lane) + laneAttention();
}

/** s8 (widest vector). */
// @ts-ignore: decorator
@inline
export function activationsOf(lane: i32): usize {
  return headerOf(lane) + LANE_HEADER;
}

/** The list of a tile of a half's units. */
// @ts-ignore: decorator
@inline
export function listAt(lane: i32, half: i32, tile: i32): usize {
  return headerOf(lane) + laneActivations() + <usize>(half * laneLists() + tile * listBytes(unitTile()));
}

/** s32 (hidden): what active units hold, one behind the other in each tile. */
// @ts-ignore: decorator
@inline
export function heldBy(lane: i32): usize {
  return headerOf(lane) + laneActivations() + <usize>(2 * laneLists());
}

/** Sums of a half's rows of the down matrix, once nobody reads what units hold. */
// @ts-ignore: decorator
@inline
export function sumsOf(lane: i32, half: i32): usize {
  return heldBy(lane) + <usize>(half * sumsBytes());
}

/** s16 (half, query, key and value rows or gate and up rows). */
// @ts-ignore: decorator
@inline
export function rowsAt(lane: i32): usize {
  return headerOf(lane) + laneActivations() + laneUnits();
}

// @ts-ignore: decorator
@inline
export function scaleOf(lane: i32): f32 {
  return load<f32>(headerOf(lane));
}

export function setToken(lane: i32, token: i32): void {
  store<i32>(headerOf(lane) + LANE_TOKEN, token);
}

export function tokenOf(lane: i32): i32 {
  return load<i32>(headerOf(lane) + LANE_TOKEN);
}

/** s16 (vocabulary). */
// @ts-ignore: decorator
@inline
export function productsOf(lane: i32): usize {
  return productRest() ? laneProducts + <usize>(lane * 2 * pad16(vocabulary)) : rowsAt(lane);
}

/** Of what only one core does, a lane at a time: the first of a half's lanes; every `cores`th one is. */
// @ts-ignore: decorator
@inline
export function firstLane(half: i32, count: i32): i32 {
  return cores == 2 ? half : half ? count : 0;
}
