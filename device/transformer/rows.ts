/**
 * What becomes of a product's rows: they go to the residual stream, and where an architecture has biases those are added. Rows of queries,
 * keys, values and hidden units then leave as s16 in a unit of their own, whatever the activations' scale was.
 */
import { dim, logits } from "../contract/config";
import * as at from "../contract/fixed";
import { firstRow, rowsOf } from "../contract/fixed";
import { add_residual, bias_rows, largest_s32 } from "../contract/kernels";
import { pad16 } from "../contract/sizes";
import { addedRecord, moreRecord, scratchOf } from "./places";
import { fitsOnce, mantissaOf, repeatsOf, shiftOf } from "./scalar";

/** From a bias's address in the record to its factor. */
const FACTOR: usize = at.OUT_BIAS_FACTOR - at.OUT_BIAS;

/** Adds a product's rows, real value = row * scale * factor, to those of a residual stream at `x`. */
// @ts-ignore: decorator
@inline
export function addRows(x: usize, rows: i32, outputs: usize, scales: usize, factor: f32): void {
  const mantissa = mantissaOf(factor);
  const shift = shiftOf(factor);
  add_residual(outputs, scales, x, rows, mantissa, shift);
  if (fitsOnce(factor)) return;
  for (let times = repeatsOf(factor); times > 1; times--) add_residual(outputs, scales, x, rows, mantissa, shift);
}

/** Scales of rows that have none any more. */
// @ts-ignore: decorator
@inline
export function ones(): usize {
  return load<usize>(moreRecord(), at.ONES);
}

/** Gives products of activations of this scale the bias at `bias` of the layer's record, from row `first` on. */
// @ts-ignore: decorator
@inline
export function biasRows(layer: i32, bias: usize, first: i32, rows: i32, outputs: usize, scales: usize, scale: f32): void {
  const record = addedRecord(layer) + bias;
  const factor = scale * load<f32>(record + FACTOR);
  bias_rows(outputs, scales, load<usize>(record) + (<usize>first << 1), rows, mantissaOf(factor), shiftOf(factor));
}

/** Adds rows from `first` on of a bias to the residual stream whose row `first` is at `x`. */
// @ts-ignore: decorator
@inline
export function addBias(layer: i32, bias: usize, first: i32, rows: i32, x: usize): void {
  const record = addedRecord(layer) + bias;
  addRows(x, rows, load<usize>(record) + (<usize>first << 1), ones(), load<f32>(record + FACTOR));
}

/** Of an embedding at `x`, this half's rows: without their mean, which LayerNorm would take away, and with the position's vector. */
// @ts-ignore: decorator
@inline
export function addPosition(x: usize, half: i32, token: i32, position: i32): void {
  const first = firstRow(half, dim);
  const rows = rowsOf(half, dim);
  const stream = x + (<usize>first << 2);
  const mean = load<i32>(load<usize>(moreRecord(), at.EMBEDDING_MEANS) + (<usize>token << 2));
  const end = stream + (<usize>max(min(rows, dim - first), 0) << 2);
  for (let row = stream; row < end; row += 4) store<i32>(row, load<i32>(row) - mean);
  const vector = load<usize>(moreRecord(), at.POSITIONS) + (<usize>(position * pad16(dim) + first) << 1);
  addRows(stream, rows, vector, ones(), load<f32>(moreRecord(), at.POSITION_FACTOR));
}

/** Adds what LayerNorm's bias gives to logits of a half from `row` on. Returns the largest of them. */
// @ts-ignore: decorator
@inline
export function addLogitBias(half: i32, row: i32, rows: i32): i32 {
  const place = logits + (<usize>row << 2);
  const factor = load<f32>(moreRecord(), at.LOGIT_BIAS_UNIT) / load<f32>(scratchOf(half), at.LOGIT_UNIT);
  addRows(place, rows, load<usize>(moreRecord(), at.LOGIT_BIAS) + (<usize>row << 1), ones(), factor);
  return largest_s32(place, rows);
}
