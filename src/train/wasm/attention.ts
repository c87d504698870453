/**
 * Causal grouped-query attention over one document, a few query rows at a time, so that their scores stay in
 * the first cache level (Dao et al., FlashAttention, arXiv:2205.14135). Where there is room, the forward pass keeps the
 * exponentials for the backward pass; else that makes the probabilities again from the saved log-sum-exp. Keys and values are packed
 * once for each of their heads.
 * All tensors are row-major, one row a token.
 */
import { pack, tileAlong, tileEdge } from './gemm';
import { exp2x4, log, max4, multiplyAdd, sum4 } from './math';

/** Query rows at a time: forward one tile; backward more, so that sums over queries are longer. */
const FORWARD_ROWS: i32 = 4;
const BACKWARD_ROWS: i32 = 16;
/** Scores are scaled to powers of two; so are the log-sum-exps. */
const LOG2_E: f32 = 1.44269504088896341;

let scores: usize = 0;
let gradients: usize = 0;
/** Bytes from one row of scores to the next. */
let scoreStride: usize = 0;
let packedKeys: usize = 0;
let packedValues: usize = 0;
let keyRows: usize = 0;
let queryRows: usize = 0;
let outRows: usize = 0;
/** Four floats: the inverse sums of a tile's rows. */
let tileSums: usize = 0;
let peak: f32 = 0;

/**
 * Scratch of attentionScratchBytes(context, headSize) in ../memory.ts: two blocks of 16 rows of scores (the odd
 * stride spares cache sets), three packings of (context, headSize), two of (16, headSize).
 */
export function setAttentionScratch(address: usize, context: i32, headSize: i32): void {
  const width = (headSize + 7) & ~7;
  const length = (context + 7) & ~7;
  scoreStride = (<usize>(length + 8)) << 2;
  scores = address;
  gradients = scores + <usize>BACKWARD_ROWS * scoreStride;
  packedKeys = gradients + <usize>BACKWARD_ROWS * scoreStride;
  packedValues = packedKeys + ((<usize>(length * width)) << 2);
  keyRows = packedValues + ((<usize>(length * width)) << 2);
  queryRows = keyRows + ((<usize>(length * width)) << 2);
  outRows = queryRows + ((<usize>(BACKWARD_ROWS * width)) << 2);
  tileSums = outRows + ((<usize>(BACKWARD_ROWS * width)) << 2);
}

/** Panels of 8 tokens, each headSize deep: for products with every token's vector. */
function packTokens(to: usize, from: usize, stride: usize, length: i32, headSize: i32): void {
  for (let j = 0; j < length; j += 8) {
    pack(to, from + <usize>j * stride, 4, stride, min(8, length - j), headSize);
    to += (<usize>headSize) << 5;
  }
}

/** Panels of 8 entries of the vectors, each `length` deep: for sums over tokens. */
function packEntries(to: usize, from: usize, stride: usize, length: i32, headSize: i32): void {
  for (let j = 0; j < headSize; j += 8) {
    pack(to, from + ((<usize>j) << 2), stride, 4, min(8, headSize - j), length);
    to += (<usize>length) << 5;
  }
}

/** rows (of four) times every token up to `reach`: raw scores. */
function scoreTile(to: usize, rows: usize, stride: usize, panels: usize, reach: i32, headSize: i32): void {
  for (let j = 0; j < reach; j += 8) {
    tileAlong(to, scoreStride, rows, stride, panels, headSize, false);
    to += 32;
    panels += (<usize>headSize) << 5;
  }
}

/** out (count rows, headSize) (+)= A times packed rows, `depth` of the panels' `length` rows used. */
function sumTile(
  out: usize,
  stride: usize,
  a: usize,
  down: bool,
  panels: usize,
  length: i32,
  count: i32,
  headSize: i32,
  depth: i32,
  add: bool,
): void {
  for (let j = 0; j < headSize; j += 8) {
    tileEdge(out + ((<usize>j) << 2), stride, a, scoreStride, down, panels, count, headSize - j, depth, add);
    panels += (<usize>length) << 5;
  }
}

