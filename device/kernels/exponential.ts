/** e^x for eight lanes of s16 at once: a cubic and four squarings. */
import { add16, mul16 } from "./lanes";

/** Smallest argument: e^(16 * -22713 / 2^15) = 2^-16, which comes out as 0. */
export const LOWEST: i32 = -22713;

// Cubic for e^v, -ln(2) <= v <= 0, in units of 2^-15 (relative error below 1e-4; see src/kernels/accuracy.test.ts).
export const E1: i32 = 32694;
export const E2: i32 = 15766;
export const E3: i32 = 3898;
export const ONE: i32 = 32767;

/** 2^15 * e^(16 u / 2^15) for LOWEST <= u <= 0. */
// @ts-ignore: decorator
@inline
export function exponential(u: i32): i32 {
  let e = add16(mul16(u, E3, 15), E2);
  e = add16(mul16(u, e, 15), E1);
  e = add16(mul16(u, e, 15), ONE);
  e = mul16(e, e, 15);
  e = mul16(e, e, 15);
  e = mul16(e, e, 15);
  return mul16(e, e, 15);
}
