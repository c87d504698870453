/** Rows times their scales, and what becomes of them: 16-bit rows, the residual stream. */
import { broadcast16, enter, leave } from './common.ts';
import { kernel } from './kernel.ts';

export const scaleRows = kernel('scale_rows', (asm, { y, scale, n }) => {
  const { out } = asm.pool('AR', 'out');
  const { a, b, s, t } = asm.pool('QR', 'a', 'b', 's', 't');
  asm.mov(out, y);
  asm.ssai(15);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(a, y, 16);
    asm.ee_vld_128_ip(b, y, 16);
    asm.ee_vld_128_ip(s, scale, 16);
    asm.ee_vld_128_ip(t, scale, 16);
    asm.ee_vmul_s16(a, a, s);
    asm.ee_vmul_s16(b, b, t);
    asm.ee_vst_128_ip(a, out, 16);
    asm.ee_vst_128_ip(b, out, 16);
  });
  asm.ret();
});

/** x += (y * scale >> 15) * mantissa >> shift: the exact 32-bit product is put together from its two halves. */
export const addResidual = kernel('add_residual', (asm, { y, scale, x, n, mantissa, shift }) => {
  const { out } = asm.pool('AR', 'out');
  const { m, y0, y1, h0, h1, r } = asm.pool('QR', 'm', 'y0', 'y1', 'h0', 'h1', 'r');
  enter(asm);
  broadcast16(asm, m, mantissa);
  asm.mov(out, x);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    for (const vector of [y0, y1]) asm.ee_vld_128_ip(vector, y, 16);
    for (const vector of [h0, h1]) asm.ee_vld_128_ip(vector, scale, 16);
    asm.ssai(15);
    asm.ee_vmul_s16(y0, y0, h0);
    asm.ee_vmul_s16(y1, y1, h1);
    asm.ssai(16);
    asm.ee_vmul_s16(h0, y0, m);
    asm.ee_vmul_s16(h1, y1, m);
    asm.ssai(0);
    asm.ee_vmul_s16_ld_incp(r, x, y0, y0, m);
    asm.ee_vmul_s16(y1, y1, m);
    asm.ee_vzip_16(y0, h0);
    asm.ee_vzip_16(y1, h1);
    asm.ssr(shift);
    for (const vector of [y0, h0, y1, h1]) asm.ee_vsr_32(vector, vector);
    asm.ee_vadds_s32_ld_incp(r, x, y0, y0, r);
    asm.ee_vst_128_ip(y0, out, 16);
    asm.ee_vadds_s32_ld_incp(r, x, h0, h0, r);
    asm.ee_vst_128_ip(h0, out, 16);
    asm.ee_vadds_s32_ld_incp(r, x, y1, y1, r);
    asm.ee_vst_128_ip(y1, out, 16);
    asm.ee_vadds_s32(h1, h1, r);
    asm.ee_vst_128_ip(h1, out, 16);
  });
  leave(asm);
});
