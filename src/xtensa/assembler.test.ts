import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assembler, createAssembler } from './assembler.ts';
import type { Section } from './object.ts';
import { a0, a1, a2, a3, a4, a5, b0, f0, q0, q1, q4 } from './registers.ts';
import { disassemble } from './text/disassemble.ts';

function assemble(write: (asm: Assembler) => void, density = true): Section {
  const asm = createAssembler({ density });
  write(asm);
  return asm.finish().sections[0];
}

const textOf = ({ bytes, data }: Section): string[] => disassemble(bytes, 0, data).map(({ text }) => text);
const assembleToText = (write: (asm: Assembler) => void, density = true): string[] =>
  textOf(assemble(write, density));

describe('typed builder', () => {
  it('writes instructions with their operands', () => {
    const text = assembleToText((asm) => {
      asm.ee_vmulas_s8_accx_ld_ip(q4, a3, 16, q0, q1);
      asm.s32i(a0, a1, 1020);
      asm.mov_s(f0, f0);
      asm.wsr_sar(a2);
      asm.emit('addx4', a2, a3, a4);
    });
    expect(text).toEqual([
      'ee.vmulas.s8.accx.ld.ip q4, a3, 16, q0, q1',
      's32i a0, a1, 0x3fc',
      'mov.s f0, f0',
      'wsr.sar a2',
      'addx4 a2, a3, a4',
    ]);
  });

  it('has types that refuse a register of the wrong file or a missing operand', () => {
    createAssembler().exact(() => {
      const asm = createAssembler();
      // @ts-expect-error a vector register is no address register
      expect(() => asm.addi(q0, a2, 4)).toThrow('addi: operand 1 ("art") is not q0.');
      // @ts-expect-error an immediate is no register
      expect(() => asm.addi(a2, a2, a3)).toThrow('addi: operand 3 is not a register, yet a3 was given.');
      // @ts-expect-error an operand is missing
      expect(() => asm.addi(a2, a2)).toThrow('addi takes 3 operands, not 2.');
    });
  });

  it('refuses immediates that the instruction cannot hold, and says which it can', () => {
    const asm = createAssembler();
    expect(() => asm.l32i(a2, a3, 2)).toThrow(
      'l32i: 2 is not legal for "uimm8x4" (0 to 1020, a multiple of 4).',
    );
    expect(() => asm.beqi(a2, 9, 'x')).not.toThrow();
    expect(() => asm.finish()).toThrow(/-1, 1, 2, 3, 4, 5, 6, 7, 8, 10/);
    expect(() => asm.movi_n(a2, 96)).toThrow('movi.n: 96 is not legal for "simm7" (-32 to 95).');
  });

  it('chooses the 16-bit forms where operands permit, and only then', () => {
    const write = (asm: Assembler): void => {
      asm.add(a2, a3, a4);
      asm.addi(a2, a3, 15);
      asm.addi(a2, a3, 16);
      asm.addi(a2, a3, -1);
      asm.l32i(a2, a3, 60);
      asm.l32i(a2, a3, 64);
      asm.s32i(a2, a3, 0);
      asm.movi(a2, 95);
      asm.movi(a2, 96);
      asm.mov(a2, a3);
      asm.nop();
      asm.ret();
    };
    const dense = 'add.n addi.n addi addi.n l32i.n l32i s32i.n movi.n movi mov.n nop.n ret.n';
    const plain = 'add addi addi addi l32i l32i s32i movi movi or nop ret';
    expect(assembleToText(write).map((line) => line.split(' ')[0])).toEqual(dense.split(' '));
    expect(assembleToText(write, false).map((line) => line.split(' ')[0])).toEqual(plain.split(' '));
    expect(assembleToText((asm) => asm.exact(() => write(asm))).map((line) => line.split(' ')[0])).toEqual(
      plain.split(' '),
    );
  });

  it('splits additions and loads whose offset is too large', () => {
    expect(assembleToText((asm) => asm.addi(a2, a3, 500))).toEqual([
      'addmi a2, a3, 0x200',
      'addi a2, a2, -12',
    ]);
    expect(assembleToText((asm) => asm.l32i(a2, a3, 1024), false)).toEqual([
      'addmi a2, a3, 0x400',
      'l32i a2, a2, 0',
    ]);
  });

  it('gives registers names from a pool, each once', () => {
    const asm = createAssembler();
    const { x, w } = asm.parameters('x', 'w');
    const { sum, count } = asm.pool('AR', 'sum', 'count');
    const { lanes } = asm.pool('QR', 'lanes');
    expect([x, w, sum, count, lanes].map(({ name }) => name)).toEqual(['a2', 'a3', 'a8', 'a9', 'q0']);
    asm.release(sum);
    expect(asm.pool('AR', 'again').again).toMatchObject({ name: 'a8', alias: 'again' });
    expect(() => asm.pool('QR', '1', '2', '3', '4', '5', '6', '7', '8')).toThrow(
      'no QR register is left for "8".',
    );
    asm.ret();
    expect(asm.finish().sections[0].comments?.map(([, text]) => text)).toContain('a8 = sum');
  });
});

