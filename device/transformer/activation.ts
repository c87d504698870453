/** The activations in single precision. */
import { exp } from "../math";

/** x / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function silu(x: f32): f32 {
  const e = exp(-abs<f32>(x));
  return x * ((x < 0 ? e : <f32>1) / (<f32>1 + e));
}

/** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, which is x / (1 + e^-y). */
// @ts-ignore: decorator
@inline
export function geluTanh(x: f32): f32 {
  const y = <f32>1.5957691216 * (x + <f32>0.044715 * x * x * x);
  const e = exp(-abs<f32>(y));
  return x * ((y < 0 ? e : <f32>1) / (<f32>1 + e));
}

/** max(x, 0). */
// @ts-ignore: decorator
@inline
export function relu(x: f32): f32 {
  return max(x, <f32>0);
}
