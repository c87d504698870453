/**
 * The quantised forward pass: int8 weights by rows, int8 activations and KV cache scaled on the fly, a 32-bit residual stream.
 * Each stage does one half of the work; between stages the cores meet (see ../transformer.ts). Units are explained in
 * ARCHITECTURE.md, "Integer arithmetic".
 */
import { gateAndUp, listActive } from "../contract/activations";
import {
  attention, classifierFormat, cores, dim, downFormat, gateUpFormat, heads, hidden, keyUnits, keys, kvHeads, logits, model, outFormat, qkvFormat, residual,
  scratch, scratchBytes, values as cachedValues, vocabulary, zeros,
} from "../contract/config";
import { COARSEST, LOGIT_TILE } from "../contract/constants";
import * as at from "../contract/fixed";
import { contextPadded, firstRow, hiddenHalf, listBytes, pairsOf, qkvRows, queryLimit, rowsOf, valueRows } from "../contract/fixed";
import { multiplyDim, multiplyHidden, rowBytes, scaleBytes } from "../contract/formats";
import {
  add_residual, attention as attendHeads, largest_s16, largest_s32, logits_s32, matvec_active, matvec_columns, quantize_by, quantize_rows,
  rescale_keys, rope,
} from "../contract/kernels";
import { countOf, firstOf, headSize, pad16 } from "../contract/sizes";
import {
  ACTIVE_COLUMNS, ACTIVE_SHIFT, ACTIVE_UNITS, ATTENTION_AHEAD, ATTENTION_HEADS, ATTENTION_HEAD_SIZE, ATTENTION_KV_HEADS, ATTENTION_ODD, ATTENTION_SCORES,
  ATTENTION_SHIFT, ATTENTION_STRIDE, ATTENTION_VALUES, NORMED_SHIFT, NORMED_SQUARES,
} from "../contract/status";
import { normalizeBounded, quantizeBounded, quantizeWide } from "./bounded";
import { exponentOf, fitsOnce, inverseRoot, mantissaOf, repeatsOf, shiftOf } from "./scalar";

