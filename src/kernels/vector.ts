/** Whole-vector steps between the matrix products: block exponents, RMSNorm, int8 quantisation. */
import type { AR, Assembler, QR } from '../xtensa/index.ts';
import { broadcast16, enter, lane16, leave, spreadLargest16, spreadLargest32 } from './common.ts';
import { kernel } from './kernel.ts';

/**
 * `shift` = the right shift that leaves 15 bits of the s32 vector at `x` (`n` elements, a multiple of 8), and SAR.
 * Uses all vectors given; `count` and `x` are kept.
 */
function packShift(asm: Assembler, x: AR, n: AR, shift: AR, spare: AR, vectors: readonly QR[]): void {
  const [even, odd, high, low] = vectors;
  asm.mov(spare, x);
  asm.ee_vld_128_ip(even, spare, 16);
  asm.ee_vld_128_ip(odd, spare, 16);
  asm.ee_zero_q(high);
  asm.ee_zero_q(low);
  asm.srli(shift, n, 3);
  asm.loopgtz(shift, () => {
    asm.ee_vmin_s32(low, low, even);
    asm.ee_vmax_s32_ld_incp(even, spare, high, high, even);
    asm.ee_vmin_s32(low, low, odd);
    asm.ee_vmax_s32_ld_incp(odd, spare, high, high, odd);
  });
  asm.ee_notq(low, low);
  asm.ee_vmax_s32(high, high, low);
  spreadLargest32(asm, high, low);
  asm.ee_movi_32_a(high, shift, 0);
  asm.nsau(shift, shift);
  asm.movi(spare, 18);
  asm.sub(shift, spare, shift);
  asm.movi(spare, 0);
  asm.max(shift, shift, spare);
  asm.ssr(shift);
}

/** Four s32 vectors shifted right by SAR, their low halves packed into the first and the third. */
function pack16(asm: Assembler, [a, b, c, d]: readonly QR[]): void {
  for (const vector of [a, b, c, d]) asm.ee_vsr_32(vector, vector);
  asm.ee_vunzip_16(a, b);
  asm.ee_vunzip_16(c, d);
}

export const pack = kernel('pack', (asm, { x, out, n }) => {
  const { shift, spare } = asm.pool('AR', 'shift', 'spare');
  const { a, b, c, d } = asm.pool('QR', 'a', 'b', 'c', 'd');
  packShift(asm, x, n, shift, spare, [a, b, c, d]);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    for (const vector of [a, b, c, d]) asm.ee_vld_128_ip(vector, x, 16);
    pack16(asm, [a, b, c, d]);
    asm.ee_vst_128_ip(a, out, 16);
    asm.ee_vst_128_ip(c, out, 16);
  });
  asm.mov(x, shift);
  asm.ret();
});

export const normalize = kernel('normalize', (asm, { x, gain, out, n, info }) => {
  const { shift, spare } = asm.pool('AR', 'shift', 'spare');
  const { a, b, c, d, g, h } = asm.pool('QR', 'a', 'b', 'c', 'd', 'g', 'h');
  packShift(asm, x, n, shift, spare, [a, b, c, d]);
  asm.srli(n, n, 4);
  asm.ee_zero_accx();
  asm.ee_vld_128_ip(a, x, 16);
  asm.ee_vld_128_ip(b, x, 16);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(c, x, 16);
    asm.ee_vld_128_ip(d, x, 16);
    pack16(asm, [a, b, c, d]);
    asm.ee_vmulas_s16_accx_ld_ip(g, gain, 16, a, a);
    asm.ee_vmulas_s16_accx_ld_ip(h, gain, 16, c, c);
    asm.ssai(15);
    asm.ee_vmul_s16_ld_incp(a, x, g, a, g);
    asm.ee_vmul_s16_ld_incp(b, x, h, c, h);
    asm.ee_vst_128_ip(g, out, 16);
    asm.ee_vst_128_ip(h, out, 16);
    asm.ssr(shift);
  });
  asm.s32i(shift, info, 0);
  asm.movi(spare, 8);
  asm.ee_srs_accx(shift, spare, 0);
  asm.s32i(shift, info, 4);
  asm.ret();
});

/** The two kernels that quantise; with a bound, squares are summed along the way. */
function quantizer(
  asm: Assembler,
  { t, q, n, limit }: Readonly<Record<'t' | 'q' | 'n' | 'limit', AR>>,
  bound?: AR,
): void {
  const { largest, shift, spare, count } = asm.pool('AR', 'largest', 'shift', 'spare', 'count');
  const { a, b, high, low, reciprocal, half } = asm.pool('QR', 'a', 'b', 'high', 'low', 'reciprocal', 'half');
  enter(asm);
  asm.mov(spare, t);
  asm.ee_vld_128_ip(a, spare, 16);
  asm.ee_vld_128_ip(b, spare, 16);
  asm.ee_zero_q(high);
  asm.ee_zero_q(low);
  asm.srli(count, n, 4);
  asm.loopgtz(count, () => {
    asm.ee_vmin_s16(low, low, a);
    asm.ee_vmax_s16_ld_incp(a, spare, high, high, a);
    asm.ee_vmin_s16(low, low, b);
    asm.ee_vmax_s16_ld_incp(b, spare, high, high, b);
  });
  asm.ee_zero_q(a);
  asm.ee_vsubs_s16(low, a, low);
  asm.ee_vmax_s16(high, high, low);
  spreadLargest16(asm, high, low);
  lane16(asm, largest, high);
  asm.movi(spare, 1);
  asm.max(largest, largest, spare);

  // reciprocal = (limit << 8 << shift) / largest, shift = floor(log2(largest))
  asm.nsau(spare, largest);
  asm.movi(shift, 31);
  asm.sub(shift, shift, spare);
  asm.slli(limit, limit, 8);
  asm.ssl(shift);
  asm.sll(limit, limit);
  asm.quou(limit, limit, largest);
  broadcast16(asm, reciprocal, limit);
  asm.movi(spare, 128);
  broadcast16(asm, half, spare);
  asm.ssr(shift);
  if (bound) asm.ee_zero_accx();
  asm.ee_vld_128_ip(a, t, 16);
  asm.ee_vld_128_ip(b, t, 16);
  asm.loopgtz(count, () => {
    asm.ee_vmul_s16_ld_incp(a, t, high, a, reciprocal);
    asm.ee_vmul_s16_ld_incp(b, t, low, b, reciprocal);
    asm.ee_vadds_s16(high, high, half);
    asm.ee_vadds_s16(low, low, half);
    asm.ee_vunzip_8(high, low);
    if (bound) asm.ee_vmulas_s8_accx(low, low);
    asm.ee_vst_128_ip(low, q, 16);
  });
  asm.mov(t, largest);
  if (bound) {
    const fits = asm.label('fits');
    asm.movi(spare, 0);
    asm.ee_srs_accx(spare, spare, 0);
    asm.bge(bound, spare, fits);
    asm.neg(t, largest);
    asm.place(fits);
  }
  leave(asm);
}

export const quantize = kernel('quantize', (asm, parameters) => quantizer(asm, parameters));

export const quantizeBounded = kernel('quantize_bounded', (asm, { bound, ...parameters }) =>
  quantizer(asm, parameters, bound),
);

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
