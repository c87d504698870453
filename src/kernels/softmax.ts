/**
 * Exponentials of 16 scores at a time, in the scores' place, and their sum. Two streams of eight lanes take turns, so that no
 * product is used by the next instruction; loads and stores ride along.
 */
import type { AR, Assembler, QR } from '../xtensa/index.ts';

const VECTOR = 16;

export interface WeightRegisters {
  /** Of the scores to load, and of the weights to store: 16 bytes before them. */
  scores: AR;
  weights: AR;
  groups: AR;
  /** In all lanes: the largest score, NEAREST, BASE and bytes of 1. */
  largest: QR;
  nearest: QR;
  base: QR;
  ones: QR;
  x: QR;
  low: QR;
  high: QR;
}

/** Weights of all groups; their sum is in ACCX. */
export function weigh(asm: Assembler, registers: WeightRegisters): void {
  const { scores, weights, groups, largest, nearest, base, ones, x, low, high } = registers;
  const both = (step: (vector: QR) => void): void => {
    step(low);
    step(high);
  };
  asm.ssai(16);
  asm.ee_vld_128_ip(low, weights, 0); // what is stored first was there
  asm.ee_vld_128_ip(x, scores, VECTOR);
  asm.ee_zero_accx();
  asm.ee_vsubs_s8(x, x, largest);
  asm.loopgtz(groups, () => {
    asm.ee_vadds_s8_st_incp(low, weights, x, x, x); // stores the group before
    asm.ee_vadds_s8_ld_incp(x, scores, high, x, nearest);
    asm.ee_zero_q(low);
    asm.ee_vzip_8(low, high);
    both((vector) => asm.ee_vmul_s16(vector, vector, vector));
    both((vector) => asm.ee_vadds_s16(vector, vector, base));
    for (let squaring = 0; squaring < 3; squaring++)
      both((vector) => asm.ee_vmul_s16(vector, vector, vector));
    asm.ee_vsubs_s8(x, x, largest); // of the next group
    asm.ee_vunzip_8(low, high);
    asm.ee_vmulas_u8_accx(low, ones);
  });
  asm.ee_vst_128_ip(low, weights, VECTOR);
}

/** Distances from the largest score in steps half as large, saturated; the largest is 0 then. */
export function refine(asm: Assembler, { scores, groups, largest, x }: WeightRegisters): void {
  asm.loopgtz(groups, () => {
    asm.ee_vld_128_ip(x, scores, 0);
    asm.ee_vsubs_s8(x, x, largest);
    asm.ee_vadds_s8(x, x, x);
    asm.ee_vst_128_ip(x, scores, VECTOR);
  });
  asm.ee_zero_q(largest);
}
