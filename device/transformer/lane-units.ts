/** The feed-forward by hidden units (units.ts) of several positions in one pass: a tile of units is brought in for all of them. */
import { cores, dim, downFormat, gateUpFormat } from "../contract/config";
import * as at from "../contract/fixed";
import { firstRow, hiddenHalf, rowsOf, sumsBytes, unitTile } from "../contract/fixed";
import { read_columns } from "../contract/kernels";
import { pad16 } from "../contract/sizes";
import { quantizeWide } from "./bounded";
import { activationsOf, firstLane, headerOf, heldBy, listAt, rowsAt, scaleOf, streamOf, sumsOf } from "./lane";
import { boundOf, formatOf, layerRecord, productShift, scalesFrom, scratchOf } from "./places";
import { addRows } from "./rows";
import { bringIn } from "./tiles";
import { addUnits, downColumn, takeUnits, upRow } from "./units";

/** What a half's active units hold in each lane, tile by tile of the up matrix. */
export function takeUnitsLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  const format = formatOf(record, at.GATE_UP, gateUpFormat);
  for (let first = 0; first < hiddenHalf(); first += unitTile()) {
    const units = min(unitTile(), hiddenHalf() - first);
    const unit = half * hiddenHalf() + first;
    const scales = scalesFrom(record, at.GATE_UP, format, pad16(dim), unit);
    bringIn(half, upRow(layer, half, first), units * pad16(dim));
    for (let lane = 0; lane < count; lane++) {
      const gates = rowsAt(lane) + (<usize>unit << 1);
      const factor = scaleOf(lane) * load<f32>(record, at.GATE_FACTOR);
      const list = listAt(lane, half, first / unitTile());
      takeUnits(half, layer, first, units, gates, scales, factor, activationsOf(lane), list, heldBy(lane) + (<usize>unit << 2));
    }
  }
}

/** That as activations, a lane by one core. */
export function quantizeUnitsLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  for (let lane = firstLane(half, count); lane < count; lane += cores) {
    const largest = quantizeWide(heldBy(lane), activationsOf(lane), 2 * hiddenHalf(), boundOf(record, at.DOWN));
    store<f32>(headerOf(lane), largest * (scaleOf(lane) * load<f32>(record, at.DOWN_FACTOR)));
  }
}

export function projectUnitsLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  const outputs = scratchOf(half) + at.OUTPUTS();
  for (let lane = 0; lane < count; lane++) memory.fill(sumsOf(lane, half), 0, sumsBytes());
  for (let other = 0; other < 2; other++) {
    for (let first = 0; first < hiddenHalf(); first += unitTile()) {
      bringIn(half, downColumn(layer, other, first), min(unitTile(), hiddenHalf() - first) * pad16(dim));
      for (let lane = 0; lane < count; lane++)
        addUnits(half, layer, other, first, activationsOf(lane), listAt(lane, other, first / unitTile()), sumsOf(lane, half));
    }
  }
  const first = firstRow(half, dim);
  const scales = scalesFrom(record, at.DOWN, formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf(), first);
  for (let lane = 0; lane < count; lane++) {
    read_columns(sumsOf(lane, half), outputs, rowsOf(half, dim), productShift(record, at.DOWN));
    addRows(streamOf(lane) + (<usize>first << 2), rowsOf(half, dim), outputs, scales, scaleOf(lane));
  }
}
