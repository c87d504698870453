/**
 * The quantised forward pass: int8 weights by rows, int8 activations and KV cache scaled on the fly, a 32-bit residual stream.
 * Each stage does one half of the work; between stages the cores meet (see ../transformer.ts). Units are explained in
 * ARCHITECTURE.md, "Integer arithmetic".
 */
import { gateAndUp, listActive } from "../contract/activations";
import {
  attention, classifierFormat, cores, dim, downFormat, gateUpFormat, heads, hidden, keyScales, keys, kvHeads, logits, model, outFormat, qkvFormat, residual,
  scratch, scratchBytes, valueScales, values as cachedValues, vocabulary, zeros,
} from "../contract/config";
import { LOGIT_TILE } from "../contract/constants";
import * as at from "../contract/fixed";
import { contextPadded, firstRow, hiddenHalf, listBytes, pairsOf, qkvRows, queryLimit, rowsOf, valueRows } from "../contract/fixed";
import { multiplyDim, multiplyHidden, rowBytes, scaleBytes } from "../contract/formats";
import {
  add_residual, logits_f32, matvec_active, matvec_columns, normalize, pack, quantize, rope, scale_rows, scores, softmax, softmax_table, values,
} from "../contract/kernels";
import { countOf, firstOf, headSize, pad16 } from "../contract/sizes";
import { ACTIVE_COLUMNS, ACTIVE_SHIFT, ACTIVE_UNITS } from "../contract/status";
import { mantissaOf, reciprocalOf, repeatsOf, shiftOf, toScale16 } from "./scalar";

/** Scratch of the core that runs a half. */
// @ts-ignore: decorator
@inline
function scratchOf(half: i32): usize {
  return scratch + (cores == 2 && half ? scratchBytes : 0);
}

// @ts-ignore: decorator
@inline
function layerRecord(layer: i32): usize {
  return model + at.HEADER_BYTES + <usize>layer * at.LAYER_BYTES;
}

/** Rows from `first` on of the matrix whose words are at `matrix` of a record. */
// @ts-ignore: decorator
@inline
function rowsFrom(record: usize, matrix: usize, format: i32, columns: i32, first: i32): usize {
  return load<usize>(record + matrix) + <usize>(first * rowBytes(format, columns));
}

/** Their scales. */
// @ts-ignore: decorator
@inline
function scalesFrom(record: usize, matrix: usize, format: i32, columns: i32, first: i32): usize {
  return load<usize>(record + matrix + (at.QKV_SCALES - at.QKV)) + <usize>(first * scaleBytes(format, columns));
}

/** Shift of a matrix's products. */
// @ts-ignore: decorator
@inline
function productShift(record: usize, matrix: usize): i32 {
  return load<i32>(record + matrix + (at.QKV_SHIFT - at.QKV));
}

/** Elements of one layer's keys (or values) of one head. */
// @ts-ignore: decorator
@inline
function headCache(layer: i32, head: i32): usize {
  return <usize>((layer * kvHeads + head) * headSize() * contextPadded());
}

/** Offset of a layer's key (or value) scales of the heads of one half; the largest value scale lies behind them. */
// @ts-ignore: decorator
@inline
function halfScales(layer: i32, half: i32): usize {
  return <usize>((layer * 2 + half) * (contextPadded() + 16)) << 1;
}

/** With one core, what both halves need alike is computed once, by the first. */
// @ts-ignore: decorator
@inline
function shares(half: i32): bool {
  return cores == 2 || half == 0;
}

/** RMSNorm of the residual stream into this core's int8 activations; real value = int8 * scale, scale = max * factor / rms. */
function normalizeResidual(half: i32, gain: usize, factor: f32): void {
  const mine = scratchOf(half);
  const vector = mine + at.VECTOR16();
  normalize(residual, gain, vector, pad16(dim), mine + at.INFO);
  const shift = load<i32>(mine + at.INFO, 0);
  const mean = <f32>load<i32>(mine + at.INFO, 4) * (<f32>256 / <f32>dim);
  const epsilon = load<f32>(model, at.EPSILON) * reinterpret<f32>((127 - 2 * shift) << 23);
  const largest = quantize(vector, mine + at.ACTIVATIONS, pad16(dim), 127);
  store<f32>(mine + at.ACTIVATION_SCALE, (<f32>largest * factor) / sqrt<f32>(mean + epsilon));
}

