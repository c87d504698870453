import { LOWEST, R0, R1, R2, R3, R4 } from "../contract/constants";
import { exponential } from "./exponential";
import { add16, at16, at32, mul16, sub16 } from "./lanes";

/**
 * out = silu(gate) * up for one core's rows. y: s16 (2n), first the gate rows, then the up rows; scale: s16 (2n);
 * gate * mantissa >> shift is in units of 2^-11 and saturates at +-16; out: s32 (n), n a multiple of 8.
 * silu(z) = max(z, 0) - |z| c(|z|), c(a) = e^-a / (1 + e^-a), by a polynomial of degree 4 in e^-a (absolute error below 3e-4;
 * see src/kernels/accuracy.test.ts).
 */
export function swiglu(y: usize, scale: usize, out: usize, n: i32, mantissa: i32, shift: i32): void {
  const limit = shift > 15 ? 32767 : min(32767, <i32>(((<u32>32767) << shift) / <u32>mantissa));
  for (let i = 0; i < n; i++) {
    const j = i + n;
    const gate = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    const up = mul16(<i32>load<i16>(at16(y, j)), <i32>load<i16>(at16(scale, j)), 15);
    const z = mul16(max(min(gate, limit), -limit), mantissa, shift);
    // -|z|, already in the units of the exponential; at LOWEST, c is 0.
    const negative = max(min(z, sub16(0, z)), LOWEST);
    const e = exponential(negative);
    let r = add16(mul16(e, R4, 15), R3);
    r = add16(mul16(e, r, 15), R2);
    r = add16(mul16(e, r, 15), R1);
    r = add16(mul16(e, r, 15), R0);
    const c = mul16(e, r, 15);
    const silu = add16(max(z, 0), mul16(negative, c, 15));
    store<i32>(at32(out, i), silu * up);
  }
}
