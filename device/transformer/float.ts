/**
 * The same forward pass in single precision: float weights (from flash, as a rule), activations and KV cache. What others run,
 * for comparison. Only the matrix product has a kernel; on the chip it fuses multiply and add, so its last bits differ from
 * the host's. `BIASED` (scripts/build-wasm.ts): a program of its own for architectures with biases, so that the others have nothing of it.
 */
import {
  attention, cores, dim, gates, hasLayerEmbeddings, heads, hidden, hiddenDim, keys, kvHeads, layerNorm, layers, logits, model, queries, residual, rotary,
  scratch, scratchBytes, values, vocabulary, window,
} from "../contract/config";
import { hasEmbedding } from "../chain/part";
import { activate, activateAlone } from "../contract/activations";
import { exp } from "../math";
import * as at from "../contract/float";
import { matvec_f32 } from "../contract/kernels";
import { countOf, firstOf, headSize, pad4 } from "../contract/sizes";

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

/** The second part of the record. */
// @ts-ignore: decorator
@inline
function moreRecord(): usize {
  return model + at.HEADER_BYTES + <usize>layers * at.LAYER_BYTES;
}

// @ts-ignore: decorator
@inline
function addedRecord(layer: i32): usize {
  return moreRecord() + at.MORE_BYTES + <usize>layer * at.ADDED_BYTES;
}

/** Whether a layer's attention sees the last positions alone, whose places in the cache are used again and again (window.ts). */
// @ts-ignore: decorator
@inline
function isWindowed(layer: i32): bool {
  return BIASED && window && load<i32>(addedRecord(layer), at.IS_LOCAL);
}

