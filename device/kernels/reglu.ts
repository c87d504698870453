import { at16, at32, mul16 } from "./lanes";

/** Largest gate whose product with mantissa >> shift fits 16 bits. */
// @ts-ignore: decorator
@inline
export function gateLimit(mantissa: i32, shift: i32): i32 {
  return shift > 15 ? 32767 : min(32767, <i32>(((<u32>32767) << shift) / <u32>mantissa));
}

/**
 * out = relu(gate) * up for one core's rows. y: s16 (2n), first the gate rows, then the up rows; scale: s16 (2n);
 * gate * mantissa >> shift is in units of 2^-11 and saturates at 16; out: s32 (n), n a multiple of 8.
 */
export function reglu(y: usize, scale: usize, out: usize, n: i32, mantissa: i32, shift: i32): void {
  const limit = gateLimit(mantissa, shift);
  for (let i = 0; i < n; i++) {
    const j = i + n;
    const gate = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    const up = mul16(<i32>load<i16>(at16(y, j)), <i32>load<i16>(at16(scale, j)), 15);
    const relu = mul16(max(min(gate, limit), 0), mantissa, shift);
    store<i32>(at32(out, i), relu * up);
  }
}