/**
 * Turns one row of raw scores, `valid` of `columns` entries (a multiple of 8), into exponentials relative to the
 * largest (powers of two), also at `kept`, and returns their sum; the scaled largest is left in `peak`.
 */
function exponentialRow(row: usize, kept: usize, valid: i32, columns: i32, scale: f32): f32 {
  const infinity = <f32>-1e30;
  for (let j = valid; j < columns; j++) store<f32>(row + ((<usize>j) << 2), infinity);
  let top = f32x4.splat(infinity);
  let top2 = top;
  const bytes = (<usize>columns) << 2;
  for (let o: usize = 0; o < bytes; o += 32) {
    top = f32x4.pmax(top, v128.load(row + o));
    top2 = f32x4.pmax(top2, v128.load(row + o, 16));
  }
  peak = max4(f32x4.pmax(top, top2)) * scale;
  const shift = f32x4.splat(-peak);
  const factor = f32x4.splat(scale);
  let total = f32x4.splat(0);
  for (let o: usize = 0; o < bytes; o += 32) {
    const e = exp2x4(multiplyAdd(v128.load(row + o), factor, shift));
    const e2 = exp2x4(multiplyAdd(v128.load(row + o, 16), factor, shift));
    v128.store(row + o, e);
    v128.store(row + o, e2, 16);
    v128.store(kept + o, e);
    v128.store(kept + o, e2, 16);
    total = f32x4.add(total, f32x4.add(e, e2));
  }
  for (let j = valid; j < columns; j++) store<f32>(kept + ((<usize>j) << 2), 0);
  return sum4(total);
}

/**
 * Rounds exponentials to whole multiples of 1 / steps[j], as the chip holds its softmax weights: s8, with the
 * scale of the value of position j multiplied in.
 */
function roundRow(row: usize, count: i32, steps: usize, inverses: usize): void {
  const most = f32x4.splat(127);
  for (let j = 0; j < count; j += 4) {
    const weight = f32x4.pmin(f32x4.nearest(f32x4.mul(v128.load(row), v128.load(steps))), most);
    v128.store(row, f32x4.mul(weight, v128.load(inverses)));
    row += 16;
    steps += 16;
    inverses += 16;
  }
}

/**
 * What roundRow needs for a chunk of tokens: steps and inverses (kvHeads, tokens), from the values (tokens,
 * kvHeads*headSize) of which `shared` neighbouring heads have one scale; `factor`: 128 / largest possible value.
 */
export function valueSteps(
  steps: usize, inverses: usize, v: usize, tokens: i32, kvHeads: i32, headSize: i32, shared: i32, factor: f32,
): void {
  const group = shared * headSize;
  for (let t = 0; t < tokens; t++) {
    for (let h = 0; h < kvHeads; h += shared) {
      let top: f32 = 0;
      for (let i = 0; i < group; i++) top = max(top, abs(load<f32>(v + (<usize>i << 2))));
      for (let i = h; i < h + shared; i++) {
        const place = <usize>(i * tokens + t) << 2;
        store<f32>(steps + place, top * factor);
        store<f32>(inverses + place, top > 0 ? <f32>1 / (top * factor) : 0);
      }
      v += <usize>group << 2;
    }
  }
}

function scaleRow(row: usize, count: i32, factor: f32): void {
  for (let j = 0; j < count; j += 4) {
    v128.store(row, f32x4.mul(v128.load(row), f32x4.splat(factor)));
    row += 16;
  }
}

/**
 * out (length, heads*headSize) from q (same shape), k and v (length, kvHeads*headSize);
 * `kept`, unless it is 0, takes the exponentials for the backward pass, row after row: row i of a head has its i + 1 and zeros up to a
 * multiple of 8. sums (heads, length) then takes the inverse of each row's sum, else its logarithm (base 2, of the unshifted sum). With `steps` (see valueSteps; stepStride bytes from
 * one head to the next) the weights are rounded, else it is 0. largest (kvHeads) takes the largest score of each head of keys, in nats, where that
 * is more than is there.
 */
