/** e^x for eight lanes of s16 at once: a cubic and four squarings (relative error below 1e-4; see src/kernels/accuracy.test.ts). */
import { BASE, E1, E2, E3, ONE } from "../contract/constants";
import { add16, mul16 } from "./lanes";

/** 2^15 * e^(16 u / 2^15) for LOWEST <= u <= 0. */
// @ts-ignore: decorator
@inline
export function exponential(u: i32): i32 {
  const root = rootOfExponential(u);
  return mul16(root, root, 15);
}

/** 2^15 * e^(8 u / 2^15): its square root, for who rounds the last squaring otherwise. */
// @ts-ignore: decorator
@inline
export function rootOfExponential(u: i32): i32 {
  let e = add16(mul16(u, E3, 15), E2);
  e = add16(mul16(u, e, 15), E1);
  e = add16(mul16(u, e, 15), ONE);
  e = mul16(e, e, 15);
  e = mul16(e, e, 15);
  return mul16(e, e, 15);
}

/**
 * 2^15 * e^((d - 127) / 8.016), nearly, for |d| < 128: (BASE + d^2)^16 in units of 2^-15, as (1/2 + t^2/2)^16 is e^(16 (t - 1)), nearly.
 * The 127 steps are 16 nats; at 0 nothing is left. Largest value 0.91.
 */
// @ts-ignore: decorator
@inline
export function expOfStep(d: i32): i32 {
  let e = add16(mul16(d << 8, d << 8, 16), BASE);
  e = mul16(e, e, 15);
  e = mul16(e, e, 15);
  e = mul16(e, e, 15);
  return mul16(e, e, 15);
}
