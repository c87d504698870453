/**
 * The quantised forward pass: int8 weights by rows, int8 activations and KV cache scaled on the fly, a 32-bit residual stream.
 * Each stage does one half of the work; between stages the cores meet (see ../transformer.ts). Units are explained in
 * ARCHITECTURE.md, "Integer arithmetic".
 */
import { hasEmbedding } from "../chain/part";
import { actAlone, gateAndUp } from "../contract/activations";
import {
  attention, biases, boards, classifierFormat, cores, dim, downFormat, embeddingFormat, gateUpFormat, gates, hasLayerEmbeddings, heads, hidden,
  kvHeads, logits, model, outFormat, qkvFormat, rawKeys, residual, rotary, vocabulary, window, zeros,
} from "../contract/config";
import { LOGIT_TILE } from "../contract/constants";
import * as at from "../contract/fixed";
import {
  firstRow, gateRows, hiddenHalf, layerRow, layerRows, listBytes, pairsOf, qkvRows, rowsOf, sumsBytes, valueRows,
} from "../contract/fixed";
import { INT4, INT5, multiplyDim, multiplyHidden } from "../contract/formats";
import {
  add_row, largest_s16, largest_s32, logits_s32, quantize_by, quantize_rows, read_columns, rope, set_row,
} from "../contract/kernels";
import { pad16 } from "../contract/sizes";
import { LAYER_ROW_MANTISSA, LAYER_ROW_SHIFT, LAYER_ROW_VECTOR, NORMED_SHIFT, NORMED_SQUARES } from "../contract/status";
import { attendFor, attendInWindow, takePosition } from "./attend";
import { normalizeBounded, quantizeBounded, quantizeWide } from "./bounded";
import { cache, outgrows, unitFor } from "./cache";
import { embedInt4, embedInt5 } from "./embedding";
import { isLogFull, rawRows } from "./history";
import { boundOf, formatOf, layerRecord, productShift, queriesOf, rowsFrom, scalesFrom, scratchOf } from "./places";
import { addBias, addLogitBias, addPosition, addRows, biasRows, ones } from "./rows";
import { inverseRoot, mantissaOf, shiftOf } from "./scalar";
import { addUnits, takeUnits } from "./units";

/** With one core, what both halves need alike is computed once, by the first. */
// @ts-ignore: decorator
@inline
function shares(half: i32): bool {
  return cores == 2 || half == 0;
}

/** RMSNorm of the residual stream into this core's int8 activations; real value = int8 * scale, scale = max * factor / rms. */
// @ts-ignore: decorator
@inline
function normalizeResidual(half: i32, gain: usize, factor: f32, bound: i32): f32 {
  const mine = scratchOf(half);
  if (cores == 1 && half) return keptScale(mine); // the first half has done it
  return keepScale(mine, normalizeInto(mine + at.ACTIVATIONS, residual, gain, factor, bound, mine + at.NORMED()));
}

/** The same of any stream `x`, to `q`; returns the scale, and leaves in `normed` what the norm left. */
// @ts-ignore: decorator
@inline
export function normalizeInto(q: usize, x: usize, gain: usize, factor: f32, bound: i32, normed: usize): f32 {
  const largest = normalizeBounded(x, gain, normed, q, pad16(dim), bound);
  const shift = load<i32>(normed + NORMED_SHIFT);
  const mean = <f32>load<i32>(normed + NORMED_SQUARES) * (<f32>256 / <f32>dim);
  const epsilon = load<f32>(model, at.EPSILON) * reinterpret<f32>((127 - 2 * shift) << 23);
  return largest * factor * inverseRoot(mean + epsilon);
}

/** The scale of the activations, also left in the scratch: for the next stage, and with one core for the second half. */
// @ts-ignore: decorator
@inline
function keepScale(mine: usize, scale: f32): f32 {
  store<f32>(mine + at.ACTIVATION_SCALE, scale);
  return scale;
}

/** The scale that the first half has left. */
// @ts-ignore: decorator
@inline
function keptScale(mine: usize): f32 {
  return load<f32>(mine + at.ACTIVATION_SCALE);
}

