/** relu(gate) * up, eight lanes at a time. */
import { broadcast16, enter, leave } from './common.ts';
import { scaledLimit, VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

export const reglu = kernel('reglu', (asm, { y: gate, scale: gateScale, out, n, mantissa, shift }) => {
  const { up, upScale, spare } = asm.pool('AR', 'up', 'upScale', 'spare');
  const { g, u, s, t, zero, limit, factor } = asm.pool('QR', 'g', 'u', 's', 't', 'zero', 'limit', 'factor');
  enter(asm);
  scaledLimit(asm, up, 32767, 32767, mantissa, shift, spare);
  broadcast16(asm, limit, up);
  broadcast16(asm, factor, mantissa);
  asm.ee_zero_q(zero);
  asm.addx2(up, n, gate);
  asm.addx2(upScale, n, gateScale);
  asm.srli(n, n, 3);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(g, gate, VECTOR_BYTES);
    asm.ee_vld_128_ip(s, gateScale, VECTOR_BYTES);
    asm.ssai(15);
    asm.ee_vld_128_ip(u, up, VECTOR_BYTES);
    asm.ee_vmul_s16(g, g, s);
    asm.ee_vld_128_ip(t, upScale, VECTOR_BYTES);
    asm.ee_vmin_s16(g, g, limit);
    asm.ee_vmul_s16(u, u, t);
    asm.ee_vmax_s16(g, g, zero);
    asm.ssr(shift);
    asm.ee_vmul_s16(g, g, factor);
    asm.ssai(16);
    asm.ee_vmul_s16(t, g, u);
    asm.ssai(0);
    asm.ee_vmul_s16(s, g, u);
    asm.ee_vzip_16(s, t);
    asm.ee_vst_128_ip(s, out, VECTOR_BYTES);
    asm.ee_vst_128_ip(t, out, VECTOR_BYTES);
  });
  leave(asm);
});