/** Scratch of the core that runs a half. */
// @ts-ignore: decorator
@inline
export function scratchOf(half: i32): usize {
  return scratch + (cores == 2 ? <usize>half * scratchBytes : 0);
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

/** What vectors must keep to that a matrix is multiplied by. */
// @ts-ignore: decorator
@inline
function boundOf(record: usize, matrix: usize): i32 {
  return load<i32>(record + matrix + (at.QKV_BOUND - at.QKV));
}

/** Elements of one layer's keys (or values) of one head. */
// @ts-ignore: decorator
@inline
function headCache(layer: i32, head: i32): usize {
  return <usize>((layer * kvHeads + head) * headSize() * contextPadded());
}

/** Where the unit of the keys of one half of a layer's heads is; its reciprocal lies behind it. */
// @ts-ignore: decorator
@inline
function keyUnit(layer: i32, half: i32): usize {
  return keyUnits + (<usize>(layer * 2 + half) << 3);
}

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
  const normed = mine + at.NORMED();
  const largest = normalizeBounded(residual, gain, normed, mine + at.ACTIVATIONS, pad16(dim), bound);
  const shift = load<i32>(normed + NORMED_SHIFT);
  const mean = <f32>load<i32>(normed + NORMED_SQUARES) * (<f32>256 / <f32>dim);
  const epsilon = load<f32>(model, at.EPSILON) * reinterpret<f32>((127 - 2 * shift) << 23);
  return keepScale(mine, largest * factor * inverseRoot(mean + epsilon));
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

/** This half of the token's embedding, and the rotation angles of the position for each pair of a half's heads. */
// @ts-ignore: decorator
@inline
export function embed(half: i32, token: i32, position: i32): void {
  const first = firstRow(half, dim);
  const unit = load<i32>(load<usize>(model, at.EMBEDDING_UNITS) + (<usize>token << 2));
  let from = load<usize>(model, at.EMBEDDING) + <usize>((token & -16) * pad16(dim) + (first << 4) + (token & 15));
  let to = residual + (<usize>first << 2);
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
  if (shares(half)) {
    const mine = scratchOf(half);
    spreadAngles(mine + at.ANGLES(), pairsOf(heads), position);
    spreadAngles(mine + at.KEY_ANGLES(), pairsOf(kvHeads), position);
    describeAttention(mine);
  }
}

/** Repeats the cosines and sines of a position for every head. */
// @ts-ignore: decorator
@inline
function spreadAngles(out: usize, pairs: i32, position: i32): void {
  const half = headSize() >> 1;
  const row = load<usize>(model, at.ROPE) + (<usize>(position * half) << 2);
  for (let j = 0; j < half; j++) {
    const angle = load<u32>(row + (<usize>j << 2));
    const sine = angle >> 16;
    let place = out + (<usize>j << 1);
    for (let count = <u32>(pairs - j + half - 1) / half; count; count--) {
      store<i16>(place, angle);
      store<i16>(place + (<usize>pairs << 1), sine);
      place += <usize>half << 1;
    }
  }
}

/** Queries of this half's heads into its scratch; keys and values into the cache. */
// @ts-ignore: decorator
@inline
export function project(half: i32, layer: i32, position: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  const scale = normalizeResidual(half, load<usize>(record, at.ATTENTION_GAIN), load<f32>(record, at.ATTENTION_FACTOR), boundOf(record, at.QKV));
  const first = half ? qkvRows() : 0;
  const weights = rowsFrom(record, at.QKV, qkvFormat, pad16(dim), first);
  const scales = scalesFrom(record, at.QKV, qkvFormat, pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  multiplyDim(qkvFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, qkvRows(), productShift(record, at.QKV));

  const queryRows = 2 * pairsOf(heads);
  rope(outputs, scales, mine + at.ANGLES(), queriesOf(mine, half), pairsOf(heads));
  store<f32>(mine + at.QUERY_FACTOR + (<usize>half << 2), scale);

  const keyRows = 2 * pairsOf(kvHeads);
  const keyBlock = outputs + (<usize>queryRows << 1);
  const keyBlockScales = scales + (<usize>queryRows << 1);
  const valueBlock = keyBlock + (<usize>keyRows << 1);
  const valueBlockScales = keyBlockScales + (<usize>keyRows << 1);
  const quantized = mine + at.NORMED(); // no longer needed: int8 keys, then values

  rope(keyBlock, keyBlockScales, mine + at.KEY_ANGLES(), keyBlock, pairsOf(kvHeads));
  const keyFactor = scale * unitFor(half, layer, position, <f32>largest_s16(keyBlock, keyRows) * scale);
  quantize_by(keyBlock, quantized, keyRows, mantissaOf(keyFactor), shiftOf(keyFactor));

  const valueFactor = scale * load<f32>(record, at.VALUE_FACTOR);
  quantize_rows(valueBlock, valueBlockScales, quantized + keyRows, valueRows(), mantissaOf(valueFactor), shiftOf(valueFactor));
  cache(half, layer, position, quantized);
}

/** This half's queries: s16 (2, pairs). */
// @ts-ignore: decorator
@inline
function queriesOf(mine: usize, half: i32): usize {
  return mine + at.QUERIES() + <usize>(half * 4 * pairsOf(heads));
}

/**
 * All keys of a half of a layer's heads have one unit, which grows with the largest of them; those that are there are then rescaled.
 * Returns 2^8 / unit.
 */
// @ts-ignore: decorator
@inline
function unitFor(half: i32, layer: i32, position: i32, largest: f32): f32 {
  const unit = keyUnit(layer, half);
  if (position == 0) {
    store<f32>(unit, largest * (<f32>1 / 127));
    store<f32>(unit, <f32>127 / largest, 4);
  } else if (largest * load<f32>(unit, 4) > 127) growUnit(half, layer, position, largest);
  return load<f32>(unit, 4) * 256;
}

function growUnit(half: i32, layer: i32, position: i32, largest: f32): void {
  const unit = keyUnit(layer, half);
  const bytes = ((position + 15) & ~15) * headSize();
  while (largest * load<f32>(unit, 4) > 127) {
    const factor = max(<i32>((<f32>128 * 127) / (largest * load<f32>(unit, 4))), 1);
    let place = keys + headCache(layer, firstOf(half, kvHeads));
    for (let count = countOf(half, kvHeads); count > 0; count--) {
      rescale_keys(place, bytes, factor);
      place += headCache(0, 1);
    }
    store<f32>(unit, load<f32>(unit) * (<f32>128 / <f32>factor));
    store<f32>(unit, load<f32>(unit, 4) * (<f32>factor / 128), 4);
  }
}

/** Spreads a half's keys and values over the cache, whose registers hold one component of 16 positions. */
// @ts-ignore: decorator
@inline
function cache(half: i32, layer: i32, position: i32, quantized: usize): void {
  const size = headSize();
  const pairs = size >> 1;
  let even = quantized;
  let odd = quantized + pairsOf(kvHeads);
  let value = quantized + 2 * pairsOf(kvHeads);
  const first = firstOf(half, kvHeads);
  let place = headCache(layer, first) + <usize>((position >> 4) * (size << 4) + (position & 15));
  for (let count = countOf(half, kvHeads); count > 0; count--) {
    spread(keys + place, even, pairs);
    spread(keys + place + <usize>(pairs << 4), odd, pairs);
    spread(cachedValues + place, value, size);
    even += pairs;
    odd += pairs;
    value += size;
    place += headCache(0, 1);
  }
}

/** Copies bytes to every sixteenth place. */
// @ts-ignore: decorator
@inline
function spread(to: usize, from: usize, bytes: i32): void {
  if (bytes & 3) for (let i = 0; i < bytes; i++) store<u8>(to + (<usize>i << 4), load<u8>(from + i));
  else {
    for (let i = 0; i < bytes; i += 4) {
      const a = load<u8>(from, 0);
      const b = load<u8>(from, 1);
      const c = load<u8>(from, 2);
      const d = load<u8>(from, 3);
      store<u8>(to, a, 0);
      store<u8>(to, b, 16);
      store<u8>(to, c, 32);
      store<u8>(to, d, 48);
      from += 4;
      to += 64;
    }
  }
}

/** What the attention of all layers and heads has in common, once a position. */
// @ts-ignore: decorator
@inline
function describeAttention(mine: usize): void {
  const job = mine + at.ATTENTION;
  store<i32>(job, headSize(), ATTENTION_HEAD_SIZE);
  store<i32>(job, pairsOf(heads), ATTENTION_ODD);
  store<usize>(job, cachedValues - keys, ATTENTION_VALUES);
  store<usize>(job, headCache(0, 1), ATTENTION_STRIDE);
  store<usize>(job, mine + at.SCORES() + 16, ATTENTION_SCORES);
  store<i32>(job, kvHeads, ATTENTION_KV_HEADS);
  store<i32>(job, heads, ATTENTION_HEADS);
}

/** Attention of this half's heads over positions 0...position. */
// @ts-ignore: decorator
@inline
export function attend(half: i32, layer: i32, position: i32): void {
  const first = firstOf(half, heads);
  const last = first + countOf(half, heads);
  // From here on heads read keys of the second half, whose scales are others.
  const border = (countOf(0, kvHeads) * heads + kvHeads - 1) / kvHeads;
  if (first < border) attendTo(0, half, layer, position, first, min(last, border));
  if (last > border) attendTo(1, half, layer, position, max(first, border), last);
}

/** Attention of some of a half's heads, which read keys of half `source`. */
// @ts-ignore: decorator
@inline
function attendTo(source: i32, half: i32, layer: i32, position: i32, first: i32, last: i32): void {
  const mine = scratchOf(half);
  const job = mine + at.ATTENTION;
  const rows = 2 * pairsOf(heads);
  const query = mine + at.QUERY();
  // From a query's unit to steps of scores: powers of two are left to the kernel's shift, the rest goes into the int8 queries.
  const factor = load<f32>(mine + at.QUERY_FACTOR + (<usize>half << 2)) * load<f32>(layerRecord(layer), at.SCORE_FACTOR) * load<f32>(keyUnit(layer, source));
  const largest = <f32>largest_s16(queriesOf(mine, half), rows) * factor;
  const spare = -1 - exponentOf(largest * (<f32>1 / <f32>queryLimit()));
  quantize_by(queriesOf(mine, half), query, rows, mantissaOf(factor), min(max(6 - exponentOf(factor) - spare, 0), 31));
  store<i32>(job, min(max(spare, 0), 19 - COARSEST), ATTENTION_SHIFT);
  store<i32>(job, (first * kvHeads) % heads, ATTENTION_AHEAD);
  const key = keys + headCache(layer, (first * kvHeads) / heads);
  const out = attention + (<usize>(first * headSize()) << 1);
  attendHeads(query + <usize>((first - firstOf(half, heads)) * (headSize() >> 1)), key, out, last - first, position + 1, job);
}

/** Adds a product's rows of this half, real value = row * scale * factor, to the residual stream. */
// @ts-ignore: decorator
@inline
function addRows(half: i32, outputs: usize, scales: usize, factor: f32): void {
  const x = residual + (<usize>firstRow(half, dim) << 2);
  const mantissa = mantissaOf(factor);
  const shift = shiftOf(factor);
  add_residual(outputs, scales, x, rowsOf(half, dim), mantissa, shift);
  if (fitsOnce(factor)) return;
  for (let times = repeatsOf(factor); times > 1; times--) add_residual(outputs, scales, x, rowsOf(half, dim), mantissa, shift);
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
  const weights = rowsFrom(record, at.OUT, outFormat, pad16(dim), first);
  const scales = scalesFrom(record, at.OUT, outFormat, pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  multiplyDim(outFormat, weights, mine + at.ACTIVATIONS, pad16(dim), outputs, rowsOf(half, dim), productShift(record, at.OUT));
  addRows(half, outputs, scales, scale);
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
// @ts-ignore: decorator
@inline
export function feedForward(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  const scale = normalizeResidual(half, load<usize>(record, at.FEED_FORWARD_GAIN), load<f32>(record, at.FEED_FORWARD_FACTOR), boundOf(record, at.GATE_UP));
  const first = half * 2 * hiddenHalf();
  const weights = rowsFrom(record, at.GATE_UP, gateUpFormat, pad16(dim), first);
  const scales = scalesFrom(record, at.GATE_UP, gateUpFormat, pad16(dim), first);
  const outputs = mine + at.OUTPUTS();
  const factor = scale * load<f32>(record, at.GATE_FACTOR);
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
// @ts-ignore: decorator
@inline
export function projectDown(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const mine = scratchOf(half);
  let scale: f32;
  if (shares(half)) {
    const largest = quantizeWide(hidden, mine + at.ACTIVATIONS, 2 * hiddenHalf(), boundOf(record, at.DOWN));
    scale = keepScale(mine, largest * (keptScale(mine) * load<f32>(record, at.DOWN_FACTOR)));
  } else scale = keptScale(mine);
  const first = firstRow(half, dim);
  const weights = rowsFrom(record, at.DOWN, downFormat, 2 * hiddenHalf(), first);
  const scales = scalesFrom(record, at.DOWN, downFormat, 2 * hiddenHalf(), first);
  const outputs = mine + at.OUTPUTS();
  if (zeros) matvec_columns(weights, mine + at.ACTIVATIONS, activeList(0), outputs, rowsOf(half, dim), productShift(record, at.DOWN));
  else multiplyHidden(downFormat, weights, mine + at.ACTIVATIONS, 2 * hiddenHalf(), outputs, rowsOf(half, dim), productShift(record, at.DOWN));
  addRows(half, outputs, scales, scale);
}

/** Rows behind the vocabulary are no tokens: none may be the largest. Returns the half's largest logit. */
// @ts-ignore: decorator
@inline
function maskPadding(half: i32): i32 {
  for (let row = vocabulary; row < pad16(vocabulary); row++) store<i32>(logits + (<usize>row << 2), i32.MIN_VALUE);
  return largest_s32(logits + (<usize>firstRow(half, vocabulary) << 2), rowsOf(half, vocabulary));
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
    const here = logits_s32(outputs, scales, logits + (<usize>row << 2), rows);
    if (here > largest) {
      largest = here;
      tile = row;
    }
  }
  if (vocabulary < end) {
    largest = maskPadding(half);
    tile = firstRow(half, vocabulary);
  }
  store<i32>(mine + at.LARGEST_TILE + (<usize>half << 2), tile);
  store<i32>(mine + at.LARGEST_LOGIT + (<usize>half << 2), largest);
}
