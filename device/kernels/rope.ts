import { add16, at16, mul16, sub16 } from "./lanes";

/**
 * Scales the rows of a query or key block and rotates its pairs by the position's angles; out may be y.
 * y, out: s16 (2n), first the even members of all pairs, then the odd ones; scale: s16 (2n) in the same order;
 * angles: s16 (2n) in units of 2^-15, n cosines, then n sines. n a multiple of 8.
 */
export function rope(y: usize, scale: usize, angles: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const j = i + n;
    const even = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    const odd = mul16(<i32>load<i16>(at16(y, j)), <i32>load<i16>(at16(scale, j)), 15);
    const cosine = <i32>load<i16>(at16(angles, i));
    const sine = <i32>load<i16>(at16(angles, j));
    store<i16>(at16(out, i), sub16(mul16(even, cosine, 15), mul16(odd, sine, 15)));
    store<i16>(at16(out, j), add16(mul16(even, sine, 15), mul16(odd, cosine, 15)));
  }
}
