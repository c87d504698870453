/**
 * The feed-forward by hidden units, where the activation leaves zeros: units whose gate is not zero are listed, and only their rows of the
 * up matrix and their columns of the down matrix are read. Each lies in one run, so that what is left out is not brought from memory either.
 */
import { dim } from "../contract/config";
import { listActive } from "../contract/activations";
import * as at from "../contract/fixed";
import { firstRow, hiddenHalf, rowsOf } from "../contract/fixed";
import { add_columns, matvec_active } from "../contract/kernels";
import { pad16 } from "../contract/sizes";
import { ACTIVE_COLUMNS, ACTIVE_SHIFT, ACTIVE_UNITS } from "../contract/status";
import { layerRecord, unitsRecord } from "./places";
import { mantissaOf, shiftOf } from "./scalar";

/** Row of the up matrix of a unit of a half. */
// @ts-ignore: decorator
@inline
export function upRow(layer: i32, half: i32, unit: i32): usize {
  return load<usize>(unitsRecord(layer), at.UP) + <usize>((half * hiddenHalf() + unit) * pad16(dim));
}

/** Column of the down matrix. */
// @ts-ignore: decorator
@inline
export function downColumn(layer: i32, half: i32, unit: i32): usize {
  return load<usize>(layerRecord(layer), at.DOWN) + <usize>((half * hiddenHalf() + unit) * pad16(dim));
}

/**
 * Lists which of `units` units of a half from `first` on have a gate that is not zero, gate rows and their scales being at `gates` and
 * `scales`; `factor` leads to the gates' unit. What those units hold for activations `x` goes to `out`, s32, one behind the other.
 */
// @ts-ignore: decorator
@inline
export function takeUnits(
  half: i32, layer: i32, first: i32, units: i32, gates: usize, scales: usize, factor: f32, x: usize, list: usize, out: usize,
): void {
  const record = unitsRecord(layer);
  const upScales = load<usize>(record, at.UP_SCALES) + (<usize>(half * hiddenHalf() + first) << 1);
  store<i32>(list, pad16(dim), ACTIVE_COLUMNS);
  store<i32>(list, load<i32>(record, at.UP_SHIFT), ACTIVE_SHIFT);
  store<i32>(list, units, ACTIVE_UNITS);
  listActive(gates, scales, list, units, mantissaOf(factor), shiftOf(factor));
  matvec_active(upRow(layer, half, first), x, list, gates, upScales, out);
}

/** Adds what the listed units of half `other` from `first` on give, of activations `x`, to the sums of this half's rows of the down matrix. */
// @ts-ignore: decorator
@inline
export function addUnits(half: i32, layer: i32, other: i32, first: i32, x: usize, list: usize, sums: usize): void {
  const columns = downColumn(layer, other, first) + <usize>firstRow(half, dim);
  add_columns(columns, x + <usize>(other * hiddenHalf() + first), list, sums, rowsOf(half, dim));
}
