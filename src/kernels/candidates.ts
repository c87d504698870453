/** The candidates of a draw: logits near the largest, gathered, and what they weigh. */
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';
import { broadcast16, broadcast32, enter, leave } from './common.ts';
import { EXPONENTIAL, VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

/**
 * Of each s32 lane of four vectors a bit of a mask, the first element's the highest of 16: negative, since comparisons give -1, and in
 * the lower halves only.
 */
function maskBits(asm: Assembler, [first, ...others]: readonly QR[], bit: AR, spare: AR): void {
  asm.movi(bit, 1);
  asm.slli(bit, bit, 15);
  for (let lane = 0; lane < 4; lane++) {
    if (lane > 0) {
      asm.srli(spare, bit, 1);
      asm.or(bit, bit, spare);
    }
    asm.ee_movi_32_q(first, bit, lane);
  }
  asm.movi(spare, 1 << 11);
  const factor = others[others.length - 1];
  broadcast16(asm, factor, spare);
  asm.ssai(15);
  [first, ...others].slice(0, -1).forEach((from, i) => void asm.ee_vmul_s16(others[i], from, factor));
}

/**
 * Masks of 16 elements meet their bits in ACCX; of each bit, highest first, the element and its number are moved.
 * No element is written before it is read: the vectors are two ahead, the single elements at or behind.
 */
export const gatherAbove = kernel('gather_above', (asm, { x, n, cut, ids, first }) => {
  const { mask, zeros, from, group } = asm.pool('AR', 'mask', 'zeros', 'from', 'group');
  const { a, b, limit, b0, b1, b2, b3 } = asm.pool('QR', 'a', 'b', 'limit', 'b0', 'b1', 'b2', 'b3');
  const [end, skip, again] = ['end', 'skip', 'again'].map((name) => asm.label(name));
  enter(asm);
  broadcast32(asm, limit, cut);
  maskBits(asm, [b0, b1, b2, b3], mask, zeros);
  asm.s32i(ids, a1, 0);
  asm.mov(from, x);
  asm.slli(group, first, 2);
  asm.sub(cut, x, group); // where element 0 would be
  asm.addi(group, first, -1 - 16); // before the group's first
  asm.srli(n, n, 4);
  asm.ee_vld_128_ip(a, from, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, from, VECTOR_BYTES);
  asm.ee_zero_accx();
  asm.movi(mask, 0);
  const unit = first;
  asm.loopgtz(n, end);
  for (const [even, odd] of [
    [b0, b1],
    [b2, b3],
  ]) {
    asm.ee_vcmp_gt_s32(a, a, limit);
    asm.ee_vcmp_gt_s32(b, b, limit);
    asm.ee_vmulas_s16_accx_ld_ip(a, from, VECTOR_BYTES, a, even);
    asm.ee_vmulas_s16_accx_ld_ip(b, from, VECTOR_BYTES, b, odd);
  }
  asm.addi(group, group, 16);
  asm.ee_srs_accx(mask, mask, 0); // mask is 0 here
  asm.beqz(mask, skip);
  asm.slli(mask, mask, 16);
  asm.mov(unit, group);
  asm.place(again);
  asm.nsau(zeros, mask);
  asm.addi(zeros, zeros, 1);
  asm.ssl(zeros);
  asm.sll(mask, mask);
  asm.add(unit, unit, zeros);
  asm.addx4(zeros, unit, cut);
  asm.l32i(zeros, zeros, 0);
  asm.s16i(unit, ids, 0);
  asm.s32i(zeros, x, 0);
  asm.addi(ids, ids, 2);
  asm.addi(x, x, 4);
  asm.bnez(mask, again);
  asm.place(skip);
  asm.ee_zero_accx();
  asm.place(end);
  asm.l32i(x, a1, 0);
  asm.sub(x, ids, x);
  asm.srli(x, x, 1);
  leave(asm);
});

/** Two halfwords as a word in memory. */
const pair = (low: number, high: number): number => (low & 0xffff) | (high << 16);
/** Of 2^15 with the sign bit as its value: halves an unsigned number by a product >> 16. */
const HALF_UNSIGNED = -32768;

export const exponentials = kernel('exponentials', (asm, { x, out, groups, largest, shift, mantissa }) => {
  const { constant } = asm.pool('AR', 'constant');
  const { a, b, c, d, top, factor, k0, k1 } = asm.pool('QR', 'a', 'b', 'c', 'd', 'top', 'factor', 'k0', 'k1');
  const [e3, e2, e1, one] = EXPONENTIAL;
  enter(asm);
  broadcast32(asm, top, largest);
  broadcast16(asm, factor, mantissa);
  [pair(e3, e2), pair(e1, one), pair(1, HALF_UNSIGNED)].forEach((word, i) => {
    asm.movi(constant, word);
    asm.s32i(constant, a1, 4 * i);
  });
  const next = (vector: QR): void => void asm.ee_vldbc_16_ip(vector, constant, 2);
  const both = (step: (x: QR, p: QR) => void): void => {
    step(a, b);
    step(c, d);
  };
  asm.loopgtz(groups, () => {
    for (const vector of [a, b, c, d]) asm.ee_vld_128_ip(vector, x, VECTOR_BYTES);
    asm.ssr(shift);
    for (const vector of [a, b, c, d]) asm.ee_vsubs_s32(vector, vector, top);
    for (const vector of [a, b, c, d]) asm.ee_vsr_32(vector, vector);
    asm.ee_vunzip_16(a, b);
    asm.ee_vunzip_16(c, d);
    asm.mov(constant, a1);
    asm.ssai(14);
    both((u) => asm.ee_vmul_s16(u, u, factor));
    next(k0);
    next(k1);
    asm.ssai(15);
    both((u, p) => asm.ee_vmul_s16(p, u, k0));
    next(k0);
    both((_, p) => asm.ee_vadds_s16(p, p, k1));
    both((u, p) => asm.ee_vmul_s16(p, u, p));
    next(k1);
    both((_, p) => asm.ee_vadds_s16(p, p, k0));
    both((u, p) => asm.ee_vmul_s16(p, u, p));
    next(k0);
    both((_, p) => asm.ee_vadds_s16(p, p, k1));
    for (let squaring = 0; squaring < 3; squaring++) both((_, p) => asm.ee_vmul_s16(p, p, p));
    next(k1);
    asm.ssai(14);
    both((_, p) => asm.ee_vmul_s16(p, p, p));
    asm.ssai(16);
    both((_, p) => asm.ee_vadds_s16(p, p, k0));
    both((_, p) => asm.ee_vmul_u16(p, p, k1));
    asm.ee_vst_128_ip(b, out, VECTOR_BYTES);
    asm.ee_vst_128_ip(d, out, VECTOR_BYTES);
  });
  leave(asm);
});
