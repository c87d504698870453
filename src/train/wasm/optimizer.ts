import { gemm } from './gemm';
import { sum4 } from './math';

/** to += from, `count` floats (a multiple of 4). */
export function addInto(to: usize, from: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  for (let o: usize = 0; o < bytes; o += 16)
    v128.store(to + o, f32x4.add(v128.load(to + o), v128.load(from + o)));
}

/** Sum of squares in double precision: exact enough not to depend on how the work is shared. */
export function sumOfSquares(x: usize, count: i32): f64 {
  let even = f64x2.splat(0);
  let odd = even;
  const bytes = (<usize>count) << 2;
  for (let o: usize = 0; o < bytes; o += 16) {
    const value = v128.load(x + o);
    const low = f64x2.promote_low_f32x4(value);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(value, value, 2, 3, 2, 3));
    even = f64x2.add(even, f64x2.mul(low, low));
    odd = f64x2.add(odd, f64x2.mul(high, high));
  }
  const both = f64x2.add(even, odd);
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

/**
 * AdamW (Loshchilov and Hutter, arXiv:1711.05101) on `count` floats. `correct1`, `correct2` are
 * 1 / (1 - beta^step); `gradientScale` is the clipping factor.
 */
export function adamw(
  weights: usize,
  gradients: usize,
  first: usize,
  second: usize,
  count: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
  correct1: f32,
  correct2: f32,
  gradientScale: f32,
): void {
  const bytes = (<usize>count) << 2;
  const b1 = f32x4.splat(beta1);
  const n1 = f32x4.splat(1 - beta1);
  const b2 = f32x4.splat(beta2);
  const n2 = f32x4.splat(1 - beta2);
  const scale = f32x4.splat(gradientScale);
  const c1 = f32x4.splat(rate * correct1);
  const c2 = f32x4.splat(correct2);
  const eps = f32x4.splat(epsilon);
  const shrink = f32x4.splat(1 - rate * decay);
  for (let o: usize = 0; o < bytes; o += 16) {
    const g = f32x4.mul(v128.load(gradients + o), scale);
    const m = f32x4.add(f32x4.mul(v128.load(first + o), b1), f32x4.mul(g, n1));
    const v = f32x4.add(f32x4.mul(v128.load(second + o), b2), f32x4.mul(f32x4.mul(g, g), n2));
    v128.store(first + o, m);
    v128.store(second + o, v);
    const step = f32x4.div(f32x4.mul(m, c1), f32x4.add(f32x4.sqrt(f32x4.mul(v, c2)), eps));
    v128.store(weights + o, f32x4.sub(f32x4.mul(v128.load(weights + o), shrink), step));
  }
}

function scaleInto(to: usize, from: usize, count: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  const bytes = (<usize>count) << 2;
  for (let o: usize = 0; o < bytes; o += 16) v128.store(to + o, f32x4.mul(v128.load(from + o), f));
}

/** to = a * x + b * y. */
function combine(to: usize, a: f32, x: usize, b: f32, y: usize, count: i32): void {
  const fa = f32x4.splat(a);
  const fb = f32x4.splat(b);
  const bytes = (<usize>count) << 2;
  for (let o: usize = 0; o < bytes; o += 16) {
    v128.store(to + o, f32x4.add(f32x4.mul(v128.load(x + o), fa), f32x4.mul(v128.load(y + o), fb)));
  }
}

/**
 * Replaces x (rows, columns) by nearly the closest orthogonal matrix: five Newton-Schulz steps with the
 * coefficients of Muon (Jordan et al. 2024). scratch: rows*columns + 2*min(rows, columns)^2 floats.
 */
function orthogonalize(x: usize, rows: i32, columns: i32, scratch: usize): void {
  const count = rows * columns;
  scaleInto(x, x, count, <f32>(1.0 / (sqrt<f64>(sumOfSquares(x, count)) + 1e-7)));
  const tall = rows > columns;
  const side = min(rows, columns);
  const gram = scratch;
  const poly = gram + ((<usize>(side * side)) << 2);
  const next = poly + ((<usize>(side * side)) << 2);
  for (let round = 0; round < 5; round++) {
    if (tall) gemm(gram, side, x, 1, columns, x, columns, 1, side, side, rows, false);
    else gemm(gram, side, x, columns, 1, x, 1, columns, side, side, columns, false);
    gemm(poly, side, gram, side, 1, gram, side, 1, side, side, side, false);
    combine(poly, <f32>-4.775, gram, <f32>2.0315, poly, side * side);
    if (tall) gemm(next, columns, x, columns, 1, poly, side, 1, rows, columns, side, false);
    else gemm(next, columns, poly, side, 1, x, columns, 1, rows, columns, side, false);
    combine(x, <f32>3.4445, x, 1, next, count);
  }
}

/**
 * One Muon step (Nesterov momentum, orthogonalised) for a matrix; `rate` already holds the shape's factor.
 * scratch: 2*rows*columns + 2*min(rows, columns)^2 floats.
 */
export function muon(
  weights: usize,
  gradients: usize,
  momentum: usize,
  rows: i32,
  columns: i32,
  rate: f32,
  beta: f32,
  decay: f32,
  gradientScale: f32,
  scratch: usize,
): void {
  const count = rows * columns;
  combine(momentum, beta, momentum, (1 - beta) * gradientScale, gradients, count);
  combine(scratch, (1 - beta) * gradientScale, gradients, beta, momentum, count);
  orthogonalize(scratch, rows, columns, scratch + ((<usize>count) << 2));
  combine(weights, 1 - rate * decay, weights, -rate, scratch, count);
}
