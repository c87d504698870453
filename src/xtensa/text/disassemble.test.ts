import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembler } from '../assembler.ts';
import { a2, a3, q0 } from '../registers.ts';
import { assembleAt } from '../vectors.ts';
import { assembleText } from './assemble.ts';
import { disassemble } from './disassemble.ts';
import { printListing } from './listing.ts';
import { printAssembly } from './print.ts';

describe('disassembler', () => {
  it('covers every byte, and what it says assembles to the same bytes', () => {
    const base = 0x40380000;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 3 }), (bytes, skew) => {
        let position = 0;
        for (const { address, length, text } of disassemble(bytes, base + skew)) {
          expect(address).toBe(base + skew + position);
          expect(Buffer.from(assembleAt(text, address)).toString('hex'), text).toBe(
            Buffer.from(bytes.subarray(position, position + length)).toString('hex'),
          );
          position += length;
        }
        expect(position).toBe(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('shows as bytes what the assembler would not write', () => {
    const text = (hex: string): string => disassemble(Buffer.from(hex, 'hex'))[0].text;
    expect(text('0e0001e6')).toBe('.byte 0xe, 0x0, 0x1, 0xe6');
    expect(text('f02000')).toBe('nop');
    expect(text('0df1')).toBe('.byte 0xd, 0xf1');
    expect(text('ff')).toBe('.byte 0xff');
  });
});

const kernel = `
    .global dot, limits
dot:
    movi a8, 0x12345678
    movi a9, limits
    l32r a10, .Lnumber
    .literal .Lnumber, other+4
    loopnez a4, .Lend
    ee.vmulas.s8.accx.ld.ip q4, a3, 16, q0, q1
.Lend:
    beqz a2, far
1:  bnez a3, 1b
    call8 elsewhere
    .align 16
limits: .word dot, 1b, limits-dot, 7
    .byte 1, 2, 3
    .align 4
far: add a2, a3, a4
    ret
    .section .rodata
table: .word table, dot
    .space 100
`;

describe('exported source', () => {
  it('assembles to the same bytes and relocations', () => {
    const object = assembleText(kernel);
    const source = printAssembly(object);
    const again = assembleText(source);
    expect(again.sections.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')])).toEqual(
      object.sections.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]),
    );
    const targets = (code: typeof object): unknown[] =>
      code.sections.flatMap(({ relocations }) => relocations.map(({ offset, kind }) => [offset, kind]));
    expect(targets(again)).toEqual(targets(object));
    expect(again.globals).toEqual(object.globals);
    expect(source).toContain('\t.literal\t');
    expect(source).toContain('\t.zero\t100');
  });

  it('is stable: printed again, it is the same text', () => {
    const source = printAssembly(assembleText(kernel));
    expect(printAssembly(assembleText(source))).toBe(source);
  });

  it('carries the comments of the builder', () => {
    const asm = createAssembler();
    asm.function('copy');
    asm.comment('sixteen bytes at a time');
    asm.ee_vld_128_ip(q0, a2, 16);
    asm.ee_vst_128_ip(q0, a3, 16);
    asm.ret();
    const object = asm.finish();
    expect(printAssembly(object)).toContain(
      'copy:\n\t/* sixteen bytes at a time */\n\tee.vld.128.ip\tq0, a2, 16\n',
    );
    expect(printListing(object.sections[0], 0x40380000, new Map([[0x40380000, ['copy']]]))).toContain(
      'copy:\n\t# sixteen bytes at a time\n40380000:\t240183  \tee.vld.128.ip\tq0, a2, 16\n',
    );
  });
});