/** This half of the token's embedding, and the rotation angles of the position for each pair of a half's heads. */
export function embed(half: i32, token: i32, position: i32): void {
  const first = firstRow(half, dim);
  const end = first + rowsOf(half, dim);
  const row = load<usize>(model, at.EMBEDDING) + <usize>(token * pad16(dim));
  const unit = load<i32>(load<usize>(model, at.EMBEDDING_UNITS) + (<usize>token << 2));
  for (let i = first; i < end; i++) store<i32>(residual + (<usize>i << 2), <i32>load<i8>(row + i) * unit);
  if (shares(half)) {
    const mine = scratchOf(half);
    spreadAngles(mine + at.ANGLES(), pairsOf(heads), position);
    spreadAngles(mine + at.KEY_ANGLES(), pairsOf(kvHeads), position);
  }
}

/** Repeats the cosines and sines of a position for every head. */
function spreadAngles(out: usize, pairs: i32, position: i32): void {
  const half = headSize() >> 1;
  const row = load<usize>(model, at.ROPE) + (<usize>(position * half) << 2);
  let j = 0;
  for (let i = 0; i < pairs; i++) {
    const angle = load<u32>(row + (<usize>j << 2));
    store<i16>(out + (<usize>i << 1), angle);
    store<i16>(out + (<usize>(i + pairs) << 1), angle >> 16);
    if (++j == half) j = 0;
  }
}

