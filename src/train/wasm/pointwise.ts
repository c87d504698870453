/** Row-wise and element-wise operators. Counts are multiples of 4, addresses multiples of 16 unless said. */
import { exp4, max4, multiplyAdd, multiplySubtract, sum4 } from './math';

/** llama2.c's epsilon. */
const EPSILON: f32 = 1e-5;

/** out = weight * x / rms(x), row by row; inverses (rows) keeps 1 / rms. */
export function rmsnormForward(out: usize, inverses: usize, x: usize, weight: usize, rows: i32, dim: i32): void {
  const bytes = <usize>dim << 2;
  for (let i = 0; i < rows; i++) {
    let squares = f32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) {
      const value = v128.load(x + o);
      squares = multiplyAdd(value, value, squares);
    }
    const inverse = <f32>1 / sqrt<f32>(sum4(squares) / <f32>dim + EPSILON);
    store<f32>(inverses + (<usize>i << 2), inverse);
    const factor = f32x4.splat(inverse);
    for (let o: usize = 0; o < bytes; o += 16) {
      v128.store(out + o, f32x4.mul(v128.load(weight + o), f32x4.mul(factor, v128.load(x + o))));
    }
    x += bytes;
    out += bytes;
  }
}

/** dx += and dWeight += the gradients of rmsnormForward. */
export function rmsnormBackward(
  dx: usize, dWeight: usize, dOut: usize, x: usize, inverses: usize, weight: usize, rows: i32, dim: i32,
): void {
  const bytes = <usize>dim << 2;
  for (let i = 0; i < rows; i++) {
    const inverse = load<f32>(inverses + (<usize>i << 2));
    const factor = f32x4.splat(inverse);
    let products = f32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) {
      const gradient = v128.load(dOut + o);
      const normal = f32x4.mul(v128.load(x + o), factor);
      products = multiplyAdd(f32x4.mul(gradient, v128.load(weight + o)), normal, products);
      v128.store(dWeight + o, multiplyAdd(gradient, normal, v128.load(dWeight + o)));
    }
    const mean = f32x4.splat(sum4(products) / <f32>dim);
    for (let o: usize = 0; o < bytes; o += 16) {
      const normal = f32x4.mul(v128.load(x + o), factor);
      const inner = multiplySubtract(normal, mean, f32x4.mul(v128.load(dOut + o), v128.load(weight + o)));
      v128.store(dx + o, multiplyAdd(inner, factor, v128.load(dx + o)));
    }
    x += bytes;
    dx += bytes;
    dOut += bytes;
  }
}

/**
 * Rotates pairs (2i, 2i+1) of every head in place. cosines, sines: (positions, headSize), each pair's
 * value twice and the sine's sign already alternating (-, +); `sign` -1 undoes the rotation (backward).
 */
export function rope(
  x: usize, positions: usize, cosines: usize, sines: usize, rows: i32, dim: i32, headSize: i32, sign: f32,
): void {
  const direction = f32x4.splat(sign);
  for (let i = 0; i < rows; i++) {
    const table = <usize>(load<i32>(positions + (<usize>i << 2)) * headSize) << 2;
    for (let j = 0; j < dim; j += 4) {
      const entry = table + (<usize>(j % headSize) << 2);
      const value = v128.load(x);
      const swapped = v128.shuffle<f32>(value, value, 1, 0, 3, 2);
      const sine = f32x4.mul(v128.load(sines + entry), direction);
      v128.store(x, multiplyAdd(swapped, sine, f32x4.mul(value, v128.load(cosines + entry))));
      x += 16;
    }
  }
}

// @ts-expect-error: decorator
@inline
function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** Cuts every float to -limit ... limit, in place. */
export function clamp(x: usize, count: i32, limit: f32): void {
  const bytes = (<usize>count) << 2;
  const high = f32x4.splat(limit);
  const low = f32x4.splat(-limit);
  for (let o: usize = 0; o < bytes; o += 16) {
    v128.store(x + o, f32x4.pmax(f32x4.pmin(v128.load(x + o), high), low));
  }
}

/** out = silu(gate) * up (SwiGLU), or relu(gate) * up. */
export function gatedForward(out: usize, gate: usize, up: usize, count: i32, relu: bool): void {
  const bytes = <usize>count << 2;
  const zero = f32x4.splat(0);
  for (let o: usize = 0; o < bytes; o += 16) {
    const g = v128.load(gate + o);
    const activated = relu ? f32x4.pmax(g, zero) : f32x4.mul(g, sigmoid4(g));
    v128.store(out + o, f32x4.mul(activated, v128.load(up + o)));
  }
}

/** Gradients of gatedForward, written over gate and up. */
export function gatedBackward(dOut: usize, gate: usize, up: usize, count: i32, relu: bool): void {
  const bytes = <usize>count << 2;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (let o: usize = 0; o < bytes; o += 16) {
    const g = v128.load(gate + o);
    const d = v128.load(dOut + o);
    const u = v128.load(up + o);
    if (relu) {
      v128.store(up + o, f32x4.mul(d, f32x4.pmax(g, zero)));
      v128.store(gate + o, v128.and(f32x4.mul(d, u), f32x4.gt(g, zero)));
    } else {
      const s = sigmoid4(g);
      v128.store(up + o, f32x4.mul(d, f32x4.mul(g, s)));
      const slope = f32x4.mul(s, multiplyAdd(g, f32x4.sub(one, s), one));
      v128.store(gate + o, f32x4.mul(f32x4.mul(d, u), slope));
    }
  }
}

/** out (rows, dim) = rows of `table` named by tokens. */
export function gather(out: usize, table: usize, tokens: usize, rows: i32, dim: i32): void {
  const bytes = <usize>dim << 2;
  for (let i = 0; i < rows; i++) {
    memory.copy(out, table + <usize>load<i32>(tokens + (<usize>i << 2)) * bytes, bytes);
    out += bytes;
  }
}

/** dTable rows += dOut rows: the gradient of gather. */
export function scatterAdd(dTable: usize, dOut: usize, tokens: usize, rows: i32, dim: i32): void {
  const bytes = <usize>dim << 2;
  for (let i = 0; i < rows; i++) {
    const to = dTable + <usize>load<i32>(tokens + (<usize>i << 2)) * bytes;
    for (let o: usize = 0; o < bytes; o += 16) {
      v128.store(to + o, f32x4.add(v128.load(to + o), v128.load(dOut + o)));
    }
    dOut += bytes;
  }
}

/**
 * Rounds groups of `group` floats to `levels` steps each side of zero (127 for int8, 7 for int4), with the
 * scale max|x| / levels of the group, and back to float: what the chip's integers stand for. May be in place.
 */
export function fakeQuantize(out: usize, x: usize, groups: i32, group: i32, levels: f32): void {
  const bytes = <usize>group << 2;
  for (let i = 0; i < groups; i++) {
    let top = f32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) top = f32x4.pmax(top, f32x4.abs(v128.load(x + o)));
    const peak = max4(top);
    const scale = f32x4.splat(peak / levels);
    const inverse = f32x4.splat(peak > 0 ? levels / peak : 0);
    for (let o: usize = 0; o < bytes; o += 16) {
      v128.store(out + o, f32x4.mul(f32x4.nearest(f32x4.mul(v128.load(x + o), inverse)), scale));
    }
    x += bytes;
    out += bytes;
  }
}
