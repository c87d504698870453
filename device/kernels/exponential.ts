/** e^x for eight lanes of s16 at once: a cubic and four squarings (relative error below 1e-4; see src/kernels/accuracy.test.ts). */
import { BASE, E1, E2, E3, NEAREST, ONE } from "../contract/constants";
import { add16, mul16, saturate8 } from "./lanes";

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
 * 176 * e^(below / 7.7), nearly (to half a hundredth of the largest), for a distance -128...0, as (1/2 + t^2/2)^8 is, t = 1 + x / 8:
 * each squaring leaves an eighth of the bits, and what is below 1 is cut off; the base is a little more than a half, which makes up
 * for that. At 0 it is 176, from 47 down nothing.
 */
// @ts-ignore: decorator
@inline
export function weightOf(below: i32): i32 {
  const d = saturate8(saturate8(2 * below) + NEAREST);
  let e = add16(mul16(d << 8, d << 8, 16), BASE);
  e = mul16(e, e, 16);
  e = mul16(e, e, 16);
  return mul16(e, e, 16);
}