/** Queries of this half's heads into its scratch; keys and values into the cache. */
export function project(half: i32, layer: i32, position: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  if (shares(half)) normalizeResidual(half, load<usize>(record, at.ATTENTION_GAIN), load<f32>(record, at.ATTENTION_FACTOR));
  const scale = load<f32>(mine + at.ACTIVATION_SCALE);
  const first = half ? qkvRows() : 0;
  const weights = rowsFrom(record, at.QKV, qkvFormat, pad16(dim), first);
  const scales = scalesFrom(record, at.QKV, qkvFormat, pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  multiplyDim(qkvFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, qkvRows(), productShift(record, at.QKV));

  const queryRows = 2 * pairsOf(heads);
  rope(outputs, scales, mine + at.ANGLES(), pairsOf(heads));
  const largestQuery = quantize(outputs, mine + at.QUERIES() + <usize>(half * queryRows), queryRows, queryLimit());
  store<f32>(mine + at.QUERY_FACTOR + (<usize>half << 2), <f32>largestQuery * (scale * load<f32>(record, at.SCORE_FACTOR)));

  const keyRows = 2 * pairsOf(kvHeads);
  const keyBlock = outputs + (<usize>queryRows << 1);
  const keyBlockScales = scales + (<usize>queryRows << 1);
  const valueBlock = keyBlock + (<usize>keyRows << 1);
  const valueBlockScales = keyBlockScales + (<usize>keyRows << 1);
  const place = halfScales(layer, half) + (<usize>position << 1);
  const quantized = mine + at.VECTOR16(); // int8 keys, then values

  rope(keyBlock, keyBlockScales, mine + at.KEY_ANGLES(), pairsOf(kvHeads));
  const largestKey = quantize(keyBlock, quantized, keyRows, 127);
  store<i16>(keyScales + place, toScale16(<f32>largestKey * (scale * load<f32>(record, at.KEY_FACTOR))));

  scale_rows(valueBlock, valueBlockScales, valueRows());
  const largestValue = quantize(valueBlock, quantized + keyRows, valueRows(), 127);
  const valueScale = toScale16(<f32>largestValue * (scale * load<f32>(record, at.VALUE_FACTOR)));
  store<i16>(valueScales + place, valueScale);
  const peak = valueScales + halfScales(layer, half) + (<usize>contextPadded() << 1);
  store<i32>(peak, position ? max(load<i32>(peak), valueScale) : max(valueScale, 1));
  cache(half, layer, position, quantized);
}

/** Spreads a half's keys and values over the cache, whose registers hold one component of 16 positions. */
function cache(half: i32, layer: i32, position: i32, quantized: usize): void {
  const size = headSize();
  const pairs = size >> 1;
  let even = quantized;
  let odd = quantized + pairsOf(kvHeads);
  let value = quantized + 2 * pairsOf(kvHeads);
  const within = <usize>((position >> 4) * (size << 4) + (position & 15));
  const end = firstOf(half, kvHeads) + countOf(half, kvHeads);
  for (let head = firstOf(half, kvHeads); head < end; head++) {
    const base = headCache(layer, head) + within;
    let key = keys + base;
    for (let i = 0; i < pairs; i++) {
      store<u8>(key, load<u8>(even++));
      store<u8>(key + <usize>(pairs << 4), load<u8>(odd++));
      key += 16;
    }
    let out = cachedValues + base;
    for (let i = 0; i < size; i++) {
      store<u8>(out, load<u8>(value++));
      out += 16;
    }
  }
}

/** Attention of this half's heads over positions 0...position. */
export function attend(half: i32, layer: i32, position: i32): void {
  const mine = scratchOf(half);
  const query = mine + at.QUERY();
  const score = mine + at.SCORES();
  const weights = mine + at.WEIGHTS();
  const groups = (position >> 4) + 1;
  const pairs = headSize() >> 1;
  const factor = load<f32>(mine + at.QUERY_FACTOR + (<usize>half << 2));
  let even = mine + at.QUERIES() + <usize>(half * 2 * pairsOf(heads));
  let out = attention + <usize>(firstOf(half, heads) * headSize() * 2);
  let tableHalf = -1; // whose value scales the softmax table stands for
  let valueShift = 0;
  const end = firstOf(half, heads) + countOf(half, heads);
  for (let head = firstOf(half, heads); head < end; head++) {
    copyHalf(query, even);
    copyHalf(query + pairs, even + pairsOf(heads));
    even += pairs;
    const source = (head * kvHeads) / heads;
    const sourceHalf = source < countOf(0, kvHeads) ? 0 : 1;
    const scales = halfScales(layer, sourceHalf);
    if (sourceHalf != tableHalf) {
      tableHalf = sourceHalf;
      valueShift = 32 - <i32>clz<u32>(load<i32>(valueScales + scales + (<usize>contextPadded() << 1)));
      softmax_table(mine + at.SOFTMAX, mantissaOf(factor), shiftOf(factor), valueShift);
    }
    const place = headCache(layer, source);
    const largest = scores(query, keys + place, headSize(), keyScales + scales, score, position + 1);
    const sum = softmax(score, valueScales + scales, weights, groups, largest, mine + at.SOFTMAX);
    values(cachedValues + place, weights, groups, headSize(), out, reciprocalOf(sum) >> (15 - valueShift));
    out += <usize>headSize() << 1;
  }
}

/** Copies the even (or odd) components of one head's query. */
// @ts-ignore: decorator
@inline
function copyHalf(to: usize, from: usize): void {
  const bytes = headSize() >> 1;
  if (bytes & 3) for (let i = 0; i < bytes; i++) store<u8>(to + i, load<u8>(from + i));
  else for (let i = 0; i < bytes; i += 4) store<u32>(to + i, load<u32>(from + i));
}

/** Adds a product's rows of this half, real value = row * scale * factor, to the residual stream. */
function addRows(half: i32, outputs: usize, scales: usize, factor: f32): void {
  const x = residual + (<usize>firstRow(half, dim) << 2);
  for (let times = repeatsOf(factor); times > 0; times--) {
    add_residual(outputs, scales, x, rowsOf(half, dim), mantissaOf(factor), shiftOf(factor));
  }
}

/** Adds this half's rows of the attention's output matrix to the residual stream. */
export function projectOut(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  if (shares(half)) {
    const largest = quantize(attention, mine + at.ACTIVATIONS, pad16(dim), 127);
    store<f32>(mine + at.ACTIVATION_SCALE, <f32>largest * load<f32>(record, at.OUT_FACTOR));
  }
  const first = firstRow(half, dim);
  const weights = rowsFrom(record, at.OUT, outFormat, pad16(dim), first);
  const scales = scalesFrom(record, at.OUT, outFormat, pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  multiplyDim(outFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, rowsOf(half, dim), productShift(record, at.OUT));
  addRows(half, outputs, scales, load<f32>(mine + at.ACTIVATION_SCALE));
}

/** The list of a half's hidden units that are not zero. */
// @ts-ignore: decorator
@inline
function activeList(half: i32): usize {
  return hidden + <usize>(8 * hiddenHalf() + half * listBytes());
}

/**
 * Gate and up rows of this half's hidden units, and what becomes of the two. Where the activation leaves zeros, up rows of active
 * units only, and their products one behind the other.
 */
export function feedForward(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  if (shares(half)) normalizeResidual(half, load<usize>(record, at.FEED_FORWARD_GAIN), load<f32>(record, at.FEED_FORWARD_FACTOR));
  const first = half * 2 * hiddenHalf();
  const weights = rowsFrom(record, at.GATE_UP, gateUpFormat, pad16(dim), first);
  const scales = scalesFrom(record, at.GATE_UP, gateUpFormat, pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  const factor = load<f32>(mine + at.ACTIVATION_SCALE) * load<f32>(record, at.GATE_FACTOR);
  const out = hidden + <usize>(half * hiddenHalf() * 4);
  if (zeros) {
    const list = activeList(half);
    const shift = productShift(record, at.GATE_UP);
    store<i32>(list, pad16(dim), ACTIVE_COLUMNS);
    store<i32>(list, shift, ACTIVE_SHIFT);
    store<i32>(list, hiddenHalf(), ACTIVE_UNITS);
    const up = weights + <usize>(hiddenHalf() * rowBytes(gateUpFormat, pad16(dim)));
    const upScales = scales + <usize>(hiddenHalf() * scaleBytes(gateUpFormat, pad16(dim)));
    multiplyDim(gateUpFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, hiddenHalf(), shift);
    listActive(outputs, scales, list, hiddenHalf(), mantissaOf(factor), shiftOf(factor));
    matvec_active(up, mine + at.ACTIVATIONS, list, outputs, upScales, out);
    return;
  }
  multiplyDim(gateUpFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, 2 * hiddenHalf(), productShift(record, at.GATE_UP));
  gateAndUp(outputs, scales, out, hiddenHalf(), mantissaOf(factor), shiftOf(factor));
}

/** Adds this half's rows of the down matrix to the residual stream. */
export function projectDown(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  if (shares(half)) {
    const vector = mine + at.VECTOR16();
    const shift = pack(hidden, vector, 2 * hiddenHalf());
    const largest = quantize(vector, mine + at.ACTIVATIONS, 2 * hiddenHalf(), 127);
    const unit = load<f32>(mine + at.ACTIVATION_SCALE) * load<f32>(record, at.DOWN_FACTOR);
    store<f32>(mine + at.ACTIVATION_SCALE, <f32>(<u32>largest << shift) * unit);
  }
  const first = firstRow(half, dim);
  const weights = rowsFrom(record, at.DOWN, downFormat, 2 * hiddenHalf(), first);
  const scales = scalesFrom(record, at.DOWN, downFormat, 2 * hiddenHalf(), first);
  const outputs = mine + at.OUTPUTS();
  if (zeros) matvec_columns(weights, mine + at.ACTIVATIONS, activeList(0), outputs, rowsOf(half, dim), productShift(record, at.DOWN));
  else multiplyHidden(downFormat, weights, mine + at.ACTIVATIONS, 2 * hiddenHalf(), outputs, rowsOf(half, dim), productShift(record, at.DOWN));
  addRows(half, outputs, scales, load<f32>(mine + at.ACTIVATION_SCALE));
}

/** This half's logits. */
export function classify(half: i32): void {
  const mine = scratchOf(half);
  if (shares(half)) normalizeResidual(half, load<usize>(model, at.FINAL_GAIN), load<f32>(model, at.FINAL_FACTOR));
  const factor = load<f32>(mine + at.ACTIVATION_SCALE) * load<f32>(model, at.LOGIT_FACTOR);
  const outputs = mine + at.OUTPUTS();
  const shift = productShift(model, at.CLASSIFIER);
  const end = firstRow(half, vocabulary) + rowsOf(half, vocabulary);
  for (let row = firstRow(half, vocabulary); row < end; row += LOGIT_TILE) {
    const rows = min(LOGIT_TILE, end - row);
    const weights = rowsFrom(model, at.CLASSIFIER, classifierFormat, pad16(dim), row);
    const scales = scalesFrom(model, at.CLASSIFIER, classifierFormat, pad16(dim), row);
    multiplyDim(classifierFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, rows, shift);
    logits_f32(outputs, scales, logits + (<usize>row << 2), rows, factor);
  }
}
