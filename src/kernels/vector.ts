/** Rows times their scales, and what becomes of them: the cache's int8 keys and values, the residual stream. */
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';
import { broadcast16, enter, lane16, leave, magnitude16 } from './common.ts';
import { kernel } from './kernel.ts';

export const largestS16 = kernel('largest_s16', (asm, { t, n }) => {
  const { spare } = asm.pool('AR', 'spare');
  const { a, b, high, low } = asm.pool('QR', 'a', 'b', 'high', 'low');
  asm.srli(n, n, 4);
  magnitude16(asm, t, n, [a, b, high, low]);
  lane16(asm, t, high);
  asm.movi(spare, 1);
  asm.max(t, t, spare);
  asm.ret();
});

/** Eight products with `factor`, shifted and saturated to 16 bits, by way of QACC. */
function saturatedProduct(asm: Assembler, out: QR, x: QR, factor: QR, shift: AR): void {
  asm.ee_zero_qacc();
  asm.ee_vmulas_s16_qacc(x, factor);
  asm.nop();
  asm.ee_srcmb_s16_qacc(out, shift, 0);
}

/** Sixteen s16 in two vectors, rounded to their upper bytes, go to `q`; with bits of `flipped` the other way round. */
function storeRounded(asm: Assembler, [a, b]: readonly [QR, QR], half: QR, q: AR, flipped?: QR): void {
  asm.ee_vadds_s16(a, a, half);
  asm.ee_vadds_s16(b, b, half);
  asm.ee_vunzip_8(a, b);
  if (flipped) asm.ee_xorq(b, b, flipped);
  asm.ee_vst_128_ip(b, q, 16);
}

export const quantizeBy = kernel('quantize_by', (asm, { t, q, n, mantissa, shift }) => {
  const { a, b, factor, half } = asm.pool('QR', 'a', 'b', 'factor', 'half');
  enter(asm);
  broadcast16(asm, factor, mantissa);
  asm.movi(mantissa, 128);
  broadcast16(asm, half, mantissa);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(a, t, 16);
    asm.ee_vld_128_ip(b, t, 16);
    saturatedProduct(asm, a, a, factor, shift);
    saturatedProduct(asm, b, b, factor, shift);
    storeRounded(asm, [a, b], half, q);
  });
  leave(asm);
});

export const quantizeRows = kernel('quantize_rows', (asm, { y, scale, q, n, mantissa, shift }) => {
  const { a, b, s, factor, half, bias } = asm.pool('QR', 'a', 'b', 's', 'factor', 'half', 'bias');
  enter(asm);
  broadcast16(asm, factor, mantissa);
  asm.movi(mantissa, 128);
  broadcast16(asm, half, mantissa);
  asm.ee_vldbc_8(bias, a1); // the same as bytes: what values are more than they stand for
  asm.ssai(15);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(a, y, 16);
    asm.ee_vld_128_ip(s, scale, 16);
    asm.ee_vld_128_ip(b, y, 16);
    asm.ee_vmul_s16_ld_incp(s, scale, a, a, s);
    asm.nop();
    asm.ee_vmul_s16(b, b, s);
    saturatedProduct(asm, a, a, factor, shift);
    saturatedProduct(asm, b, b, factor, shift);
    storeRounded(asm, [a, b], half, q, bias);
  });
  leave(asm);
});

/** Two streams, so that each waits for less. */
export const biasRows = kernel('bias_rows', (asm, { y, scale, bias, n, mantissa, shift }) => {
  const { out } = asm.pool('AR', 'out');
  const { a, b, s, t, c, d, factor } = asm.pool('QR', 'a', 'b', 's', 't', 'c', 'd', 'factor');
  enter(asm);
  broadcast16(asm, factor, mantissa);
  asm.mov(out, y);
  asm.ssai(15);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    for (const vector of [a, b]) asm.ee_vld_128_ip(vector, y, 16);
    for (const vector of [s, t]) asm.ee_vld_128_ip(vector, scale, 16);
    for (const vector of [c, d]) asm.ee_vld_128_ip(vector, bias, 16);
    asm.ee_vmul_s16(a, a, s);
    asm.ee_vmul_s16(b, b, t);
    saturatedProduct(asm, a, a, factor, shift);
    saturatedProduct(asm, b, b, factor, shift);
    asm.ee_vadds_s16(a, a, c);
    asm.ee_vadds_s16(b, b, d);
    asm.ee_vst_128_ip(a, out, 16);
    asm.ee_vst_128_ip(b, out, 16);
  });
  leave(asm);
});

