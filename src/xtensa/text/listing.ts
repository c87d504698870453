/** Machine code for reading: addresses, bytes, text. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { isAllZeros, type Section } from '../object.ts';
import { type DisassembledLine, disassemble, formatInstruction, zeroLines } from './disassemble.ts';

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

function lineText({ opcode, operands, text }: DisassembledLine, nameOf: (target: number) => string): string {
  const named = opcode && !text.startsWith('.') ? formatInstruction(opcode, operands, nameOf) : text;
  return named.replace(' ', '\t');
}

/** A line of machine code. */
export interface ListedLine {
  readonly address: number;
  /** In hexadecimal digits, as they lie in memory. */
  readonly bytes: string;
  readonly text: string;
  /** Symbols of this address. */
  readonly labels: readonly string[];
  /** Remarks in front of it. */
  readonly comments: readonly string[];
}

type ListedSection = Pick<Section, 'bytes' | 'data' | 'comments' | 'attributes'>;
/** Bytes of the longest instruction; longer lines are zeros, and need no digits. */
const MOST_BYTES = 4;

/** The code of a section that begins at `address`; `symbols` name addresses. */
export function listCode(
  section: ListedSection,
  address: number,
  symbols: ReadonlyMap<number, readonly string[]> = new Map(),
): ListedLine[] {
  const remarks = [...(section.comments ?? [])];
  const nameOf = (target: number): string => {
    const name = symbols.get(target)?.[0];
    return name === undefined ? hex(target) : `${hex(target)} <${name}>`;
  };
  const { bytes } = section;
  const lines = isAllZeros(section)
    ? zeroLines(bytes.length, address, [...symbols.keys(), ...remarks.map(([offset]) => address + offset)])
    : disassemble(bytes, address, section.data);
  return lines.map((line) => {
    const comments: string[] = [];
    while (remarks.length > 0 && remarks[0][0] + address <= line.address) comments.push(remarks.shift()![1]);
    const start = line.address - address;
    return {
      address: line.address,
      bytes: line.length > MOST_BYTES ? '' : bytesToHex(bytes.subarray(start, start + line.length)),
      text: lineText(line, nameOf),
      labels: symbols.get(line.address) ?? [],
      comments,
    };
  });
}

/** The same as text. */
export function printListing(
  section: ListedSection,
  address: number,
  symbols: ReadonlyMap<number, readonly string[]> = new Map(),
): string {
  const lines = listCode(section, address, symbols).flatMap((line) => {
    const place = line.address.toString(16).padStart(8, '0');
    return [
      ...line.labels.map((name) => `${name}:`),
      ...line.comments.map((comment) => `\t# ${comment}`),
      `${place}:\t${line.bytes.padEnd(8)}\t${line.text}`,
    ];
  });
  return `${lines.join('\n')}\n`;
}
