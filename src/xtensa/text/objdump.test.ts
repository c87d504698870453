/** The disassembler beside GNU objdump 2.35.1 for the ESP32-S3: operands as it prints them. */
import { describe, expect, it } from 'vitest';
import { dataRangesOf, readElf } from '../elf.ts';
import { assembleObject } from '../tools.ts';
import { disassemble } from './disassemble.ts';

/** Bytes and what objdump prints for them, spaces as one. */
const lines: [hex: string, text: string][] = [
  ['01d142', 'addmi a4, a1, 0x100'],
  ['ffd142', 'addmi a4, a1, 0xffffff00'],
  ['b0c442', 'addi a4, a4, -80'],
  ['80a842', 'movi a4, 0xfffff880'],
  ['ffa742', 'movi a4, 0x7ff'],
  ['65f336', 'entry a3, 0x32f8'],
  ['ff6102', 's32i a0, a1, 0x3fc'],
];

describe('the disassembler', () => {
  it.each(lines)('prints %s as objdump does', (hex, text) => {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex')).reverse();
    expect(disassemble(bytes).map((line) => line.text)).toEqual([text]);
  });

  it('writes groups of booleans out, and takes them so', () => {
    const text = ['any4 b0, b12:b13:b14:b15', 'all8 b4, b8:b9:b10:b11:b12:b13:b14:b15'];
    const { sections } = readElf(assembleObject(text.join('\n')));
    expect(disassemble(sections[1].bytes).map((line) => line.text)).toEqual(text);
  });

  it('takes padding behind a jump for no instruction', () => {
    const elf = readElf(assembleObject('f: ret.n\n.align 4\ng: ret.n\n.balign 8\nh: movi a2, 0x200\n'));
    const [, text] = elf.sections;
    expect(disassemble(text.bytes, 0, dataRangesOf(elf, text)).map((line) => line.text)).toEqual([
      'ret.n',
      '.byte 0x0',
      '.byte 0x0',
      'ret.n',
      '.byte 0x0',
      '.byte 0x0',
      'movi a2, 0x200',
    ]);
  });
});