/** This half of the token's embedding, where this board has it, and the rotation angles of the position for each pair of a half's heads. */
// @ts-ignore: decorator
@inline
export function embed(half: i32, token: i32, position: i32): void {
  if (hasEmbedding()) {
    embedInto(residual, half, token);
    if (!rotary) addPosition(residual, half, token, position);
    if (hasLayerEmbeddings && boards > 1) store<i32>(passedToken(), token);
  }
  if (shares(half)) takePosition(scratchOf(half), position);
}

/** This half of the token's embedding, to its rows of a residual stream; with per-layer embeddings it is the first of their rows. */
// @ts-ignore: decorator
@inline
export function embedInto(x: usize, half: i32, token: i32): void {
  const first = firstRow(half, dim);
  if (hasLayerEmbeddings) {
    const row = rowsOfToken(token);
    const mantissa = load<i32>(row, LAYER_ROW_MANTISSA);
    set_row(row + LAYER_ROW_VECTOR + first, x + (<usize>first << 2), rowsOf(half, dim), mantissa, load<i32>(row, LAYER_ROW_SHIFT));
    return;
  }
  const unit = load<i32>(load<usize>(model, at.EMBEDDING_UNITS) + (<usize>token << 2));
  if (embeddingFormat == INT4) {
    embedInt4(x, first, rowsOf(half, dim), token, unit);
    return;
  }
  if (embeddingFormat == INT5) {
    embedInt5(x, first, rowsOf(half, dim), token, unit);
    return;
  }
  let from = load<usize>(model, at.EMBEDDING) + <usize>((token & -16) * pad16(dim) + (first << 4) + (token & 15));
  let to = x + (<usize>first << 2);
  for (let rows = rowsOf(half, dim); rows > 0; rows -= 4) {
    const a = <i32>load<i8>(from, 0) * unit;
    const b = <i32>load<i8>(from, 16) * unit;
    const c = <i32>load<i8>(from, 32) * unit;
    const d = <i32>load<i8>(from, 48) * unit;
    store<i32>(to, a, 0);
    store<i32>(to, b, 4);
    store<i32>(to, c, 8);
    store<i32>(to, d, 12);
    from += 64;
    to += 16;
  }
}

/** The token's rows of per-layer embeddings, one behind the other. */
// @ts-ignore: decorator
@inline
export function rowsOfToken(token: i32): usize {
  return load<usize>(model, at.LAYER_EMBEDDINGS) + <usize>(token * layerRows() * layerRow());
}

/** Where the token goes from board to board: behind the padded residual stream, of which that is loaded and not used. */
// @ts-ignore: decorator
@inline
function passedToken(): usize {
  return residual + (<usize>pad16(dim) << 2);
}

/** Adds this half of what the token has behind so many layers. */
// @ts-ignore: decorator
@inline
export function embedLayer(half: i32, behind: i32, token: i32): void {
  embedLayerInto(residual, half, behind, boards > 1 ? load<i32>(passedToken()) : token);
}

/** The same to its rows of a residual stream. */
// @ts-ignore: decorator
@inline
export function embedLayerInto(x: usize, half: i32, behind: i32, token: i32): void {
  const row = rowsOfToken(token) + <usize>(behind * layerRow());
  const first = firstRow(half, dim);
  const mantissa = load<i32>(row, LAYER_ROW_MANTISSA);
  add_row(row + LAYER_ROW_VECTOR + first, x + (<usize>first << 2), rowsOf(half, dim), mantissa, load<i32>(row, LAYER_ROW_SHIFT));
}