/** k = round(k * factor / 2^7): 16 products at a time in QACC. */
export const rescaleKeys = kernel('rescale_keys', (asm, { k, n, factor }) => {
  const { from, seven } = asm.pool('AR', 'from', 'seven');
  const { x, m, rounding } = asm.pool('QR', 'x', 'm', 'rounding');
  enter(asm);
  asm.s8i(factor, a1, 0);
  asm.ee_vldbc_8(m, a1);
  asm.movi(seven, 64);
  asm.s8i(seven, a1, 0);
  asm.ee_vldbc_8(rounding, a1);
  asm.ee_vst_128_ip(rounding, a1, 0);
  asm.movi(seven, 7);
  asm.mov(from, k);
  asm.ee_vld_128_ip(x, from, 16);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    asm.ee_ldqa_s8_128_ip(a1, 0);
    asm.ee_vmulas_s8_qacc_ld_ip(x, from, 16, x, m);
    asm.nop();
    asm.ee_srcmb_s8_qacc(rounding, seven, 0);
    asm.ee_vst_128_ip(rounding, k, 16);
  });
  leave(asm);
});

type ProductVectors = Record<'y0' | 'y1' | 'h0' | 'h1' | 'm', QR>;

/**
 * (y * m) >> shift of two vectors y0 and y1, in y0, h0, y1, h1: the exact 32-bit product is put together from its two halves. `low` computes the
 * lower half of y0.
 */
function products(
  asm: Assembler,
  { y0, y1, h0, h1, m }: ProductVectors,
  shift: AR,
  low: () => void = () => asm.ee_vmul_s16(y0, y0, m),
): readonly QR[] {
  asm.ssai(16);
  asm.ee_vmul_s16(h0, y0, m);
  asm.ee_vmul_s16(h1, y1, m);
  asm.ssai(0);
  low();
  asm.ee_vmul_s16(y1, y1, m);
  asm.ee_vzip_16(y0, h0);
  asm.ee_vzip_16(y1, h1);
  asm.ssr(shift);
  const found = [y0, h0, y1, h1];
  for (const vector of found) asm.ee_vsr_32(vector, vector);
  return found;
}

/** x += the products; r is x, of which it loads ahead. */
function addProducts(
  asm: Assembler,
  vectors: ProductVectors & { r: QR },
  [x, out, shift]: readonly [AR, AR, AR],
): void {
  const { y0, y1, h0, h1, r, m } = vectors;
  products(asm, vectors, shift, () => asm.ee_vmul_s16_ld_incp(r, x, y0, y0, m));
  asm.ee_vadds_s32_ld_incp(r, x, y0, y0, r);
  asm.ee_vst_128_ip(y0, out, 16);
  asm.ee_vadds_s32_ld_incp(r, x, h0, h0, r);
  asm.ee_vst_128_ip(h0, out, 16);
  asm.ee_vadds_s32_ld_incp(r, x, y1, y1, r);
  asm.ee_vst_128_ip(y1, out, 16);
  asm.ee_vadds_s32(h1, h1, r);
  asm.ee_vst_128_ip(h1, out, 16);
}

/** x += (y * scale >> 15) * mantissa >> shift. */
export const addResidual = kernel('add_residual', (asm, { y, scale, x, n, mantissa, shift }) => {
  const { out } = asm.pool('AR', 'out');
  const vectors = asm.pool('QR', 'm', 'y0', 'y1', 'h0', 'h1', 'r');
  const { m, y0, y1, h0, h1 } = vectors;
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
    addProducts(asm, vectors, [x, out, shift]);
  });
  leave(asm);
});

/** x += 2^8 row * mantissa >> shift: bytes are the upper ones of 16 bits. */
export const addRow = kernel('add_row', (asm, { row, x, n, mantissa, shift }) => {
  const { out } = asm.pool('AR', 'out');
  const vectors = asm.pool('QR', 'm', 'y0', 'y1', 'h0', 'h1', 'r');
  enter(asm);
  broadcast16(asm, vectors.m, mantissa);
  asm.mov(out, x);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    widen(asm, vectors, row);
    addProducts(asm, vectors, [x, out, shift]);
  });
  leave(asm);
});

/** x = the same. */
export const setRow = kernel('set_row', (asm, { row, x, n, mantissa, shift }) => {
  const vectors = asm.pool('QR', 'm', 'y0', 'y1', 'h0', 'h1');
  enter(asm);
  broadcast16(asm, vectors.m, mantissa);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    widen(asm, vectors, row);
    for (const vector of products(asm, vectors, shift)) asm.ee_vst_128_ip(vector, x, 16);
  });
  leave(asm);
});

/** Sixteen bytes as the upper ones of 16 bits. */
function widen(asm: Assembler, { y0, y1 }: Pick<ProductVectors, 'y0' | 'y1'>, row: AR): void {
  asm.ee_vld_128_ip(y1, row, 16);
  asm.ee_zero_q(y0);
  asm.ee_vzip_8(y0, y1);
}
