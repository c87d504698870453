import { findOpcode, instructionLength, type Opcode } from '../../xtensa/index.ts';

/** One instruction at one address, operands decoded in table order (register numbers, immediates, absolute labels). */
export interface Instruction {
  readonly pc: number;
  /** Address of the next instruction in memory. */
  readonly next: number;
  /** undefined: no such instruction on this core. */
  readonly opcode: Opcode | undefined;
  readonly operands: readonly number[];
}

/** True when an instruction of `length` bytes at `pc` does not lie within one 4-byte fetch word. */
export const straddles = (pc: number, length: number): boolean => (pc & 3) + length > 4;

/**
 * Decodes the instruction at `pc`.
 * @param byteAt reads one byte of code; it is asked only for bytes of the instruction.
 */
export function decodeInstruction(pc: number, byteAt: (address: number) => number): Instruction {
  const first = byteAt(pc);
  const length = instructionLength(first);
  let word = first;
  for (let index = 1; index < length; index++) word += byteAt((pc + index) >>> 0) * 2 ** (8 * index);
  const opcode = findOpcode(word);
  return {
    pc,
    next: (pc + length) >>> 0,
    opcode,
    operands: opcode ? opcode.operands.map((operand) => operand.decode(operand.field(word), pc)) : [],
  };
}

/** True when a table-coded immediate holds a bit pattern that means nothing. */
export const hasIllegalOperand = (instruction: Instruction): boolean =>
  instruction.operands.some((value) => Number.isNaN(value));
