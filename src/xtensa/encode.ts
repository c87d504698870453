/** One instruction to one word, with errors that say what would have been legal. */
import { UsageError } from '../errors.ts';
import { filePrefixes } from './registers.ts';
import type { Opcode, Operand } from './table.ts';

/** What an operand accepts, for an error message. */
export function describeOperand(operand: Operand): string {
  if (operand.kind === 'register') {
    const prefix = filePrefixes[operand.regfile!];
    if (operand.step === 1) return `${prefix}${operand.min} to ${prefix}${operand.max}`;
    return `${prefix}${operand.min} to ${prefix}${operand.max} in steps of ${operand.step}`;
  }
  const values = legalTable(operand);
  if (values) return `one of ${values.join(', ')}`;
  const step = operand.step === 1 ? '' : `, a multiple of ${operand.step}`;
  return `${operand.min} to ${operand.max}${step}`;
}

/** The legal values of an operand whose values have gaps. */
function legalTable(operand: Operand): number[] | undefined {
  const count = 2 ** operand.width;
  if (operand.kind !== 'immediate' || (operand.max - operand.min) / operand.step + 1 === count)
    return undefined;
  const values = Array.from({ length: count }, (_, field) => operand.decode(field));
  return values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
}

/** 0xffffffff and -1 are one immediate to GNU as, which thinks in 32 bits. */
export function encodeImmediate(operand: Operand, value: number): number | undefined {
  const field = operand.encode(value);
  if (field !== undefined || !Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff)
    return field;
  return operand.encode(value | 0) ?? operand.encode(value >>> 0);
}

function encodeOperand(opcode: Opcode, operand: Operand, value: number, pc: number): number {
  const field = operand.kind === 'label' ? operand.encode(value, pc) : encodeImmediate(operand, value);
  if (field !== undefined) return field;
  if (operand.kind === 'label') throw new UsageError(`${opcode.name}: ${unreachable(operand, value, pc)}`);
  const shown = operand.kind === 'register' ? `${filePrefixes[operand.regfile!]}${value}` : `${value}`;
  throw new UsageError(
    `${opcode.name}: ${shown} is not legal for "${operand.name}" (${describeOperand(operand)}).`,
  );
}

function unreachable(operand: Operand, target: number, pc: number): string {
  const distance = (target - pc) | 0;
  if (
    operand.step > 1 &&
    distance >= operand.min - 3 &&
    distance <= operand.max + 3 &&
    target % operand.step !== 0
  ) {
    return `the target must be aligned to ${operand.step} bytes, and 0x${target.toString(16)} is not.`;
  }
  return `the target is ${distance} bytes away, out of reach (${operand.min} to ${operand.max}).`;
}

/** What is wrong with operands that are legal one by one, or undefined. */
export function operandConflict(opcode: Opcode, values: readonly number[]): string | undefined {
  const [, , shift, width] = values;
  if (opcode.name === 'extui' && shift + width > 32)
    return `extui: bits ${shift} to ${shift + width - 1} go beyond 31.`;
  return undefined;
}

/** `values` are the semantic values of the visible operands, in order. Throws a UsageError for illegal ones. */
export function encodeInstruction(opcode: Opcode, values: readonly number[], pc = 0): number {
  const { visible } = opcode;
  const conflict = operandConflict(opcode, values);
  if (conflict) throw new UsageError(conflict);
  let word = opcode.value;
  for (let index = 0; index < visible.length; index++) {
    const operand = visible[index];
    word |= operand.insert(encodeOperand(opcode, operand, values[index], pc));
  }
  return word >>> 0;
}

/** The word, or undefined where some value is not legal: for choosing between forms. Label operands not allowed. */
export function tryEncode(opcode: Opcode, values: readonly number[]): number | undefined {
  let word = opcode.value;
  for (let index = 0; index < values.length; index++) {
    const operand = opcode.visible[index];
    const field = encodeImmediate(operand, values[index]);
    if (field === undefined) return undefined;
    word |= operand.insert(field);
  }
  return word >>> 0;
}

/** Semantic values of the visible operands of an instruction word at `pc`. */
export function decodeOperands(opcode: Opcode, word: number, pc = 0): number[] {
  return opcode.visible.map((operand) => operand.decode(operand.field(word), pc));
}