/** Queries of this half's heads into its scratch; keys and values into the cache. */
// @ts-ignore: decorator
@inline
export function project(half: i32, layer: i32, position: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  const scale = normalizeResidual(half, load<usize>(record, at.ATTENTION_GAIN), load<f32>(record, at.ATTENTION_FACTOR), boundOf(record, at.QKV));
  const first = half ? qkvRows() : 0;
  const weights = rowsFrom(record, at.QKV, formatOf(record, at.QKV, qkvFormat), pad16(dim), first);
  const scales = scalesFrom(record, at.QKV, formatOf(record, at.QKV, qkvFormat), pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  multiplyDim(formatOf(record, at.QKV, qkvFormat), weights, mine + at.ACTIVATIONS, pad16(dim), outputs, qkvRows(), productShift(record, at.QKV));
  takeRows(half, layer, position, outputs, scales, scale, true);
}

/**
 * What becomes of a half's query, key and value rows, whose products are at `outputs` for activations of this scale. False, and nothing
 * is cached, where a key is too large for the unit and the position is not `certain`: what is cached before it must stay as it is, unless
 * it can be restored.
 */
// @ts-ignore: decorator
@inline
export function takeRows(half: i32, layer: i32, position: i32, outputs: usize, scales: usize, scale: f32, certain: bool): bool {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  const queryRows = 2 * pairsOf(heads);
  if (biases) {
    biasRows(layer, at.QKV_BIAS, half ? qkvRows() : 0, qkvRows(), outputs, scales, scale);
    scales = ones();
    scale = 1;
  }
  if (rotary) rope(outputs, scales, mine + at.ANGLES(), queriesOf(mine, half), pairsOf(heads));
  else memory.copy(queriesOf(mine, half), outputs, <usize>queryRows << 1);
  store<f32>(mine + at.QUERY_FACTOR + (<usize>half << 2), scale);

  const keyRows = 2 * pairsOf(kvHeads);
  const keyBlock = outputs + (<usize>queryRows << 1);
  const keyBlockScales = biases ? scales : scales + (<usize>queryRows << 1);
  const valueBlock = keyBlock + (<usize>keyRows << 1);
  const valueBlockScales = biases ? scales : keyBlockScales + (<usize>keyRows << 1);
  const quantized = mine + at.NORMED(); // no longer needed: int8 keys, then values

  if (rotary) rope(keyBlock, keyBlockScales, mine + at.KEY_ANGLES(), keyBlock, pairsOf(kvHeads));
  const largest = <f32>largest_s16(keyBlock, keyRows) * scale;
  if (!certain && outgrows(half, layer, largest) && (!rawKeys || isLogFull(half, layer))) return false;
  const keyFactor = scale * unitFor(half, layer, position, largest);
  quantize_by(keyBlock, quantized, keyRows, mantissaOf(keyFactor), shiftOf(keyFactor));
  if (rawKeys) memory.copy(rawRows(half, layer, position), quantized, keyRows);

  const valueFactor = scale * load<f32>(record, at.VALUE_FACTOR);
  quantize_rows(valueBlock, valueBlockScales, quantized + keyRows, valueRows(), mantissaOf(valueFactor), shiftOf(valueFactor));
  cache(half, layer, position, quantized);
  return true;
}

/** Attention of this half's heads over positions 0...position. */
// @ts-ignore: decorator
@inline
export function attend(half: i32, layer: i32, position: i32): void {
  if (window) attendInWindow(half, layer, position, attention);
  else attendFor<u8>(half, layer, position, attention);
}

/** Adds this half's rows of the attention's output matrix to the residual stream. */
// @ts-ignore: decorator
@inline
export function projectOut(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  let scale: f32;
  if (shares(half)) {
    const largest = quantizeBounded(attention, mine + at.ACTIVATIONS, pad16(dim), boundOf(record, at.OUT));
    scale = keepScale(mine, largest * load<f32>(record, at.OUT_FACTOR));
  } else scale = keptScale(mine);
  const first = firstRow(half, dim);
  const weights = rowsFrom(record, at.OUT, formatOf(record, at.OUT, outFormat), pad16(dim), first);
  const scales = scalesFrom(record, at.OUT, formatOf(record, at.OUT, outFormat), pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  multiplyDim(formatOf(record, at.OUT, outFormat), weights, mine + at.ACTIVATIONS, pad16(dim), outputs, rowsOf(half, dim), productShift(record, at.OUT));
  addRows(residual + (<usize>first << 2), rowsOf(half, dim), outputs, scales, scale);
  if (biases) addBias(layer, at.OUT_BIAS, first, rowsOf(half, dim), residual + (<usize>first << 2));
}

/** The list of a half's hidden units that are not zero. */
// @ts-ignore: decorator
@inline
function activeList(half: i32): usize {
  return hidden + <usize>(8 * hiddenHalf() + half * listBytes(hiddenHalf()));
}

/** Gate and up rows of this half's hidden units, or rows without gates, and what becomes of them; where zeros are left out, see units.ts. */
// @ts-ignore: decorator
@inline
export function feedForward(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  const scale = normalizeResidual(half, load<usize>(record, at.FEED_FORWARD_GAIN), load<f32>(record, at.FEED_FORWARD_FACTOR), boundOf(record, at.GATE_UP));
  const first = half * gateRows();
  const weights = rowsFrom(record, at.GATE_UP, formatOf(record, at.GATE_UP, gateUpFormat), pad16(dim), first);
  const scales = scalesFrom(record, at.GATE_UP, formatOf(record, at.GATE_UP, gateUpFormat), pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  const factor = (biases ? <f32>1 : scale) * load<f32>(record, at.GATE_FACTOR);
  multiplyDim(formatOf(record, at.GATE_UP, gateUpFormat), weights, mine + at.ACTIVATIONS, pad16(dim), outputs, gateRows(), productShift(record, at.GATE_UP));
  if (zeros) {
    const out = hidden + <usize>(half * hiddenHalf() * 4);
    takeUnits(half, layer, 0, hiddenHalf(), outputs, scales, factor, mine + at.ACTIVATIONS, activeList(half), out);
  } else activateRows(half, layer, outputs, scales, scale, factor);
}

/** This half of the hidden vector, of products at `outputs` for activations of this scale; `factor` leads to the unit of the gates. */
// @ts-ignore: decorator
@inline
export function activateRows(half: i32, layer: i32, outputs: usize, scales: usize, scale: f32, factor: f32): void {
  if (biases) {
    biasRows(layer, at.GATE_UP_BIAS, half * gates * hiddenHalf(), gates * hiddenHalf(), outputs, scales, scale);
    scales = ones();
  }
  if (gates == 1) {
    actAlone(outputs, hidden + <usize>(half * hiddenHalf() * 2), hiddenHalf());
    return;
  }
  gateAndUp(outputs, scales, hidden + <usize>(half * hiddenHalf() * 4), hiddenHalf(), mantissaOf(factor), shiftOf(factor));
}

/** The hidden vector as activations `q`, which the down matrix of the record reads. Returns 127 units of q in units of the vector. */
// @ts-ignore: decorator
@inline
export function quantizeHidden(record: usize, q: usize): f32 {
  if (gates == 1) return quantizeBounded(hidden, q, 2 * hiddenHalf(), boundOf(record, at.DOWN));
  return quantizeWide(hidden, q, 2 * hiddenHalf(), boundOf(record, at.DOWN));
}

/** This half's rows of the down matrix times the activations of active units. */
// @ts-ignore: decorator
@inline
function multiplyUnits(half: i32, layer: i32, x: usize, outputs: usize, shift: i32): void {
  const sums = outputs + (<usize>rowsOf(0, dim) << 1);
  memory.fill(sums, 0, sumsBytes());
  for (let other = 0; other < 2; other++) addUnits(half, layer, other, 0, x, activeList(other), sums);
  read_columns(sums, outputs, rowsOf(half, dim), shift);
}

/** Adds this half's rows of the down matrix to the residual stream. */
// @ts-ignore: decorator
@inline
export function projectDown(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  let scale: f32;
  if (shares(half)) {
    const largest = quantizeHidden(record, mine + at.ACTIVATIONS);
    scale = keepScale(mine, largest * ((biases ? 1 : keptScale(mine)) * load<f32>(record, at.DOWN_FACTOR)));
  } else scale = keptScale(mine);
  const first = firstRow(half, dim);
  const weights = rowsFrom(record, at.DOWN, formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf(), first);
  const scales = scalesFrom(record, at.DOWN, formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf(), first);
  const outputs = mine + at.OUTPUTS();
  if (zeros) multiplyUnits(half, layer, mine + at.ACTIVATIONS, outputs, productShift(record, at.DOWN));
  else multiplyHidden(formatOf(record, at.DOWN, downFormat), weights, mine + at.ACTIVATIONS, 2 * hiddenHalf(), outputs, rowsOf(half, dim), productShift(record, at.DOWN));
  addRows(residual + (<usize>first << 2), rowsOf(half, dim), outputs, scales, scale);
  if (biases) addBias(layer, at.DOWN_BIAS, first, rowsOf(half, dim), residual + (<usize>first << 2));
}

/** Rows behind the vocabulary are no tokens: none may be the largest. Returns the half's largest logit. */
// @ts-ignore: decorator
@inline
function maskPadding(half: i32): i32 {
  for (let row = vocabulary; row < pad16(vocabulary); row++) store<i32>(logits + (<usize>row << 2), i32.MIN_VALUE);
  return largest_s32(logits + (<usize>firstRow(half, vocabulary) << 2), rowsOf(half, vocabulary));
}

/** Keeps a half's largest logit, and the row at which the tile begins that holds it. */
// @ts-ignore: decorator
@inline
function keepLargest(half: i32, largest: i32, tile: i32): void {
  const mine = scratchOf(half) + (<usize>half << 2);
  if (vocabulary < firstRow(half, vocabulary) + rowsOf(half, vocabulary)) {
    largest = maskPadding(half);
    tile = firstRow(half, vocabulary);
  }
  store<i32>(mine + at.LARGEST_TILE, tile);
  store<i32>(mine + at.LARGEST_LOGIT, largest);
}

/** A half's logits of products that are there, s16 (vocabulary), of activations of this scale. */
export function logitsOf(half: i32, products: usize, scale: f32): void {
  store<f32>(scratchOf(half) + at.LOGIT_UNIT, scale * load<f32>(model, at.LOGIT_FACTOR));
  const end = firstRow(half, vocabulary) + rowsOf(half, vocabulary);
  let largest = i32.MIN_VALUE;
  let tile = firstRow(half, vocabulary);
  for (let row = tile; row < end; row += LOGIT_TILE) {
    const scales = scalesFrom(model, at.CLASSIFIER, classifierFormat, pad16(dim), row);
    let here = logits_s32(products + (<usize>row << 1), scales, logits + (<usize>row << 2), min(LOGIT_TILE, end - row));
    if (!rotary) here = addLogitBias(half, row, min(LOGIT_TILE, end - row));
    if (here > largest) {
      largest = here;
      tile = row;
    }
  }
  keepLargest(half, largest, tile);
}

/** This half's logits, their largest and the unit that they are in. */
// @ts-ignore: decorator
@inline
export function classify(half: i32): void {
  const mine = scratchOf(half);
  const scale = normalizeResidual(half, load<usize>(model, at.FINAL_GAIN), load<f32>(model, at.FINAL_FACTOR), boundOf(model, at.CLASSIFIER));
  store<f32>(mine + at.LOGIT_UNIT, scale * load<f32>(model, at.LOGIT_FACTOR));
  const outputs = mine + at.OUTPUTS();
  const shift = productShift(model, at.CLASSIFIER);
  const end = firstRow(half, vocabulary) + rowsOf(half, vocabulary);
  let largest = i32.MIN_VALUE;
  let tile = firstRow(half, vocabulary);
  for (let row = firstRow(half, vocabulary); row < end; row += LOGIT_TILE) {
    const rows = min(LOGIT_TILE, end - row);
    const weights = rowsFrom(model, at.CLASSIFIER, classifierFormat, pad16(dim), row);
    const scales = scalesFrom(model, at.CLASSIFIER, classifierFormat, pad16(dim), row);
    multiplyDim(classifierFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, rows, shift);
    let here = logits_s32(outputs, scales, logits + (<usize>row << 2), rows);
    if (!rotary) here = addLogitBias(half, row, rows);
    if (here > largest) {
      largest = here;
      tile = row;
    }
  }
  keepLargest(half, largest, tile);
}
