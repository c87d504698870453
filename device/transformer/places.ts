/** Where things lie: scratch, records, matrices, the cache of keys and values. */
import { cores, heads, keyUnits, kvHeads, layers, model, scratch, scratchBytes, window } from "../contract/config";
import * as at from "../contract/fixed";
import { contextPadded, pairsOf } from "../contract/fixed";
import { MIXED } from "../contract/constants";
import { rowBytes, scaleBytes } from "../contract/formats";
import { headSize, pad16 } from "../contract/sizes";

/** Scratch of the core that runs a half. */
// @ts-ignore: decorator
@inline
export function scratchOf(half: i32): usize {
  return scratch + (cores == 2 ? <usize>half * scratchBytes : 0);
}

// @ts-ignore: decorator
@inline
export function layerRecord(layer: i32): usize {
  return model + at.HEADER_BYTES + <usize>layer * at.LAYER_BYTES;
}

/** The second part of the record. */
// @ts-ignore: decorator
@inline
export function moreRecord(): usize {
  return model + at.HEADER_BYTES + <usize>layers * at.LAYER_BYTES;
}

// @ts-ignore: decorator
@inline
export function addedRecord(layer: i32): usize {
  return moreRecord() + at.MORE_BYTES + <usize>layer * at.ADDED_BYTES;
}

/** What is read of a layer by hidden units. */
// @ts-ignore: decorator
@inline
export function unitsRecord(layer: i32): usize {
  return moreRecord() + <usize>layer * at.UNITS_BYTES;
}

/** Whether a layer's attention sees a window alone. */
// @ts-ignore: decorator
@inline
export function isLocal(layer: i32): bool {
  return load<i32>(addedRecord(layer), at.IS_LOCAL) != 0;
}

/** Rows from `first` on of the matrix whose words are at `matrix` of a record. */
// @ts-ignore: decorator
@inline
export function rowsFrom(record: usize, matrix: usize, format: i32, columns: i32, first: i32): usize {
  return load<usize>(record + matrix) + <usize>(first * rowBytes(format, columns));
}

/** Their scales. */
// @ts-ignore: decorator
@inline
export function scalesFrom(record: usize, matrix: usize, format: i32, columns: i32, first: i32): usize {
  return load<usize>(record + matrix + (at.QKV_SCALES - at.QKV)) + <usize>(first * scaleBytes(format, columns));
}

/** Format of a matrix: what all layers have, or where they differ, what the record says. */
// @ts-ignore: decorator
@inline
export function formatOf(record: usize, matrix: usize, format: i32): i32 {
  return format == MIXED ? load<i32>(record + matrix + (at.QKV_FORMAT - at.QKV)) : format;
}

/** Shift of a matrix's products. */
// @ts-ignore: decorator
@inline
export function productShift(record: usize, matrix: usize): i32 {
  return load<i32>(record + matrix + (at.QKV_SHIFT - at.QKV));
}

/** What vectors must keep to that a matrix is multiplied by. */
// @ts-ignore: decorator
@inline
export function boundOf(record: usize, matrix: usize): i32 {
  return load<i32>(record + matrix + (at.QKV_BOUND - at.QKV));
}

/** Where the keys (or values) of a head of a layer begin: so many elements, or bytes. Where all layers' caches hold the context. */
// @ts-ignore: decorator
@inline
export function headCache(layer: i32, head: i32): usize {
  return <usize>((layer * kvHeads + head) * headSize() * contextPadded());
}

/** The same where local ones hold their window alone. (Of layers that are not a model's first, those before are not here.) */
export function windowedCache(layer: i32, head: i32): usize {
  const local = load<i32>(addedRecord(layer), at.LOCAL_BEFORE) - load<i32>(addedRecord(0), at.LOCAL_BEFORE);
  const before = (layer - local) * contextPadded() + local * pad16(window);
  return <usize>(before * kvHeads * headSize()) + <usize>head * windowedStride(layer);
}

/** From a head's keys (or values) to the next one's of the same layer, where local layers' caches hold their window. */
export function windowedStride(layer: i32): usize {
  return <usize>(headSize() * (isLocal(layer) ? pad16(window) : contextPadded()));
}

/** Where the unit of the keys of one half of a layer's heads is; its reciprocal lies behind it. */
// @ts-ignore: decorator
@inline
export function keyUnit(layer: i32, half: i32): usize {
  return keyUnits + (<usize>(layer * 2 + half) << 3);
}

/** This half's queries: s16 (2, pairs). */
// @ts-ignore: decorator
@inline
export function queriesOf(mine: usize, half: i32): usize {
  return mine + at.QUERIES() + <usize>(half * 4 * pairsOf(heads));
}
