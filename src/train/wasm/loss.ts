import { exp4, log, max4, sum4 } from './math';

/**
 * Cross-entropy of `rows` rows of logits (rowStride floats apart, `vocabulary` of them used) against
 * targets; the sum of the losses in nats is returned. With `scale` not 0 the logits are replaced by the
 * gradient, softmax minus one-hot, times scale. A negative target counts for nothing: its row has no loss and no gradient. Columns past the vocabulary up to a multiple of 4 are
 * overwritten.
 */
export function crossEntropy(
  logits: usize,
  rowStride: i32,
  targets: usize,
  rows: i32,
  vocabulary: i32,
  scale: f32,
): f64 {
  const padded = (vocabulary + 3) & ~3;
  const bytes = (<usize>padded) << 2;
  let loss: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const row = logits + ((<usize>(i * rowStride)) << 2);
    for (let j = vocabulary; j < padded; j++) store<f32>(row + ((<usize>j) << 2), -1e30);
    const target = load<i32>(targets + ((<usize>i) << 2));
    if (target < 0) {
      if (scale != 0) for (let o: usize = 0; o < bytes; o += 16) v128.store(row + o, f32x4.splat(0));
      continue;
    }
    let top = f32x4.splat(-1e30);
    for (let o: usize = 0; o < bytes; o += 16) top = f32x4.pmax(top, v128.load(row + o));
    const peak = max4(top);
    const shift = f32x4.splat(peak);
    const wanted = row + ((<usize>target) << 2);
    const logit = load<f32>(wanted);
    let total = f32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) {
      const e = exp4(f32x4.sub(v128.load(row + o), shift));
      v128.store(row + o, e);
      total = f32x4.add(total, e);
    }
    const sum = sum4(total);
    loss += log(<f64>sum) + <f64>peak - <f64>logit;
    if (scale == 0) continue;
    const factor = f32x4.splat(scale / sum);
    for (let o: usize = 0; o < bytes; o += 16) v128.store(row + o, f32x4.mul(v128.load(row + o), factor));
    store<f32>(wanted, load<f32>(wanted) - scale);
  }
  return loss;
}

/**
 * Makes gradients of {@link crossEntropy} (or of `distill`) those for smoothed labels: of every label's one, `amount` is spread over the vocabulary
 * (Szegedy et al., arXiv:1512.00567). `amount` is in the gradients' unit: the smoothed share times their scale. Rows of negative targets stay 0.
 */
export function smoothLabels(
  gradients: usize,
  rowStride: i32,
  targets: usize,
  rows: i32,
  vocabulary: i32,
  amount: f32,
): void {
  const each = amount / <f32>vocabulary;
  for (let i = 0; i < rows; i++) {
    const target = load<i32>(targets + ((<usize>i) << 2));
    if (target < 0) continue;
    const row = gradients + ((<usize>(i * rowStride)) << 2);
    for (let j = 0; j < vocabulary; j++) {
      const at = row + ((<usize>j) << 2);
      store<f32>(at, load<f32>(at) - each);
    }
    const wanted = row + ((<usize>target) << 2);
    store<f32>(wanted, load<f32>(wanted) + amount);
  }
}