describe('literal pool', () => {
  it('comes before the code, holds each value once and is reached backwards', () => {
    const section = assemble((asm) => {
      asm.movi(a2, 0x12345678);
      asm.movi(a3, 'table');
      asm.movi(a4, 0x12345678);
      asm.movi(a5, -2048);
      asm.ret();
    });
    expect(textOf(section)).toEqual([
      '.word 0x12345678',
      '.word 0x0',
      'l32r a2, 0x0',
      'l32r a3, 0x4',
      'l32r a4, 0x0',
      'movi a5, 0xfffff800',
      'ret.n',
    ]);
    expect(section.relocations).toEqual([{ offset: 4, kind: 'abs32', symbol: 'table', addend: 0 }]);
  });

  it('starts anew before each function', () => {
    const section = assemble((asm) => {
      asm.function('one');
      asm.movi(a2, 100_000);
      asm.ret();
      asm.function('two');
      asm.movi(a2, 100_000);
      asm.ret();
    });
    expect(section.symbols.get('one')).toBe(4);
    expect(section.symbols.get('two')).toBe(16);
    expect(section.data).toEqual([
      [0, 4],
      [9, 16],
    ]);
  });

  it('stays in reach in a section that is larger than 256 KiB', () => {
    const section = assemble((asm) => {
      for (let block = 0; block < 100; block++) {
        asm.movi(a2, 100_000 + block);
        for (let index = 0; index < 1500; index++) asm.addx4(a2, a3, a4);
        asm.ret();
      }
    });
    expect(section.bytes.length).toBeGreaterThan(400_000);
    expect(section.data!.length).toBeGreaterThan(1);
  });
});

describe('branches', () => {
  const fill = (asm: Assembler, bytes: number): void => {
    for (let count = 0; count < bytes / 3; count++) asm.addx4(a2, a3, a4);
  };

  it('grow with the distance: 16 bits, 24 bits, inverted over a jump', () => {
    const at = (bytes: number): string[] =>
      assembleToText((asm) => {
        const there = asm.label();
        asm.beqz(a2, there);
        fill(asm, bytes);
        asm.place(there);
      });
    expect(at(60)[0]).toBe('beqz.n a2, 0x3e');
    expect(at(66)[0]).toBe('beqz a2, 0x45');
    expect(at(2046)[0]).toBe('beqz a2, 0x801');
    expect(at(2100).slice(0, 2)).toEqual(['bnez.n a2, 0x5', 'j 0x839']);
  });

  it('reach backwards, and from every kind of condition', () => {
    const text = assembleToText((asm) => {
      const start = asm.place(asm.label());
      fill(asm, 300);
      asm.bbci(a2, 31, start);
      asm.bgeui(a2, 256, start);
      asm.bt(b0, start);
      asm.ball(a2, a3, start);
    });
    expect(text.slice(100)).toEqual([
      'bbsi a2, 31, 0x132', 'j 0x0',
      'bltui a2, 0x100, 0x138', 'j 0x0',
      'bf b0, 0x13e', 'j 0x0',
      'bnall a2, a3, 0x144', 'j 0x0',
    ]); // biome-ignore format: a branch and its jump per line
  });

  it('to other objects become a jump that the linker fills in', () => {
    const section = assemble((asm) => asm.beqz(a2, 'elsewhere'));
    expect(textOf(section)[0]).toBe('bnez.n a2, 0x5');
    expect(section.relocations).toEqual([{ offset: 2, kind: 'jump', symbol: 'elsewhere', addend: 0 }]);
  });

  it('that no form can make are refused with the place', () => {
    const asm = createAssembler();
    asm.place('begin');
    asm.loop(a2, 'outside');
    expect(() => asm.finish()).toThrow(
      '.text, after "begin": loop cannot leave its section, and "outside" is not in .text.',
    );
  });
});

