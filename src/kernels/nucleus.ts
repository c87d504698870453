/** Which of the weights a draw keeps, and the draw: sums over those from a threshold on, bisection, and a search. */
import type { AR, Assembler, QR } from '../xtensa/index.ts';
import { broadcast16, enter, leave } from './common.ts';
import { VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

interface Sum {
  at: AR;
  groups: AR;
  limit: QR;
  vectors: readonly QR[];
}

/** ACCX = minus the sum of the weights above `limit`, from `at` on; or their number, which is positive. */
function sumAbove(asm: Assembler, what: 'mass' | 'count', { at, groups, limit, vectors }: Sum): void {
  const [a, b, above0, above1] = vectors;
  asm.ee_vld_128_ip(a, at, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, at, VECTOR_BYTES);
  asm.ee_zero_accx();
  asm.loopgtz(groups, () => {
    asm.ee_vcmp_gt_s16(above0, a, limit);
    asm.ee_vcmp_gt_s16(above1, b, limit);
    asm.ee_vmulas_s16_accx_ld_ip(a, at, VECTOR_BYTES, above0, what === 'mass' ? a : above0);
    asm.ee_vmulas_s16_accx_ld_ip(b, at, VECTOR_BYTES, above1, what === 'mass' ? b : above1);
  });
}

export const massFrom = kernel('mass_from', (asm, { weights, groups, threshold }) => {
  const { a, b, above0, above1, limit } = asm.pool('QR', 'a', 'b', 'above0', 'above1', 'limit');
  enter(asm);
  asm.addi(threshold, threshold, -1);
  broadcast16(asm, limit, threshold);
  sumAbove(asm, 'mass', { at: weights, groups, limit, vectors: [a, b, above0, above1] });
  asm.movi(threshold, 0);
  asm.ee_srs_accx(weights, threshold, 0);
  asm.neg(weights, weights);
  leave(asm);
});

/** Highest bit of a weight. */
const HIGHEST_BIT = 14;

const bisection = (name: 'top_mass' | 'top_count', what: 'mass' | 'count') =>
  kernel(name, (asm, { weights, groups, target }) => {
    const { bit, threshold, from, above, tried, at, spare } = asm.pool(
      'AR',
      'bit',
      'threshold',
      'from',
      'above',
      'tried',
      'at',
      'spare',
    );
    const { a, b, above0, above1, limit } = asm.pool('QR', 'a', 'b', 'above0', 'above1', 'limit');
    const [again, done] = [asm.label('again'), asm.label('done')];
    enter(asm);
    asm.movi(bit, 1);
    asm.slli(bit, bit, HIGHEST_BIT);
    asm.movi(threshold, 0);
    asm.movi(from, -1);
    asm.srli(from, from, 1);
    asm.movi(above, 0);
    asm.place(again);
    asm.add(tried, threshold, bit);
    asm.addi(spare, tried, -1);
    broadcast16(asm, limit, spare);
    asm.mov(at, weights);
    sumAbove(asm, what, { at, groups, limit, vectors: [a, b, above0, above1] });
    asm.movi(spare, 0);
    asm.ee_srs_accx(at, spare, 0);
    if (what === 'mass') asm.neg(at, at);
    asm.sub(spare, at, target);
    asm.movgez(threshold, tried, spare);
    if (what === 'count') {
      asm.beqz(spare, done);
    } else {
      asm.movgez(from, at, spare);
      asm.movltz(above, at, spare);
      asm.slli(tried, threshold, 1);
      asm.sub(spare, from, above);
      asm.blt(spare, tried, done);
    }
    asm.srli(bit, bit, 1);
    asm.bnez(bit, again);
    asm.place(done);
    asm.mov(weights, threshold);
    leave(asm);
  });

export const topMass = bisection('top_mass', 'mass');
export const topCount = bisection('top_count', 'count');

/** Group by group until the sum is exceeded, then element by element. */
export const pick = kernel('pick', (asm, { weights, threshold, target }) => {
  const { at, weight, zero } = asm.pool('AR', 'at', 'weight', 'zero');
  const { a, b, above0, above1, limit } = asm.pool('QR', 'a', 'b', 'above0', 'above1', 'limit');
  const [group, element] = [asm.label('group'), asm.label('element')];
  enter(asm);
  asm.addi(at, threshold, -1);
  broadcast16(asm, limit, at);
  asm.mov(at, weights);
  asm.movi(zero, 0);
  asm.place(group);
  asm.ee_vld_128_ip(a, at, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, at, VECTOR_BYTES);
  asm.ee_zero_accx();
  asm.ee_vcmp_gt_s16(above0, a, limit);
  asm.ee_vcmp_gt_s16(above1, b, limit);
  asm.ee_vmulas_s16_accx(above0, a);
  asm.ee_vmulas_s16_accx(above1, b);
  asm.nop();
  asm.ee_srs_accx(weight, zero, 0); // minus the group's sum
  asm.add(target, target, weight);
  asm.bgez(target, group);
  asm.sub(target, target, weight);
  asm.addi(at, at, -2 * VECTOR_BYTES);
  asm.place(element);
  asm.l16si(weight, at, 0);
  asm.addi(at, at, 2);
  asm.blt(weight, threshold, element);
  asm.sub(target, target, weight);
  asm.bgez(target, element);
  asm.sub(weights, at, weights);
  asm.srli(weights, weights, 1);
  asm.addi(weights, weights, -1);
  leave(asm);
});
