/**
 * Division and square root, correctly rounded for all operands: the FPU's own sequences (Xtensa ISA manual, DIV0.S and
 * SQRT0.S; the same ones as in GCC's libgcc). Operands and result in f registers; f0 to f8 and a0 are lost.
 */
import { type Assembler, f0, f1, f2, f3, f4, f5, f6, f7, f8 } from '../../../xtensa/index.ts';

/** f0 = f0 / f1. */
export function divide(asm: Assembler): void {
  const [quotient, dividend, divisor] = [f0, f1, f2];
  asm.mov_s(divisor, f1);
  asm.mov_s(dividend, f0);
  asm.div0_s(f3, divisor);
  asm.nexp01_s(f4, divisor);
  asm.const_s(f5, 1);
  asm.maddn_s(f5, f4, f3);
  asm.mov_s(f6, f3);
  asm.mov_s(f7, divisor);
  asm.nexp01_s(f2, dividend);
  asm.maddn_s(f6, f5, f6);
  asm.const_s(f5, 1);
  asm.const_s(quotient, 0);
  asm.neg_s(f8, f2);
  asm.maddn_s(f5, f4, f6);
  asm.maddn_s(quotient, f8, f3);
  asm.mkdadj_s(f7, dividend);
  asm.maddn_s(f6, f5, f6);
  asm.maddn_s(f8, f4, quotient);
  asm.const_s(f3, 1);
  asm.maddn_s(f3, f4, f6);
  asm.maddn_s(quotient, f8, f6);
  asm.neg_s(f2, f2);
  asm.maddn_s(f6, f3, f6);
  asm.maddn_s(f2, f4, quotient);
  asm.addexpm_s(quotient, f7);
  asm.addexp_s(f6, f7);
  asm.divn_s(quotient, f2, f6);
  asm.ret();
}

/** f0 = square root of f0. */
export function squareRoot(asm: Assembler): void {
  const [root, operand] = [f0, f1];
  asm.mov_s(operand, f0);
  asm.sqrt0_s(f2, operand);
  asm.const_s(f3, 0);
  asm.maddn_s(f3, f2, f2);
  asm.nexp01_s(f4, operand);
  asm.const_s(root, 3);
  asm.addexp_s(f4, root);
  asm.maddn_s(root, f3, f4);
  asm.nexp01_s(f3, operand);
  asm.neg_s(f5, f3);
  asm.maddn_s(f2, root, f2);
  asm.const_s(root, 0);
  asm.const_s(f6, 0);
  asm.const_s(f7, 0);
  asm.maddn_s(root, f5, f2);
  asm.maddn_s(f6, f2, f4);
  asm.const_s(f4, 3);
  asm.maddn_s(f7, f4, f2);
  asm.maddn_s(f3, root, root);
  asm.maddn_s(f4, f6, f2);
  asm.neg_s(f2, f7);
  asm.maddn_s(root, f3, f2);
  asm.maddn_s(f7, f4, f7);
  asm.mksadj_s(f2, operand);
  asm.nexp01_s(f1, operand);
  asm.maddn_s(f1, root, root);
  asm.neg_s(f3, f7);
  asm.addexpm_s(root, f2);
  asm.addexp_s(f3, f2);
  asm.divn_s(root, f1, f3);
  asm.ret();
}
