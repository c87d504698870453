import { G0, G1, G2, G3, PLAIN_LOWEST } from "../contract/constants";
import { add16, at16, mul16, sub16 } from "./lanes";

/**
 * out = gelu(y), y and out: s16 (n) in units of 2^-10, n a multiple of 16. gelu(z) = max(z, 0) - |z| c(|z|), where
 * c(a) = 1 / (1 + e^(2 sqrt(2 / pi) (a + 0.044715 a^3))) = p(a)^4, nearly, p a cubic (absolute error below 2e-3; see
 * src/kernels/accuracy.test.ts).
 */
export function gelu(y: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const z = <i32>load<i16>(at16(y, i));
    const negative = max(min(z, sub16(0, z)), PLAIN_LOWEST); // -|z|
    let c = add16(mul16(negative, G3, 12), G2);
    c = add16(mul16(negative, c, 12), G1);
    c = add16(mul16(negative, c, 12), G0);
    c = mul16(c, c, 15);
    c = mul16(c, c, 15);
    store<i16>(at16(out, i), add16(max(z, 0), mul16(negative, c, 15)));
  }
}
