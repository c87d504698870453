/**
 * int8 activations: from a 16-bit vector, from a 32-bit one by its block exponent, from the residual stream by RMSNorm. What a matrix
 * reads comes with the sum of its squares, which must not be above the matrix's bound.
 */
import { normed, offsetOf, structureBytes, value } from '../contract/index.ts';
import type { AR, Assembler, QR } from '../xtensa/index.ts';
import { broadcast16, enter, lane16, leave, magnitude16, spreadLargest16 } from './common.ts';
import { kernel } from './kernel.ts';

const VECTOR_BYTES = 16;

interface Lanes {
  reciprocal: QR;
  half: QR;
}

/** reciprocal = (limit << 8 << shift) / largest with shift = floor(log2(largest)), in all lanes; 128 as well; needs a frame. */
function openQuotients(
  asm: Assembler,
  largest: AR,
  limit: AR | number,
  { shift, spare }: { shift: AR; spare: AR },
  { reciprocal, half }: Lanes,
): void {
  const quotient = spare;
  asm.nsau(spare, largest);
  asm.movi(shift, 31);
  asm.sub(shift, shift, spare);
  if (typeof limit === 'number') asm.movi(quotient, limit << 8);
  else asm.slli(quotient, limit, 8);
  asm.ssl(shift);
  asm.sll(quotient, quotient);
  asm.quou(quotient, quotient, largest);
  broadcast16(asm, reciprocal, quotient);
  asm.movi(spare, 128);
  broadcast16(asm, half, spare);
}

/** Groups of 16 from s16 to rounded bytes, by the reciprocal and SAR of {@link openQuotients}; ACCX becomes the sum of their squares. */
function quotients(
  asm: Assembler,
  { from, to, count }: Readonly<Record<'from' | 'to' | 'count', AR>>,
  { reciprocal, half }: Lanes,
  [a, b, high, low]: readonly QR[],
): void {
  asm.ee_zero_accx();
  asm.ee_vld_128_ip(a, from, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, from, VECTOR_BYTES);
  asm.loopgtz(count, () => {
    asm.ee_vmul_s16_ld_incp(a, from, high, a, reciprocal);
    asm.ee_vmul_s16_ld_incp(b, from, low, b, reciprocal);
    asm.ee_vadds_s16(high, high, half);
    asm.ee_vadds_s16(low, low, half);
    asm.ee_vunzip_8(high, low);
    asm.ee_vmulas_s8_accx(low, low);
    asm.ee_vst_128_ip(low, to, VECTOR_BYTES);
  });
}

/** `largest`, made negative where ACCX, the sum of squares, is above the bound. Something has to part the last product and this. */
function signOfBound(asm: Assembler, largest: AR, bound: AR, spare: AR): void {
  const fits = asm.label('fits');
  asm.movi(spare, 0);
  asm.ee_srs_accx(spare, spare, 0);
  asm.bge(bound, spare, fits);
  asm.neg(largest, largest);
  asm.place(fits);
}

export const quantizeBounded = kernel('quantize_bounded', (asm, { t, q, n, limit, bound }) => {
  const { largest, shift, spare, count } = asm.pool('AR', 'largest', 'shift', 'spare', 'count');
  const { a, b, high, low, reciprocal, half } = asm.pool('QR', 'a', 'b', 'high', 'low', 'reciprocal', 'half');
  enter(asm);
  asm.mov(spare, t);
  asm.srli(count, n, 4);
  magnitude16(asm, spare, count, [a, b, high, low]);
  lane16(asm, largest, high);
  asm.movi(spare, 1);
  asm.max(largest, largest, spare);

  const lanes = { reciprocal, half };
  openQuotients(asm, largest, limit, { shift, spare }, lanes);
  asm.ssr(shift);
  quotients(asm, { from: t, to: q, count }, lanes, [a, b, high, low]);
  asm.mov(t, largest);
  signOfBound(asm, t, bound, spare);
  leave(asm);
});

/** Pointers and numbers of a block exponent. */
interface Exponent {
  shift: AR;
  /** The largest of x and 0, the largest of ~x and -1. */
  high: AR;
  low: AR;
}

/**
 * The smallest shift that leaves 15 bits of an s32 vector (`n` elements, a multiple of 8), also in SAR. Uses all vectors given; `x`
 * and `n` are kept.
 */
function blockExponent(
  asm: Assembler,
  x: AR,
  n: AR,
  { shift, high, low }: Exponent,
  spare: AR,
  [even, odd, largest, lowest]: readonly QR[],
): void {
  asm.mov(high, x);
  asm.ee_vld_128_ip(even, high, VECTOR_BYTES);
  asm.ee_vld_128_ip(odd, high, VECTOR_BYTES);
  asm.ee_zero_q(largest);
  asm.ee_zero_q(lowest);
  asm.srli(shift, n, 3);
  asm.loopgtz(shift, () => {
    asm.ee_vmin_s32(lowest, lowest, even);
    asm.ee_vmax_s32_ld_incp(even, high, largest, largest, even);
    asm.ee_vmin_s32(lowest, lowest, odd);
    asm.ee_vmax_s32_ld_incp(odd, high, largest, largest, odd);
  });
  asm.ee_notq(lowest, lowest);
  // Both at once: the first two lanes are the largest's, the others the lowest's; then one each.
  asm.ee_vunzip_32(largest, lowest);
  asm.ee_vmax_s32(largest, largest, lowest);
  asm.ee_orq(lowest, largest, largest);
  asm.ee_vunzip_32(largest, lowest);
  asm.ee_vmax_s32(largest, largest, lowest);
  asm.ee_movi_32_a(largest, high, 0);
  asm.ee_movi_32_a(largest, low, 1);
  asm.max(shift, high, low);
  asm.nsau(shift, shift);
  asm.addi(shift, shift, -18);
  asm.neg(shift, shift);
  asm.movi(spare, 0);
  asm.max(shift, shift, spare);
  asm.ssr(shift);
}