export function attentionForward(
  out: usize,
  sums: usize,
  largest: usize,
  kept: usize,
  q: usize,
  k: usize,
  v: usize,
  steps: usize,
  inverses: usize,
  stepStride: usize,
  length: i32,
  heads: i32,
  kvHeads: i32,
  headSize: i32,
): void {
  const stride = (<usize>(heads * headSize)) << 2;
  const kvStride = (<usize>(kvHeads * headSize)) << 2;
  const scale = LOG2_E / sqrt<f32>(<f32>headSize);
  const group = heads / kvHeads;
  let keep = kept;
  for (let h = 0; h < heads; h++) {
    const head = (<usize>(h * headSize)) << 2;
    if (h % group == 0) {
      const kvHead = (<usize>((h / group) * headSize)) << 2;
      packTokens(packedKeys, k + kvHead, kvStride, length, headSize);
      packEntries(packedValues, v + kvHead, kvStride, length, headSize);
    }
    const kvOffset = <usize>(h / group) * stepStride;
    const largestAt = largest + ((<usize>(h / group)) << 2);
    let top = load<f32>(largestAt) * LOG2_E;
    for (let first = 0; first < length; first += FORWARD_ROWS) {
      const rows = min(FORWARD_ROWS, length - first);
      const reach = first + rows;
      const columns = (reach + 7) & ~7;
      const at = <usize>first * stride + head;
      scoreTile(scores, q + at, stride, packedKeys, reach, headSize);
      for (let i = 0; i < rows; i++) {
        const row = scores + <usize>i * scoreStride;
        const sum = exponentialRow(row, kept ? keep : gradients, first + i + 1, columns, scale);
        top = max(top, peak);
        if (steps) roundRow(row, reach, steps + kvOffset, inverses + kvOffset);
        store<f32>(tileSums + ((<usize>i) << 2), 1 / sum);
        store<f32>(sums + ((<usize>(h * length + first + i)) << 2), kept ? 1 / sum : peak + LOG2_E * <f32>log(<f64>sum));
        keep += (<usize>columns) << 2;
      }
      sumTile(out + at, stride, scores, false, packedValues, length, rows, headSize, reach, false);
      for (let i = 0; i < rows; i++) {
        scaleRow(out + at + <usize>i * stride, headSize, load<f32>(tileSums + ((<usize>i) << 2)));
      }
    }
    store<f32>(largestAt, top / LOG2_E);
  }
}

/** Turns raw scores into probabilities and dP into dS = P (dP - D) scale, one row; zero past `valid`. */
function gradientRow(
  p: usize,
  dp: usize,
  valid: i32,
  columns: i32,
  scale: f32,
  logSum: f32,
  delta: f32,
): void {
  for (let j = valid; j < columns; j++) {
    store<f32>(p + ((<usize>j) << 2), -1e30);
    store<f32>(dp + ((<usize>j) << 2), 0);
  }
  const factor = f32x4.splat(scale);
  const exponent = f32x4.splat(LOG2_E * scale);
  const shift = f32x4.splat(-logSum);
  const middle = f32x4.splat(delta);
  const end = p + ((<usize>columns) << 2);
  while (p < end) {
    const e = exp2x4(multiplyAdd(v128.load(p), exponent, shift));
    const e2 = exp2x4(multiplyAdd(v128.load(p, 16), exponent, shift));
    v128.store(p, e);
    v128.store(p, e2, 16);
    v128.store(dp, f32x4.mul(f32x4.mul(e, f32x4.sub(v128.load(dp), middle)), factor));
    v128.store(dp, f32x4.mul(f32x4.mul(e2, f32x4.sub(v128.load(dp, 16), middle)), factor), 16);
    p += 32;
    dp += 32;
  }
}

