/**
 * Causal grouped-query attention over one document of `length` tokens, in blocks of query rows, so that a
 * block's scores stay in the cache (Dao et al., FlashAttention, arXiv:2205.14135: the backward pass makes the
 * probabilities again from the saved log-sum-exp). All tensors are row-major, one row a token.
 */
import { gemm } from './gemm';
import { exp4, log, max4, sum4 } from './math';

const BLOCK: i32 = 32;

let scores: usize = 0;
let gradients: usize = 0;
let scoreStride: i32 = 0;

/** Two blocks of 32 rows by (context rounded up to 8, plus 8) floats; the odd stride spares cache sets. */
export function setAttentionScratch(address: usize, context: i32): void {
  scoreStride = ((context + 7) & ~7) + 8;
  scores = address;
  gradients = address + <usize>(BLOCK * scoreStride * 4);
}

/** Softmax of one row of raw scores, `valid` of `columns` entries; returns the log-sum-exp of the scaled row. */
function softmaxRow(row: usize, valid: i32, columns: i32, scale: f32): f32 {
  const infinity = <f32>-1e30;
  for (let j = valid; j < columns; j++) store<f32>(row + (<usize>j << 2), infinity);
  let top = f32x4.splat(infinity);
  const end = row + (<usize>columns << 2);
  for (let p = row; p < end; p += 16) top = f32x4.max(top, v128.load(p));
  const peak = max4(top) * scale;
  const shift = f32x4.splat(peak);
  const factor = f32x4.splat(scale);
  let total = f32x4.splat(0);
  for (let p = row; p < end; p += 16) {
    const e = exp4(f32x4.sub(f32x4.mul(v128.load(p), factor), shift));
    v128.store(p, e);
    total = f32x4.add(total, e);
  }
  for (let j = valid; j < columns; j++) store<f32>(row + (<usize>j << 2), 0);
  const sum = sum4(total);
  const inverse = f32x4.splat(1 / sum);
  for (let p = row; p < end; p += 16) v128.store(p, f32x4.mul(v128.load(p), inverse));
  return peak + <f32>log(<f64>sum);
}

/**
 * out (length, heads*headSize) from q (same shape), k and v (length, kvHeads*headSize);
 * logSums (heads, length) is kept for the backward pass.
 */
export function attentionForward(
  out: usize, logSums: usize, q: usize, k: usize, v: usize,
  length: i32, heads: i32, kvHeads: i32, headSize: i32,
): void {
  const dim = heads * headSize;
  const kvDim = kvHeads * headSize;
  const scale = <f32>1 / sqrt<f32>(<f32>headSize);
  for (let h = 0; h < heads; h++) {
    const head = <usize>(h * headSize) << 2;
    const kvHead = <usize>((h / (heads / kvHeads)) * headSize) << 2;
    for (let first = 0; first < length; first += BLOCK) {
      const rows = min(BLOCK, length - first);
      const reach = first + rows;
      const columns = (reach + 3) & ~3;
      const offset = (<usize>(first * dim) << 2) + head;
      gemm(scores, scoreStride, q + offset, dim, 1, k + kvHead, 1, kvDim, rows, reach, headSize, false);
      for (let i = 0; i < rows; i++) {
        const sum = softmaxRow(scores + (<usize>(i * scoreStride) << 2), first + i + 1, columns, scale);
        store<f32>(logSums + (<usize>(h * length + first + i) << 2), sum);
      }
      gemm(out + offset, dim, scores, scoreStride, 1, v + kvHead, kvDim, 1, rows, headSize, reach, false);
    }
  }
}

/** Turns raw scores into probabilities and dP into dS = P (dP - D) scale, one row. */
function gradientRow(p: usize, dp: usize, valid: i32, columns: i32, scale: f32, logSum: f32, delta: f32): void {
  for (let j = valid; j < columns; j++) {
    store<f32>(p + (<usize>j << 2), -1e30);
    store<f32>(dp + (<usize>j << 2), 0);
  }
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(logSum);
  const middle = f32x4.splat(delta);
  const end = p + (<usize>columns << 2);
  while (p < end) {
    const e = exp4(f32x4.sub(f32x4.mul(v128.load(p), factor), shift));
    v128.store(p, e);
    v128.store(dp, f32x4.mul(f32x4.mul(e, f32x4.sub(v128.load(dp), middle)), factor));
    p += 16;
    dp += 16;
  }
}

function dot(a: usize, b: usize, count: i32): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < count; i++) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

/** Gradients of attentionForward: writes dq; dk and dv must be zero before. */
export function attentionBackward(
  dq: usize, dk: usize, dv: usize, dOut: usize, out: usize, logSums: usize,
  q: usize, k: usize, v: usize, length: i32, heads: i32, kvHeads: i32, headSize: i32,
): void {
  const dim = heads * headSize;
  const kvDim = kvHeads * headSize;
  const scale = <f32>1 / sqrt<f32>(<f32>headSize);
  for (let h = 0; h < heads; h++) {
    const head = <usize>(h * headSize) << 2;
    const kvHead = <usize>((h / (heads / kvHeads)) * headSize) << 2;
    for (let first = 0; first < length; first += BLOCK) {
      const rows = min(BLOCK, length - first);
      const reach = first + rows;
      const columns = (reach + 3) & ~3;
      const offset = (<usize>(first * dim) << 2) + head;
      gemm(scores, scoreStride, q + offset, dim, 1, k + kvHead, 1, kvDim, rows, reach, headSize, false);
      gemm(gradients, scoreStride, dOut + offset, dim, 1, v + kvHead, 1, kvDim, rows, reach, headSize, false);
      for (let i = 0; i < rows; i++) {
        const row = <usize>(i * scoreStride) << 2;
        const at = offset + (<usize>(i * dim) << 2);
        const logSum = load<f32>(logSums + (<usize>(h * length + first + i) << 2));
        const delta = dot(dOut + at, out + at, headSize);
        gradientRow(scores + row, gradients + row, first + i + 1, columns, scale, logSum, delta);
      }
      gemm(dq + offset, dim, gradients, scoreStride, 1, k + kvHead, kvDim, 1, rows, headSize, reach, false);
      gemm(dk + kvHead, kvDim, gradients, 1, scoreStride, q + offset, dim, 1, reach, headSize, rows, true);
      gemm(dv + kvHead, kvDim, scores, 1, scoreStride, dOut + offset, dim, 1, reach, headSize, rows, true);
    }
  }
}