export const quantizeWide = kernel('quantize_wide', (asm, { x, q, n, limit, bound }) => {
  const { high: largest, low, shift, spare } = asm.pool('AR', 'high', 'low', 'shift', 'spare');
  const { a, b, c, d, e, f, ...lanes } = asm.pool('QR', 'a', 'b', 'c', 'd', 'e', 'f', 'reciprocal', 'half');
  enter(asm);
  blockExponent(asm, x, n, { shift, high: largest, low }, spare, [a, b, c, d]);
  // max|x >> shift|: that of a negative number is one more than its complement's.
  asm.sra(largest, largest);
  asm.sra(low, low);
  asm.addi(low, low, 1);
  asm.max(largest, largest, low);
  asm.movi(spare, 1);
  asm.max(largest, largest, spare);
  openQuotients(asm, largest, limit, { shift: low, spare }, lanes);
  asm.srli(n, n, 4);
  asm.ee_zero_accx();
  for (const vector of [a, b, c, d]) asm.ee_vld_128_ip(vector, x, VECTOR_BYTES);
  asm.loopgtz(n, () => {
    asm.ssr(shift);
    for (const vector of [a, b, c, d]) asm.ee_vsr_32(vector, vector);
    asm.ee_vunzip_16(a, b);
    asm.ee_vunzip_16(c, d);
    asm.ssr(low);
    asm.ee_vmul_s16_ld_incp(a, x, e, a, lanes.reciprocal);
    asm.ee_vmul_s16_ld_incp(b, x, f, c, lanes.reciprocal);
    asm.ee_vadds_s16_ld_incp(c, x, e, e, lanes.half);
    asm.ee_vadds_s16(f, f, lanes.half);
    asm.ee_vunzip_8(e, f);
    asm.ee_vmulas_s8_accx_ld_ip(d, x, VECTOR_BYTES, f, f);
    asm.ee_vst_128_ip(f, q, VECTOR_BYTES);
  });
  asm.ssl(shift);
  asm.sll(x, largest);
  signOfBound(asm, x, bound, spare);
  leave(asm);
});

/** Bytes before the normed vector: its shift and its sum of squares. */
const NORMED_VECTOR = structureBytes(normed);

export const normalize = kernel('normalize', (asm, { x, gain, out, q, n, bound }) => {
  const { shift, high: largest, low: count, spare } = asm.pool('AR', 'shift', 'high', 'low', 'spare');
  const { a, b, c, d, g, h, high, low } = asm.pool('QR', 'a', 'b', 'c', 'd', 'g', 'h', 'high', 'low');
  enter(asm);
  blockExponent(asm, x, n, { shift, high: largest, low: count }, spare, [a, b, c, d]);
  asm.s32i(shift, out, offsetOf(normed, 'shift'));
  asm.srli(count, n, 4);
  asm.addi(largest, out, NORMED_VECTOR);
  asm.ee_zero_accx();
  asm.ee_zero_q(high);
  asm.ee_zero_q(low);
  for (const vector of [a, b, c, d]) asm.ee_vld_128_ip(vector, x, VECTOR_BYTES);
  asm.loopgtz(count, () => {
    for (const vector of [a, b, c, d]) asm.ee_vsr_32(vector, vector);
    asm.ee_vunzip_16(a, b);
    asm.ee_vunzip_16(c, d);
    asm.ee_vmulas_s16_accx_ld_ip(g, gain, VECTOR_BYTES, a, a);
    asm.ee_vmulas_s16_accx_ld_ip(h, gain, VECTOR_BYTES, c, c);
    asm.ssai(15);
    asm.ee_vmul_s16_ld_incp(a, x, g, a, g);
    asm.ee_vmul_s16_ld_incp(b, x, h, c, h);
    asm.ee_vmin_s16_ld_incp(c, x, low, low, g);
    asm.ee_vmin_s16_ld_incp(d, x, low, low, h);
    asm.ee_vmax_s16_st_incp(g, largest, high, high, g);
    asm.ee_vmax_s16_st_incp(h, largest, high, high, h);
    asm.ssr(shift);
  });
  asm.movi(spare, 8);
  asm.ee_srs_accx(spare, spare, 0);
  asm.ee_zero_q(a);
  asm.ee_vsubs_s16(low, a, low);
  asm.ee_vmax_s16(high, high, low);
  asm.s32i(spare, out, offsetOf(normed, 'squares'));
  spreadLargest16(asm, high, low);
  lane16(asm, largest, high);
  asm.movi(spare, 1);
  asm.max(largest, largest, spare);
  const lanes = { reciprocal: g, half: h };
  openQuotients(asm, largest, value.ACTIVATION_LIMIT, { shift, spare }, lanes);
  asm.ssr(shift);
  asm.addi(out, out, NORMED_VECTOR);
  quotients(asm, { from: out, to: q, count }, lanes, [a, b, c, d]);
  asm.mov(x, largest);
  signOfBound(asm, x, bound, spare);
  leave(asm);
});
