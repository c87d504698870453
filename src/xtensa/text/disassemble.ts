/** Bytes to GNU-syntax text. */
import { decodeOperands, encodeInstruction, operandConflict } from '../encode.ts';
import { filePrefixes } from '../registers.ts';
import { findOpcode, instructionLength, type Opcode, type Operand, type RegisterFile } from '../table.ts';

export interface DisassembledLine {
  address: number;
  /** Bytes; 1 for what is no instruction. */
  length: number;
  /** `addi a2, a2, 4`, or `.byte 0x..` for what is no instruction, or not one that the assembler would write. */
  text: string;
  opcode?: Opcode;
  /** Semantic values of the visible operands; labels are absolute addresses. */
  operands: number[];
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** How many booleans an operand stands for, where it is more than one. */
const groupSizes: Readonly<Partial<Record<RegisterFile, number>>> = { BR4: 4, BR8: 8, BR16: 16 };

/** As objdump writes them: groups of booleans one by one, small immediates decimal, others as 32 bits in hexadecimal. */
export function formatOperand(operand: Operand, value: number): string {
  if (operand.kind === 'register') {
    const count = groupSizes[operand.regfile!] ?? 1;
    const names = Array.from(
      { length: count },
      (_, index) => filePrefixes[operand.regfile!] + (value + index),
    );
    return names.join(':');
  }
  return operand.kind === 'label' || Math.abs(value) >= 256 ? hex(value) : String(value);
}

/** `labelText` may give an address a name. */
export function formatInstruction(
  opcode: Opcode,
  operands: readonly number[],
  labelText: (address: number) => string = hex,
): string {
  const texts = opcode.visible.map((operand, index) =>
    operand.kind === 'label' ? labelText(operands[index]) : formatOperand(operand, operands[index]),
  );
  return texts.length === 0 ? opcode.name : `${opcode.name} ${texts.join(', ')}`;
}

export function wordAt(bytes: Uint8Array, offset: number): number {
  let word = 0;
  for (let index = Math.min(4, bytes.length - offset) - 1; index >= 0; index--)
    word = word * 256 + bytes[offset + index];
  return word;
}

/** The instruction at `offset`, or the bytes there where the assembler has no text for them. */
export function disassembleOne(bytes: Uint8Array, offset: number, address: number): DisassembledLine {
  const length = instructionLength(bytes[offset]);
  const word = wordAt(bytes, offset);
  const opcode = offset + length <= bytes.length ? findOpcode(word) : undefined;
  if (opcode) {
    const operands = decodeOperands(opcode, word, address);
    const isWritable =
      operands.every((value) => !Number.isNaN(value)) &&
      (opcode.name !== 'nop' || opcode.length === 3) &&
      !operandConflict(opcode, operands) &&
      sameWord(encodeInstruction(opcode, operands, address), word, length);
    if (isWritable) return { address, length, text: formatInstruction(opcode, operands), opcode, operands };
    const listed = Array.from({ length }, (_, index) => hex(bytes[offset + index]));
    return { address, length, text: `.byte ${listed.join(', ')}`, opcode, operands };
  }
  return { address, length: 1, text: `.byte ${hex(bytes[offset])}`, operands: [] };
}

/** Fields that the assembler leaves zero may be anything in the bytes (the four-byte nop has no text of its own). */
function sameWord(one: number, other: number, length: number): boolean {
  return (one ^ other) << (32 - 8 * length) === 0;
}

/** All of `bytes`, the first of which lies at `address`; `data` lists ranges [start, end) that are no instructions. */
export function disassemble(
  bytes: Uint8Array,
  address = 0,
  data: readonly (readonly [start: number, end: number])[] = [],
): DisassembledLine[] {
  const lines: DisassembledLine[] = [];
  let range = 0;
  for (let offset = 0; offset < bytes.length; ) {
    while (range < data.length && data[range][1] <= offset) range += 1;
    const line =
      range < data.length && data[range][0] <= offset
        ? dataLine(bytes, offset, address + offset, data[range][1])
        : disassembleOne(bytes, offset, address + offset);
    lines.push(line);
    offset += line.length;
  }
  return lines;
}

/** So many zeros from `address` on, of which there may be many: a line from each address that something refers to, to the next. */
export function zeroLines(length: number, address: number, referred: Iterable<number>): DisassembledLine[] {
  const end = address + length;
  const starts = [...new Set([address, ...referred])].filter((at) => at >= address && at < end);
  starts.sort((a, b) => a - b);
  return starts.map((start, index) => {
    const count = (starts[index + 1] ?? end) - start;
    const text = count === 1 ? '.byte 0x0' : count === 4 && start % 4 === 0 ? '.word 0x0' : `.zero ${count}`;
    return { address: start, length: count, text, operands: [] };
  });
}

function dataLine(bytes: Uint8Array, offset: number, address: number, end: number): DisassembledLine {
  if (end - offset >= 4 && offset % 4 === 0 && offset + 4 <= bytes.length) {
    return { address, length: 4, text: `.word ${hex(wordAt(bytes, offset))}`, operands: [] };
  }
  return { address, length: 1, text: `.byte ${hex(bytes[offset])}`, operands: [] };
}
