/** Division and square root as routines. Operands and result in f registers; f0 to f8 and a0 are lost. */
import { type Assembler, f0, f1, f2, fRegisters } from '../../../xtensa/index.ts';
import { divideSequence, type FloatSequence, rootSequence } from '../float-steps.ts';

/** f0 = f0 / f1. */
export function divide(asm: Assembler): void {
  asm.mov_s(f2, f1);
  asm.mov_s(f1, f0);
  emitSteps(asm, divideSequence);
}

/** f0 = square root of f0. */
export function squareRoot(asm: Assembler): void {
  asm.mov_s(f1, f0);
  emitSteps(asm, rootSequence);
}

function emitSteps(asm: Assembler, { steps, registers }: FloatSequence): void {
  for (const { op, operands } of steps)
    asm.emit(op, ...operands.map((part) => (typeof part === 'number' ? part : fRegisters[registers[part]])));
  asm.ret();
}
