/**
 * Single-precision building blocks that round where llama2.c's run.c rounds (gcc -O3, x86-64: no fused multiply-add, sums in
 * order), so that the choice of every token agrees bit for bit.
 */
import type { Activation } from '../model/index.ts';
import { expf } from './libm.ts';

const { fround } = Math;

/** `out[i] = sum over j of w[i * columns + j] * x[j]`, each sum in order. Four rows at a time to hide the adder's latency. */
export function matmul(
  out: Float32Array,
  w: Float32Array,
  x: Float32Array,
  rows: number,
  columns: number,
): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const r0 = row * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    let s0 = fround(0);
    let s1 = fround(0);
    let s2 = fround(0);
    let s3 = fround(0);
    for (let j = 0; j < columns; j++) {
      const value = x[j];
      s0 = fround(s0 + fround(w[r0 + j] * value));
      s1 = fround(s1 + fround(w[r1 + j] * value));
      s2 = fround(s2 + fround(w[r2 + j] * value));
      s3 = fround(s3 + fround(w[r3 + j] * value));
    }
    out[row] = s0;
    out[row + 1] = s1;
    out[row + 2] = s2;
    out[row + 3] = s3;
  }
  for (; row < rows; row++) {
    let sum = fround(0);
    for (let j = 0; j < columns; j++) sum = fround(sum + fround(w[row * columns + j] * x[j]));
    out[row] = sum;
  }
}

/** RMSNorm (Zhang and Sennrich 2019): `out = weight * x / sqrt(mean(x^2) + epsilon)`. */
export function rmsnorm(out: Float32Array, x: Float32Array, weight: Float32Array, epsilon: number): void {
  let sum = fround(0);
  for (let j = 0; j < x.length; j++) sum = fround(sum + fround(x[j] * x[j]));
  const mean = fround(fround(sum / x.length) + fround(epsilon));
  const scale = fround(1 / fround(Math.sqrt(mean)));
  for (let j = 0; j < x.length; j++) out[j] = fround(weight[j] * fround(scale * x[j]));
}

/** LayerNorm (Ba et al. 2016): `out = weight * (x - mean) / sqrt(variance + epsilon) + bias`. */
export function layernorm(
  out: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  epsilon: number,
): void {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const scale = 1 / Math.sqrt(variance + epsilon);
  for (let j = 0; j < x.length; j++) out[j] = weight[j] * ((x[j] - mean) * scale) + bias[j];
}

/** In place over `x[start .. start + count)`. */
export function softmax(x: Float32Array, start: number, count: number): void {
  let max = x[start];
  for (let i = 1; i < count; i++) if (x[start + i] > max) max = x[start + i];
  let sum = fround(0);
  for (let i = 0; i < count; i++) {
    const e = expf(fround(x[start + i] - max));
    x[start + i] = e;
    sum = fround(sum + e);
  }
  for (let i = 0; i < count; i++) x[start + i] = fround(x[start + i] / sum);
}

const ROOT_2_PER_PI = Math.sqrt(2 / Math.PI);

/** The activations; those of run.c are rounded as there. */
export const activations: Readonly<Record<Activation, (x: number) => number>> = {
  silu: (x) => fround(x * fround(1 / fround(1 + expf(-x)))),
  relu: (x) => Math.max(x, 0),
  // The approximation by tanh (Hendrycks and Gimpel 2016), transformers' gelu_new.
  gelu: (x) => fround(0.5 * x * (1 + Math.tanh(ROOT_2_PER_PI * (x + 0.044715 * x ** 3)))),
};

/** `x = act(x)`. */
export function activate(activation: Activation, x: Float32Array): void {
  const act = activations[activation];
  for (let i = 0; i < x.length; i++) x[i] = act(x[i]);
}

/** Gated feed-forward (Shazeer 2020): `gate = act(gate) * up`, in place. */
export function gateAndUp(activation: Activation, gate: Float32Array, up: Float32Array): void {
  const act = activations[activation];
  for (let i = 0; i < gate.length; i++) gate[i] = fround(act(gate[i]) * up[i]);
}

/** `x += y`. */
export function accumulate(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = fround(x[i] + y[i]);
}
