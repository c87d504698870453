/** Turns that several kernels use. */
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';

/** Bytes of stack that {@link enter} takes; the stack stays aligned to 16 bytes. */
export const FRAME_BYTES = 32;

/** Opens a frame of FRAME_BYTES at a1: room to pass numbers from address registers to vectors. */
export function enter(asm: Assembler): void {
  asm.addi(a1, a1, -FRAME_BYTES);
}

export function leave(asm: Assembler): void {
  asm.addi(a1, a1, FRAME_BYTES);
  asm.ret();
}

/** Every lane of `vector` becomes the largest of its eight s16 lanes. */
export function spreadLargest16(asm: Assembler, vector: QR, spare: QR): void {
  for (let round = 0; round < 3; round++) {
    asm.ee_orq(spare, vector, vector);
    asm.ee_vunzip_16(vector, spare);
    asm.ee_vmax_s16(vector, vector, spare);
  }
}

/** The lowest s16 lane of a vector, sign-extended. */
export function lane16(asm: Assembler, to: AR, vector: QR): void {
  asm.ee_movi_32_a(vector, to, 0);
  asm.sext(to, to, 15);
}

/** The halfword in a register, in all eight lanes. */
export function broadcast16(asm: Assembler, to: QR, value: AR): void {
  asm.s16i(value, a1, 0);
  asm.ee_vldbc_16(to, a1);
}

/** The word in a register, in all four lanes. */
export function broadcast32(asm: Assembler, to: QR, value: AR): void {
  asm.s32i(value, a1, 0);
  asm.ee_vldbc_32(to, a1);
}

/** Every lane of `vector` becomes the largest of its four s32 lanes. */
export function spreadLargest32(asm: Assembler, vector: QR, spare: QR): void {
  for (let round = 0; round < 2; round++) {
    asm.ee_orq(spare, vector, vector);
    asm.ee_vunzip_32(vector, spare);
    asm.ee_vmax_s32(vector, vector, spare);
  }
}

/**
 * Every lane of `high` becomes the largest magnitude of the s16 vector at `t`, which ends behind it; `n` counts by 16. Uses all
 * vectors given.
 */
export function magnitude16(asm: Assembler, t: AR, n: AR, [a, b, high, low]: readonly QR[]): void {
  asm.ee_vld_128_ip(a, t, 16);
  asm.ee_vld_128_ip(b, t, 16);
  asm.ee_zero_q(high);
  asm.ee_zero_q(low);
  asm.loopgtz(n, () => {
    asm.ee_vmin_s16(low, low, a);
    asm.ee_vmax_s16_ld_incp(a, t, high, high, a);
    asm.ee_vmin_s16(low, low, b);
    asm.ee_vmax_s16_ld_incp(b, t, high, high, b);
  });
  asm.ee_zero_q(a);
  asm.ee_vsubs_s16(low, a, low);
  asm.ee_vmax_s16(high, high, low);
  spreadLargest16(asm, high, low);
}
