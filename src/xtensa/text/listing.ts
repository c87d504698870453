/** Machine code for reading: addresses, bytes, text. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Section } from '../object.ts';
import { type DisassembledLine, disassemble, formatInstruction } from './disassemble.ts';

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

function lineText({ opcode, operands, text }: DisassembledLine, nameOf: (target: number) => string): string {
  const named = opcode && !text.startsWith('.') ? formatInstruction(opcode, operands, nameOf) : text;
  return named.replace(' ', '\t');
}

/** The code of a section that begins at `address`; `symbols` name addresses. */
export function printListing(
  section: Pick<Section, 'bytes' | 'data' | 'comments'>,
  address: number,
  symbols: ReadonlyMap<number, readonly string[]> = new Map(),
): string {
  const output: string[] = [];
  const comments = [...(section.comments ?? [])];
  const nameOf = (target: number): string => {
    const name = symbols.get(target)?.[0];
    return name === undefined ? hex(target) : `${hex(target)} <${name}>`;
  };
  for (const line of disassemble(section.bytes, address, section.data)) {
    for (const name of symbols.get(line.address) ?? []) output.push(`${name}:`);
    while (comments.length > 0 && comments[0][0] + address <= line.address) {
      output.push(`\t# ${comments.shift()![1]}`);
    }
    const start = line.address - address;
    const bytes = bytesToHex(section.bytes.subarray(start, start + line.length));
    const place = line.address.toString(16).padStart(8, '0');
    output.push(`${place}:\t${bytes.padEnd(8)}\t${lineText(line, nameOf)}`);
  }
  return `${output.join('\n')}\n`;
}