/** As gradientRow, from the exponentials that the forward pass kept and the inverse of their sum; returns where the next row lies. */
function keptGradientRow(
  p: usize,
  dp: usize,
  kept: usize,
  valid: i32,
  columns: i32,
  scale: f32,
  inverse: f32,
  delta: f32,
): usize {
  const factor = f32x4.splat(scale);
  const share = f32x4.splat(inverse);
  const middle = f32x4.splat(delta);
  const zero = f32x4.splat(0);
  const bytes = (<usize>((valid + 7) & ~7)) << 2;
  for (let o: usize = 0; o < bytes; o += 16) {
    const e = f32x4.mul(v128.load(kept + o), share);
    v128.store(p + o, e);
    v128.store(dp + o, f32x4.mul(f32x4.mul(e, f32x4.sub(v128.load(dp + o), middle)), factor));
  }
  for (let o = bytes; o < (<usize>columns) << 2; o += 16) {
    v128.store(p + o, zero);
    v128.store(dp + o, zero);
  }
  return kept + bytes;
}

function dot(a: usize, b: usize, count: i32): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < count; i += 4) {
    sum = multiplyAdd(v128.load(a), v128.load(b), sum);
    a += 16;
    b += 16;
  }
  return sum4(sum);
}

/** Gradients of attentionForward, with the sums and `kept` it left: writes dq; dk and dv must be zero before. headSize: a multiple of 4. */
export function attentionBackward(
  dq: usize,
  dk: usize,
  dv: usize,
  dOut: usize,
  out: usize,
  sums: usize,
  kept: usize,
  q: usize,
  k: usize,
  v: usize,
  length: i32,
  heads: i32,
  kvHeads: i32,
  headSize: i32,
): void {
  const stride = (<usize>(heads * headSize)) << 2;
  const kvStride = (<usize>(kvHeads * headSize)) << 2;
  const scale = <f32>1 / sqrt<f32>(<f32>headSize);
  const group = heads / kvHeads;
  let keep = kept;
  for (let h = 0; h < heads; h++) {
    const head = (<usize>(h * headSize)) << 2;
    const kvHead = (<usize>((h / group) * headSize)) << 2;
    if (h % group == 0) {
      if (!kept) packTokens(packedKeys, k + kvHead, kvStride, length, headSize);
      packTokens(packedValues, v + kvHead, kvStride, length, headSize);
      packEntries(keyRows, k + kvHead, kvStride, length, headSize);
    }
    for (let first = 0; first < length; first += BACKWARD_ROWS) {
      const rows = min(BACKWARD_ROWS, length - first);
      const reach = first + rows;
      const columns = (reach + 7) & ~7;
      const at = <usize>first * stride + head;
      for (let i = 0; i < rows; i += 4) {
        const row = <usize>i * scoreStride;
        const tile = at + <usize>i * stride;
        if (!kept) scoreTile(scores + row, q + tile, stride, packedKeys, reach, headSize);
        scoreTile(gradients + row, dOut + tile, stride, packedValues, reach, headSize);
        for (let r = i; r < min(rows, i + 4); r++) {
          const token = at + <usize>r * stride;
          const sum = load<f32>(sums + ((<usize>(h * length + first + r)) << 2));
          const delta = dot(dOut + token, out + token, headSize);
          const p = scores + <usize>r * scoreStride;
          const dp = gradients + <usize>r * scoreStride;
          const valid = first + r + 1;
          if (kept) keep = keptGradientRow(p, dp, keep, valid, columns, scale, sum, delta);
          else gradientRow(p, dp, valid, columns, scale, sum, delta);
        }
        sumTile(
          dq + tile,
          stride,
          gradients + row,
          false,
          keyRows,
          length,
          rows - i,
          headSize,
          min(reach, first + i + 4),
          false,
        );
      }
      packEntries(queryRows, q + at, stride, rows, headSize);
      packEntries(outRows, dOut + at, stride, rows, headSize);
      for (let j = 0; j < reach; j += 4) {
        const column = (<usize>j) << 2;
        const to = <usize>j * kvStride + kvHead;
        sumTile(
          dk + to,
          kvStride,
          gradients + column,
          true,
          queryRows,
          rows,
          reach - j,
          headSize,
          rows,
          true,
        );
        sumTile(dv + to, kvStride, scores + column, true, outRows, rows, reach - j, headSize, rows, true);
      }
    }
  }
}
