import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { dataRangesOf, readElf } from './elf.ts';
import { writeElf } from './elf-write.ts';
import { assembleFile, disassembleFile } from './tools.ts';

const base = 0x40380000;
const program = `
    .global _start
_start: movi a2, 0x12345678
    movi a3, message
    j .
    .data
message: .asciz "hello"
    .bss
    .space 8
`;

describe('asm', () => {
  it('places sections from the base address and resolves everything', () => {
    const { bytes, listing, linked } = assembleFile(program, { base });
    expect(linked.segments.map(({ name, address }) => [name, address - base])).toEqual([
      ['.text', 0],
      ['.data', 0x14],
      ['.bss', 0x1c],
    ]);
    expect(bytes.length).toBe(0x1a);
    expect(new DataView(bytes.buffer).getUint32(4, true)).toBe(base + 0x14);
    expect(listing).toContain('_start:\n40380008:\t21feff  \tl32r\ta2, 0x40380000\n');
  });

  it('takes symbols from outside, and says which are missing', () => {
    expect(assembleFile('call0 f', { base, symbols: { f: base + 64 } }).listing).toContain(
      'call0\t0x40380040',
    );
    expect(() => assembleFile('call0 f', { base })).toThrow('undefined symbol "f", wanted by .text + 0x0.');
  });
});

describe('ELF', () => {
  const file = assembleFile(program, { base }).elf();

  it('is read as it was written', () => {
    const elf = readElf(file);
    expect(elf).toMatchObject({ kind: 'executable', entry: base + 8 });
    expect(elf.segments.map(({ address, memorySize }) => [address - base, memorySize])).toEqual([
      [0, 0x11],
      [0x14, 6],
      [0x1c, 8],
    ]);
    expect(elf.symbols.find(({ name }) => name === 'message')).toMatchObject({
      value: base + 0x14,
      isGlobal: true,
    });
    expect(dataRangesOf(elf, elf.sections[1])).toEqual([[0, 8]]);
  });

  it('is disassembled by section, with symbols and literals', () => {
    expect(disassembleFile(file)).toContain('.text:\n40380000:\t78563412\t.word\t0x12345678\n');
    expect(disassembleFile(file)).toContain('_start:\n40380008:\t21feff');
  });

  it('becomes source that assembles to the same bytes', () => {
    const source = disassembleFile(file, { source: true });
    const again = assembleFile(source, { base });
    expect(Buffer.from(again.bytes).equals(Buffer.from(assembleFile(program, { base }).bytes))).toBe(true);
  });

  it('has as many zeros as it says, written as such from label to label', () => {
    const zeros = '.bss\nfirst: .space 50000001\nsecond: .space 1\nthird: .space 4';
    const source = disassembleFile(assembleFile(zeros, { base }).elf(), { source: true });
    expect(source.slice(source.indexOf('first:'))).toContain(
      'first:\n\t.zero\t50000001\n\t.global\tsecond\nsecond:\n\t.byte\t0x0\n\t.global\tthird\nthird:\n\t.zero\t4\n',
    );
  });

  it('is refused in one sentence when it is none', () => {
    const patched = (at: number, value: number): Uint8Array => {
      const copy = file.slice();
      copy[at] = value;
      return copy;
    };
    expect(() => readElf(new Uint8Array(10))).toThrow('this is not an ELF file.');
    expect(() => readElf(patched(4, 2))).toThrow('this ELF file is not 32-bit little-endian');
    expect(() => readElf(patched(18, 3))).toThrow('this ELF file is for machine 3, not for Xtensa (94).');
    expect(() => readElf(patched(16, 4))).toThrow('of type 4; only executables and relocatable objects');
    expect(() => readElf(file.subarray(0, 200))).toThrow('the ELF file is cut off or damaged');
  });

  it('survives any damage', () => {
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(file.length), fc.boolean(), (changes, length, source) => {
        const copy = file.slice(0, Math.max(length, 40));
        for (const [at, value] of changes) copy[at % copy.length] = value;
        copy.set([0x7f, 0x45, 0x4c, 0x46, 1, 1]);
        try {
          disassembleFile(copy, { source });
        } catch (error) {
          expect(error).toBeInstanceOf(FailureError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('disasm of raw bytes', () => {
  it('lists from the base address, and makes source that assembles again', () => {
    const bytes = assembleFile('x: addi a2, a2, 1\nbnez a2, x\ncall0 0x40380100\nee.zero.q q3', {
      base,
    }).bytes;
    expect(disassembleFile(bytes, { base })).toContain('40380002:\t56a2ff  \tbnez\ta2, 0x40380000\n');
    const again = assembleFile(disassembleFile(bytes, { base, source: true }), { base }).bytes;
    expect(Buffer.from(again).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  });

  it('does so for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const source = disassembleFile(bytes, { base, source: true });
        const again = assembleFile(source, { base }).bytes;
        expect(Buffer.from(again.subarray(0, bytes.length)).toString('hex'), source).toBe(
          Buffer.from(bytes).toString('hex'),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('writeElf', () => {
  it('writes segments whose memory is larger than the file', () => {
    const segments = [{ name: '.bss', address: 0x3fc90000, bytes: new Uint8Array(0), memorySize: 64 }];
    expect(readElf(writeElf({ entry: 0, segments })).segments[0]).toMatchObject({
      address: 0x3fc90000,
      memorySize: 64,
    });
  });
});
