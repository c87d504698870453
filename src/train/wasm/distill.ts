import { exp4, log, max4, multiplyAdd, sum4 } from './math';

/**
 * Cross-entropy of `rows` rows of logits z against targets and against a teacher (Hinton et al. 2015, arXiv:1503.02531):
 *
 *     (1 - mix) * H(target, softmax(z)) + mix * T^2 * H(q, softmax(z / T))
 *
 * The logits are replaced by the gradient times scale; the sum of the first entropies alone is returned, in nats. Of the teacher's
 * distribution at temperature T there are the `top` largest shares q (rows, top) with their ids; what is left of 1 is the share of all
 * other ids together, which the student divides among them as it likes. Rows are rowStride floats apart, `vocabulary` of them used,
 * and up to a multiple of 4 overwritten. room: for as many floats, and `top` more.
 */
export function distill(
  logits: usize,
  rowStride: i32,
  targets: usize,
  ids: usize,
  shares: usize,
  top: i32,
  rows: i32,
  vocabulary: i32,
  scale: f32,
  mix: f32,
  temperature: f32,
  room: usize,
): f64 {
  const padded = (vocabulary + 3) & ~3;
  const bytes = (<usize>padded) << 2;
  const named = room + bytes;
  const cooler = f32x4.splat(1 / temperature);
  const hard = scale * (1 - mix);
  const soft = scale * mix * temperature;
  let loss: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const row = logits + ((<usize>(i * rowStride)) << 2);
    for (let j = vocabulary; j < padded; j++) store<f32>(row + ((<usize>j) << 2), -1e30);
    let largest = f32x4.splat(-1e30);
    for (let o: usize = 0; o < bytes; o += 16) largest = f32x4.pmax(largest, v128.load(row + o));
    const peak = max4(largest);
    const shift = f32x4.splat(peak);
    const wanted = row + ((<usize>load<i32>(targets + ((<usize>i) << 2))) << 2);
    const logit = load<f32>(wanted);
    let total = f32x4.splat(0);
    let warmTotal = f32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) {
      const below = f32x4.sub(v128.load(row + o), shift);
      const e = exp4(below);
      const warm = exp4(f32x4.mul(below, cooler));
      v128.store(row + o, e);
      v128.store(room + o, warm);
      total = f32x4.add(total, e);
      warmTotal = f32x4.add(warmTotal, warm);
    }
    const sum = sum4(total);
    loss += log(<f64>sum) + <f64>peak - <f64>logit;
    // The named ids leave the row, so that what is left of it can be summed without cancellation.
    let rest: f32 = 1;
    for (let k = 0; k < top; k++) {
      const at = room + ((<usize>load<i32>(ids + ((<usize>k) << 2))) << 2);
      store<f32>(named + ((<usize>k) << 2), load<f32>(at));
      store<f32>(at, 0);
      rest -= load<f32>(shares + ((<usize>k) << 2));
    }
    let others = f32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) others = f32x4.add(others, v128.load(room + o));
    const left = sum4(others);
    const inverse: f32 = <f32>1 / sum4(warmTotal);
    const tail = f32x4.splat(left > 0 ? soft * (inverse - max(rest, 0) / left) : 0);
    const factor = f32x4.splat(hard / sum);
    for (let o: usize = 0; o < bytes; o += 16) {
      v128.store(row + o, multiplyAdd(v128.load(room + o), tail, f32x4.mul(v128.load(row + o), factor)));
    }
    for (let k = 0; k < top; k++) {
      const at = row + ((<usize>load<i32>(ids + ((<usize>k) << 2))) << 2);
      const difference: f32 = load<f32>(named + ((<usize>k) << 2)) * inverse - load<f32>(shares + ((<usize>k) << 2));
      store<f32>(at, load<f32>(at) + soft * difference);
    }
    store<f32>(wanted, load<f32>(wanted) - hard);
    ids += (<usize>top) << 2;
    shares += (<usize>top) << 2;
  }
  return loss;
}
