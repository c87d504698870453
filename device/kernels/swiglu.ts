import { GATE_LOWEST, S0, S1, S2, S3 } from "../contract/constants";
import { add16, at16, at32, mul16, sub16 } from "./lanes";
import { gateLimit } from "./reglu";

/**
 * out = silu(gate) * up for one core's rows. y: s16 (2n), first the gate rows, then the up rows; scale: s16 (2n);
 * gate * mantissa >> shift is in units of 2^-11 and saturates at +-16; out: s32 (n), n a multiple of 8.
 * silu(z) = max(z, 0) - |z| c(|z|), c(a) = 1 / (1 + e^a) = p(a)^16, nearly, p a cubic (absolute error of silu below 2.5e-3;
 * see src/kernels/accuracy.test.ts).
 */
export function swiglu(y: usize, scale: usize, out: usize, n: i32, mantissa: i32, shift: i32): void {
  const limit = gateLimit(mantissa, shift);
  for (let i = 0; i < n; i++) {
    const j = i + n;
    const gate = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    const up = mul16(<i32>load<i16>(at16(y, j)), <i32>load<i16>(at16(scale, j)), 15);
    const z = mul16(max(min(gate, limit), -limit), mantissa, shift);
    const negative = max(min(z, sub16(0, z)), GATE_LOWEST); // -|z|
    let c = add16(mul16(negative, S3, 14), S2);
    c = add16(mul16(negative, c, 14), S1);
    c = add16(mul16(negative, c, 14), S0);
    for (let squaring = 0; squaring < 4; squaring++) c = mul16(c, c, 15);
    const silu = add16(max(z, 0), mul16(negative, c, 15));
    store<i32>(at32(out, i), silu * up);
  }
}