describe('hardware loops', () => {
  it('end where their body ends', () => {
    const text = assembleToText((asm) => asm.loopnez(a2, () => asm.ee_vld_128_ip(q0, a3, 16)));
    expect(text.filter((line) => !line.startsWith('nop'))).toEqual([
      'loopnez a2, 0x8',
      'ee.vld.128.ip q0, a3, 16',
    ]);
  });

  it('begin their body within one fetch word, whatever comes before', () => {
    const lead = fc.array(fc.constantFrom(2, 3), { maxLength: 12 });
    fc.assert(
      fc.property(lead, fc.constantFrom(2, 3, 4), (lengths, first) => {
        const section = assemble((asm) => {
          for (const length of lengths) length === 2 ? asm.add(a2, a3, a4) : asm.addx2(a2, a3, a4);
          asm.loop(a2, () => {
            if (first === 2) asm.add(a2, a3, a4);
            if (first === 3) asm.addx2(a2, a3, a4);
            if (first === 4) asm.ee_vmulas_s8_accx_ld_ip(q4, a3, 16, q0, q1);
            asm.addx2(a2, a3, a4);
          });
          asm.ret();
        });
        const lines = disassemble(section.bytes);
        const loop = lines.findIndex(({ text }) => text.startsWith('loop'));
        const body = lines[loop + 1];
        expect((body.address & 3) + body.length).toBeLessThanOrEqual(4);
        expect(lines[loop].operands[1]).toBe(body.address + first + 3);
      }),
    );
  });

  it('refuse a body of more than 256 bytes', () => {
    const body = (count: number) => () =>
      assemble((asm) => asm.loop(a2, () => Array.from({ length: count }, () => asm.addx2(a2, a3, a4))));
    expect(body(85)).not.toThrow();
    expect(body(86)).toThrow('loop: the body has 258 bytes, more than the 256 of the hardware.');
  });

  it('refuse what must not be the last instruction', () => {
    const ending = (last: (asm: Assembler) => void) => () =>
      assemble((asm) =>
        asm.loop(a2, () => {
          asm.addx2(a2, a3, a4);
          last(asm);
        }),
      );
    expect(ending((asm) => asm.call0('f'))).toThrow(
      'loop: call0 must not be the last instruction of the body.',
    );
    expect(ending((asm) => asm.isync())).toThrow('isync must not be');
    expect(ending((asm) => asm.rsr_lcount(a3))).toThrow('rsr.lcount must not be');
    expect(ending((asm) => asm.retw())).toThrow('retw.n must not be');
    // Out of the loop, as in newlib's strcmp.
    expect(ending((asm) => asm.j('f'))).not.toThrow();
    expect(ending((asm) => asm.addx2(a2, a3, a4))).not.toThrow();
  });
});

describe('alignment', () => {
  it('fills code with instructions, never with a lone byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(2, 3), { maxLength: 12 }),
        fc.constantFrom(2, 4, 8, 16),
        (lengths, boundary) => {
          const section = assemble((asm) => {
            for (const length of lengths)
              length === 2 ? asm.exact(() => asm.add_n(a2, a3, a4)) : asm.addx2(a2, a3, a4);
            asm.align(boundary);
            asm.place('here');
            asm.ret();
          });
          expect(section.symbols.get('here')! % boundary).toBe(0);
          expect(section.align).toBeGreaterThanOrEqual(boundary);
          expect(textOf(section).some((line) => line.startsWith('.byte'))).toBe(false);
        },
      ),
    );
  });

  it('widens a dense instruction rather than adding a nop', () => {
    const text = assembleToText((asm) => {
      asm.addx2(a2, a3, a4);
      asm.addx2(a2, a3, a4);
      asm.addx2(a2, a3, a4);
      asm.add(a2, a3, a4);
      asm.align(4);
      asm.ret();
    });
    expect(text.slice(3)).toEqual(['add a2, a3, a4', 'ret.n']);
  });

  it('fills with nops in front of a loop, and with zeros in front of data', () => {
    const section = assemble((asm) => {
      asm.addx2(a2, a3, a4);
      asm.align(8);
      asm.loop(a2, () => asm.addx2(a2, a3, a4));
      asm.ret();
      asm.align(16);
      asm.word(1);
    });
    expect(textOf(section).slice(0, 4)).toEqual(['addx2 a2, a3, a4', 'nop', 'nop.n', 'nop.n']);
    expect(section.data).toEqual([[18, 36]]);
  });

  it('keeps a branch target from crossing a fetch word', () => {
    const section = assemble((asm) => {
      asm.addx2(a2, a3, a4);
      asm.alignTarget();
      asm.place('target');
      asm.addx2(a2, a3, a4);
    });
    expect(section.symbols.get('target')! % 4).toBeLessThanOrEqual(1);
  });
});

describe('sections and data', () => {
  it('keep apart, with symbols and relocations of their own', () => {
    const asm = createAssembler();
    asm.place('start');
    asm.ret();
    asm.section('.rodata.table', { align: 16, code: false });
    const begin = asm.place('table');
    asm.word(1, 'start', begin);
    asm.half(-1, 0xffff);
    asm.byte(1, 2, 3);
    asm.align(16);
    asm.bytes(Uint8Array.of(9));
    const [text, table] = asm.finish().sections;
    expect(text.symbols.get('start')).toBe(0);
    expect([table.name, table.align, table.bytes.length]).toEqual(['.rodata.table', 16, 33]);
    expect(Buffer.from(table.bytes).toString('hex')).toBe(
      '01000000' + '00000000'.repeat(2) + 'ffffffff' + '010203' + '00'.repeat(13) + '09',
    );
    expect(table.relocations.map(({ symbol, offset }) => [symbol, offset])).toEqual([
      ['start', 4],
      ['table', 8],
    ]);
  });

  it('refuses a label placed twice, numbers that do not fit, and odd alignments', () => {
    const asm = createAssembler();
    asm.place('twice');
    expect(() => asm.place('twice')).toThrow('symbol "twice" is already defined.');
    expect(() => asm.align(3)).toThrow('align: 3 is not a power of two.');
    asm.byte(256);
    expect(() => asm.finish()).toThrow('256 does not fit 1 byte.');
  });
});