// @ts-ignore: decorator
@inline
function float(array: usize, i: i32): f32 {
  return load<f32>(array + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function setFloat(array: usize, i: i32, value: f32): void {
  store<f32>(array + (<usize>i << 2), value);
}

// @ts-ignore: decorator
@inline
function row(matrix: usize, i: i32, columns: i32): usize {
  return matrix + (<usize>(i * pad4(columns)) << 2);
}

/** out = x / rms(x) * gain; x, gain, out: f32 (dim). */
function normalize(out: usize, x: usize, gain: usize): void {
  let squares: f32 = 0;
  for (let i = 0; i < dim; i++) squares += float(x, i) * float(x, i);
  const scale = <f32>1 / sqrt<f32>(squares / <f32>dim + load<f32>(model, at.EPSILON));
  for (let i = 0; i < dim; i++) setFloat(out, i, float(gain, i) * (scale * float(x, i)));
}

/** out = (x - mean) / deviation * gain + bias; all f32 (dim). */
function standardize(out: usize, x: usize, gain: usize, bias: usize): void {
  let sum: f32 = 0;
  for (let i = 0; i < dim; i++) sum += float(x, i);
  const mean = sum / <f32>dim;
  let squares: f32 = 0;
  for (let i = 0; i < dim; i++) squares += (float(x, i) - mean) * (float(x, i) - mean);
  const scale = <f32>1 / sqrt<f32>(squares / <f32>dim + load<f32>(model, at.EPSILON));
  for (let i = 0; i < dim; i++) setFloat(out, i, float(gain, i) * (scale * (float(x, i) - mean)) + float(bias, i));
}

/** The norm of the residual stream that `gain` is of; with LayerNorm its bias is where `bias` of a record says. */
// @ts-ignore: decorator
@inline
function norm(out: usize, gain: usize, bias: usize): void {
  if (BIASED && layerNorm) standardize(out, residual, gain, load<usize>(bias));
  else normalize(out, residual, gain);
}

/** Adds elements of the bias that `bias` of a record leads to, from `first` on, to y. */
function addBias(y: usize, bias: usize, first: i32, count: i32): void {
  const from = load<usize>(bias) + (<usize>first << 2);
  for (let i = 0; i < count; i++) setFloat(y, i, float(y, i) + float(from, i));
}

/** Rows first...first + count of a matrix times x into the same rows of y. */
// @ts-ignore: decorator
@inline
function product(matrix: usize, x: usize, columns: i32, y: usize, first: i32, count: i32): void {
  if (count > 0) matvec_f32(row(matrix, first, columns), x, pad4(columns), y + (<usize>first << 2), count);
}

/** The same with the bias that `bias` of a record leads to. */
// @ts-ignore: decorator
@inline
function biasedProduct(matrix: usize, bias: usize, x: usize, columns: i32, y: usize, first: i32, count: i32): void {
  product(matrix, x, columns, y, first, count);
  if (BIASED) addBias(y + (<usize>first << 2), bias, first, count);
}

/** Adds this half of a vector to the residual stream. */
// @ts-ignore: decorator
@inline
function addToResidual(half: i32, vector: usize): void {
  const end = firstOf(half, dim) + countOf(half, dim);
  for (let i = firstOf(half, dim); i < end; i++) setFloat(residual, i, float(residual, i) + float(vector, i));
}

/** x += rows of a matrix times v, for this half's rows. */
function addProduct(half: i32, matrix: usize, v: usize, columns: i32): void {
  const first = firstOf(half, dim);
  const end = first + countOf(half, dim);
  const y = scratchOf(half) + at.ROWS();
  product(matrix, v, columns, y, first, countOf(half, dim));
  for (let i = first; i < end; i++) setFloat(residual, i, float(residual, i) + float(y, i));
}

export function embed(half: i32, token: i32, position: i32): void {
  if (!hasEmbedding()) return;
  const source = row(load<usize>(model, at.EMBEDDING), token, dim);
  const end = firstOf(half, dim) + countOf(half, dim);
  for (let i = firstOf(half, dim); i < end; i++) setFloat(residual, i, float(source, i));
  if (BIASED && !rotary) addToResidual(half, row(load<usize>(moreRecord(), at.POSITIONS), position, dim));
  if (hasLayerEmbeddings) embedLayer(half, 0, token);
}

/** Adds this half of what the token has behind so many layers. */
export function embedLayer(half: i32, behind: i32, token: i32): void {
  addToResidual(half, row(load<usize>(model, at.LAYER_EMBEDDINGS), token * (layers + 1) + behind, dim));
}

/** Rotates the pairs of one head's query or key; angles: f32 (headSize / 2, 2) of this position. */
function rotate(vector: usize, angles: usize): void {
  for (let i = 0; i < headSize(); i += 2) {
    const even = float(vector, i);
    const odd = float(vector, i + 1);
    const cosine = float(angles, i);
    const sine = float(angles, i + 1);
    setFloat(vector, i, even * cosine - odd * sine);
    setFloat(vector, i + 1, even * sine + odd * cosine);
  }
}

// @ts-ignore: decorator
@inline
function cached(cache: usize, layer: i32, head: i32, position: i32): usize {
  if (BIASED && window) return cache + (<usize>((windowedPlace(layer, head) + position) * pad4(headSize())) << 2);
  return cache + (<usize>(((layer * kvHeads + head) * at.contextPadded() + position) * pad4(headSize())) << 2);
}

/** Positions of all heads before one, where local layers' caches hold their window alone (places.ts). */
function windowedPlace(layer: i32, head: i32): i32 {
  const local = load<i32>(addedRecord(layer), at.LOCAL_BEFORE) - load<i32>(addedRecord(0), at.LOCAL_BEFORE);
  const before = (layer - local) * at.contextPadded() + local * pad4(window);
  return before * kvHeads + head * (isWindowed(layer) ? pad4(window) : at.contextPadded());
}

/** Queries of this half's heads; keys and values into the cache, (layer, head, position, headSize). */
export function project(half: i32, layer: i32, position: i32): void {
  const record = layerRecord(layer);
  const x = scratchOf(half) + at.VECTOR;
  const added = addedRecord(layer);
  if (cores == 2 || half == 0) norm(x, load<usize>(record, at.ATTENTION_NORM), added + at.ATTENTION_NORM_BIAS);
  const size = headSize();
  const angles = load<usize>(model, at.ROPE) + (<usize>(position * size) << 2);
  const firstHead = firstOf(half, heads);
  biasedProduct(load<usize>(record, at.WQ), added + at.WQ_BIAS, x, dim, queries, firstHead * size, countOf(half, heads) * size);
  for (let head = firstHead; head < firstHead + countOf(half, heads); head++) {
    if (!BIASED || rotary) rotate(queries + (<usize>(head * size) << 2), angles);
  }
  const firstCached = firstOf(half, kvHeads);
  for (let head = firstCached; head < firstCached + countOf(half, kvHeads); head++) {
    const place = isWindowed(layer) ? position % window : position;
    const key = cached(keys, layer, head, place);
    matvec_f32(row(load<usize>(record, at.WK), head * size, dim), x, pad4(dim), key, size);
    if (BIASED) addBias(key, added + at.WK_BIAS, head * size, size);
    if (!BIASED || rotary) rotate(key, angles);
    const value = cached(values, layer, head, place);
    matvec_f32(row(load<usize>(record, at.WV), head * size, dim), x, pad4(dim), value, size);
    if (BIASED) addBias(value, added + at.WV_BIAS, head * size, size);
  }
}

/** Attention of this half's heads. */
export function attend(half: i32, layer: i32, position: i32): void {
  const size = headSize();
  const scores = scratchOf(half) + at.SCORES();
  const query = scratchOf(half) + at.QUERY();
  const scale = BIASED ? load<f32>(moreRecord(), at.SCORE_SCALE) : <f32>1 / sqrt<f32>(<f32>size);
  const last = isWindowed(layer) ? min(position, window - 1) : position;
  const end = firstOf(half, heads) + countOf(half, heads);
  for (let head = firstOf(half, heads); head < end; head++) {
    const source = (head * kvHeads) / heads;
    for (let i = 0; i < size; i++) setFloat(query, i, float(queries, head * size + i));
    matvec_f32(cached(keys, layer, source, 0), query, pad4(size), scores, last + 1);
    const sum = softmax(scores, last + 1, scale);
    const out = attention + (<usize>(head * size) << 2);
    for (let i = 0; i < size; i++) setFloat(out, i, 0);
    for (let p = 0; p <= last; p++) {
      const weight = float(scores, p) / sum;
      const value = cached(values, layer, source, p);
      for (let i = 0; i < size; i++) setFloat(out, i, float(out, i) + weight * float(value, i));
    }
  }
}

/** scores = exp((scores - max) * scale); returns their sum. */
function softmax(scores: usize, count: i32, scale: f32): f32 {
  let largest = float(scores, 0);
  for (let p = 1; p < count; p++) largest = max(largest, float(scores, p));
  let sum: f32 = 0;
  for (let p = 0; p < count; p++) {
    const e = exp((float(scores, p) - largest) * scale);
    setFloat(scores, p, e);
    sum += e;
  }
  return sum;
}

export function projectOut(half: i32, layer: i32): void {
  addProduct(half, load<usize>(layerRecord(layer), at.WO), attention, dim);
  if (BIASED) addResidual(half, addedRecord(layer) + at.WO_BIAS);
}

/** Adds this half's part of a bias to the residual stream. */
// @ts-ignore: decorator
@inline
function addResidual(half: i32, bias: usize): void {
  addBias(residual + (<usize>firstOf(half, dim) << 2), bias, firstOf(half, dim), countOf(half, dim));
}

/** hidden = act(W1 x) * (W3 x), or act(W1 x) without a gate, this half's units. */
export function feedForward(half: i32, layer: i32): void {
  const record = layerRecord(layer);
  const x = scratchOf(half) + at.VECTOR;
  const up = scratchOf(half) + at.ROWS();
  const added = addedRecord(layer);
  if (cores == 2 || half == 0) norm(x, load<usize>(record, at.FFN_NORM), added + at.FFN_NORM_BIAS);
  const first = firstOf(half, hiddenDim);
  const count = countOf(half, hiddenDim);
  biasedProduct(load<usize>(record, at.W1), added + at.W1_BIAS, x, dim, hidden, first, count);
  if (!BIASED || gates == 2) biasedProduct(load<usize>(record, at.W3), added + at.W3_BIAS, x, dim, up, first, count);
  for (let i = first; i < first + count; i++) {
    if (!BIASED || gates == 2) setFloat(hidden, i, activate(float(hidden, i)) * float(up, i));
    else setFloat(hidden, i, activateAlone(float(hidden, i)));
  }
}

export function projectDown(half: i32, layer: i32): void {
  addProduct(half, load<usize>(layerRecord(layer), at.W2), hidden, hiddenDim);
  if (BIASED) addResidual(half, addedRecord(layer) + at.W2_BIAS);
}

export function classify(half: i32): void {
  const x = scratchOf(half) + at.VECTOR;
  if (cores == 2 || half == 0) norm(x, load<usize>(model, at.FINAL_NORM), moreRecord() + at.FINAL_NORM_BIAS);
  product(load<usize>(model, at.CLASSIFIER), x, dim, logits, firstOf(half, vocabulary), countOf(half, vocabulary));
}
