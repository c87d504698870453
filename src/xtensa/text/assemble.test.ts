import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { opcodes } from '../table.ts';
import { type AssembleTextOptions, assembleText } from './assemble.ts';
import { directives } from './directives.ts';
import { disassemble } from './disassemble.ts';

function section(source: string, options: AssembleTextOptions = {}, name = '.text') {
  return assembleText(source, options).sections.find((candidate) => candidate.name === name)!;
}

const code = (source: string, options: AssembleTextOptions = {}): string[] => {
  const { bytes, data } = section(source, options);
  return disassemble(bytes, 0, data).map(({ text }) => text);
};

const data = (source: string): string =>
  Buffer.from(section(`.data\n${source}`, {}, '.data').bytes).toString('hex');

describe('instructions', () => {
  it('are case-blind, and take sp for a1', () => {
    expect(code('EE.VLD.128.IP q0, A2, 16\naddmi sp, sp, -256')).toEqual([
      'ee.vld.128.ip q0, a2, 16',
      'addmi a1, a1, 0xffffff00',
    ]);
  });

  it('have generic spellings', () => {
    const source =
      'mov a3,a4; rsr a0, sar; wsr a0, 226; rsr a0, interrupt; wur a2, fcr; rur a2, 231; bbci.l a2, 3, .; movi a2, 5';
    expect(code(source, { density: false })).toEqual([
      'or a3, a4, a4',
      'rsr.sar a0',
      'wsr.intset a0',
      'rsr.interrupt a0',
      'wur.fcr a2',
      'rur.threadptr a2',
      'bbci a2, 3, 0x12',
      'movi a2, 5',
    ]);
  });

  it('with an underscore, or under no-transform, are encoded exactly', () => {
    expect(
      code('_add a2, a3, a4\nadd a2, a3, a4\n.begin no-transform\nadd a2, a3, a4\n.end no-transform\nret'),
    ).toEqual(['add a2, a3, a4', 'add.n a2, a3, a4', 'add a2, a3, a4', 'ret.n']);
    expect(() => code('_movi a2, 5000')).toThrow(
      'line 1: movi: 5000 is not legal for "simm12b" (-2048 to 2047).',
    );
  });

  it('against zero become the branches that exist', () => {
    expect(
      code('x: beqi a2, 0, x; bnei a2, 0, x; blti a2, 0, x; bgei a2, 0, x').map((line) => line.split(' ')[0]),
    ).toEqual(['beqz', 'bnez', 'bltz', 'bgez']);
  });

  it('reach far through a register where they are told to', () => {
    expect(code('.begin longcalls\ncall8 far\n.end longcalls\nj.l far, a9\nx: j.l x, a9').slice(2)).toEqual([
      'l32r a8, 0x0',
      'callx8 a8',
      'l32r a9, 0x4',
      'jx a9',
      'j 0x14',
    ]);
  });

  it('take 32-bit immediates as signed or unsigned', () => {
    expect(code('addi a2, a3, 0xffffff80\nmovi a2, 0xffffffff')).toEqual([
      'addi a2, a3, -128',
      'movi.n a2, -1',
    ]);
  });
});

describe('labels and expressions', () => {
  it('go forwards and backwards, by name and by number', () => {
    expect(code('1: beqz a2, 1f\n1: bnez a2, 1b\n bnez a3, 1b\nlast: j last')).toEqual([
      'beqz a2, 0x3',
      'bnez a2, 0x3',
      'bnez a3, 0x3',
      'j 0x9',
    ]);
  });

  it('compute as GNU as does', () => {
    expect(data('.word 2+3*4<<1|3&1, ~1, 3==3, 3<>3, (1+2)*3, -7/2, 7%4, 1<<31')).toBe(
      '03000000feffffffffffffff0000000009000000fdffffff0300000000000080',
    );
    expect(data(".byte 'a', '\\n', ' ', 0x10, 0b101, 017, -1")).toBe('610a2010050fff');
    expect(data('a: .word b-a, .-a\nb: .set size, b-a\n.byte size, size*2')).toBe('08000000040000000810');
  });

  it('stay symbols where only the linker knows', () => {
    const { relocations } = section('.data\n.word other+4, here\nhere:', {}, '.data');
    expect(relocations).toEqual([
      { offset: 0, kind: 'abs32', symbol: 'other', addend: 4 },
      { offset: 4, kind: 'abs32', symbol: 'here', addend: 0 },
    ]);
  });
});

describe('directives', () => {
  it('place data', () => {
    expect(data('.short 0x1234\n.byte 1\n.long -2\n.ascii "a\\x41\\102\\n"\n.asciz "é;#"')).toBe(
      '341201feffffff6141420ac3a93b2300',
    );
    expect(data('.float 1.5, -2\n.double 1\n.quad -1')).toBe(
      '0000c03f000000c0000000000000f03fffffffffffffffff',
    );
    expect(data('.byte 1\n.balign 4, 0xff\n.space 2, 7\n.fill 2, 3, 0x10203\n.zero 1\n.org 20, 9')).toBe(
      '01ffffff070703020103020100090909090909' + '09',
    );
    expect(
      data('a: .uleb128 0, 127, 128, 300, b-a\n.sleb128 -1, 63, 64, -65, a-b\n.space 130\nb:').slice(0, 34),
    ).toBe('007f8001ac0292017f3fc000bf7fee7e00');
    expect(data('.byte 1\n.p2align 3\n.byte 2\n.align 8, , 2')).toBe('010000000000000002');
  });

  it('switch sections and back', () => {
    const object = assembleText(
      '.section .iram1.text, "ax"\nret\n.pushsection .rodata\n.byte 1\n.popsection\nret\n.bss\n.space 8\n.previous\nret\n.comm buffer, 16, 8\n',
    );
    expect(object.sections.map(({ name, bytes }) => [name, bytes.length])).toEqual([
      ['.iram1.text', 6],
      ['.rodata', 1],
      ['.bss', 8],
    ]);
    expect(object.commons).toEqual(new Map([['buffer', { size: 16, align: 8 }]]));
  });

  it('make literals, placed where they are told', () => {
    expect(
      code('j start\n.literal_position\nstart: .literal .L1, 7, 8\nl32r a2, .L1\nmovi a3, 0x12345678'),
    ).toEqual([
      'j 0x10',
      '.byte 0x0',
      '.word 0x7',
      '.word 0x8',
      '.word 0x12345678',
      'l32r a2, 0x4',
      'l32r a3, 0xc',
    ]);
  });

  it('put literals before the function that wants them, as GNU as does at every entry', () => {
    const source = `
      .align 4
f:    entry a1, 32
      movi a2, 0x12345
      retw
      .align 4
g:    entry a1, 32
      movi a2, 0x54321
      retw
      .literal .Lx, 5, 6
      l32r a2, .Lx
k:    entry a1, 32
      l32r a2, .Lx
      movi a4, 0x77777
      retw`;
    expect(Buffer.from(section(source).bytes).toString('hex')).toBe(
      '4523010036410021feff1df021430500050000000600000036410021fcff1df021fcff007777070036410021f9ff41fdff1df0',
    );
  });

  it('ignore what is for debuggers, and refuse what is unknown or would read other files', () => {
    expect(
      code('.file "x.c"\n.loc 1 2 3\n.cfi_startproc\n.type f, @function\nf: ret\n.size f, .-f\n.ident "x"'),
    ).toEqual(['ret.n']);
    expect(() => code('ret\n.frobnicate 1')).toThrow('line 2: the directive .frobnicate is not known.');
    expect(() => code('.include "x.s"')).toThrow(
      'line 1: .include cannot be followed: this text does not come from a file.',
    );
    expect(() => code('.begin nonsense')).toThrow('line 1: .begin: "nonsense" is not known.');
    expect(() => code('.error "stop"')).toThrow('line 1: stop');
  });
});

describe('macros, repetitions, conditions', () => {
  it('expand with arguments by place, by name and by default', () => {
    const macro = '.macro load to, from, offset=4\nl32i \\to, \\from, \\offset\n.endm\n';
    expect(code(`${macro}load a2, a3\nload a2, a3, 8\nload from=a5 to=a4\nload a2 a3 12`)).toEqual([
      'l32i.n a2, a3, 4',
      'l32i.n a2, a3, 8',
      'l32i.n a4, a5, 4',
      'l32i.n a2, a3, 12',
    ]);
    expect(() => code(`.macro m x:req\n.endm\nm`)).toThrow('line 3: macro m wants a value for "x".');
    expect(code('.macro all first, rest:vararg\n.word \\rest\n.endm\nall 1, 2, 3')).toHaveLength(2);
    expect(code('.macro skip\n.L\\@: beqz a2, .L\\@\n.endm\nskip\nskip')).toEqual([
      'beqz a2, 0x0',
      'beqz a2, 0x3',
    ]);
  });

  it('repeat', () => {
    expect(
      code('.rept 2\n.irp r, a2, a3\naddi \\r, \\r, 1\n.endr\n.endr\n.irpc n, 45\nmovi a\\n, \\n\n.endr'),
    ).toEqual([
      'addi.n a2, a2, 1',
      'addi.n a3, a3, 1',
      'addi.n a2, a2, 1',
      'addi.n a3, a3, 1',
      'movi.n a4, 4',
      'movi.n a5, 5',
    ]);
  });

  it('choose', () => {
    const source =
      '.set N, 3\n.if N == 2\nill\n.elseif N == 3\nret\n.else\nill\n.endif\n.ifdef M\nill\n.endif\n.ifc a, a\nnop\n.endif';
    expect(code(source)).toEqual(['ret.n', 'nop.n']);
    expect(() => code('.if 1\nret')).toThrow('an .if has no .endif.');
  });

  it('refuse to run away', () => {
    expect(() => code('.macro m\nm\n.endm\nm')).toThrow('line 2: macros call each other too deeply.');
    expect(() => code('.rept 100000000\n.endr')).toThrow('this expands to too many statements.');
    expect(() => code('.set a, b\n.set b, a\n.word a')).toThrow('a symbol is defined through itself');
  });
});

describe('preprocessor', () => {
  it('knows constants and conditions, and refuses to follow includes', () => {
    const source =
      '#define COUNT 4\n#if COUNT == 4 && !defined(NONE)\nmovi a2, COUNT /* a\ncomment */\n#else\nill\n#endif\n# a comment\n';
    expect(code(source, { preprocess: true })).toEqual(['movi.n a2, 4']);
    expect(code('#ifdef X\nmovi a2, X\n#endif', { preprocess: true, defines: { X: '9' } })).toEqual([
      'movi.n a2, 9',
    ]);
    expect(() => code('\n#include "x.h"', { preprocess: true })).toThrow(
      'line 2: #include "x.h" cannot be followed',
    );
  });
});

describe('mistakes', () => {
  const cases: [string, string][] = [
    ['\n\naddi a2, a2, 200000', 'line 3: addi: 200000 is not legal for "simm8" (-128 to 127).'],
    ['addi a2, q3, 1', 'line 1: addi: "q3" is not a register of the kind that "ars" wants (a0 to a15).'],
    ['addi a2, a3, a4', 'line 1: addi: "a4" is a register, and "simm8" is -128 to 127.'],
    ['addi a2, a3', 'line 1: addi takes 3 operands, not 2.'],
    ['ee.zero.q q8', 'line 1: ee.zero.q: "q8" is not a register'],
    ['j 9f', 'line 1: no label 9: follows.'],
    ['j 9b', 'line 1: there is no label 9: before this line.'],
    ['x: ret\nx: ret', 'line 2: symbol "x" is already defined.'],
    ['movi a2, 0x1ffffffff', 'line 1: movi: 8589934591 is not legal'],
    ['.word (1', 'line 1: "(1" is not a complete expression.'],
    ['.word 1/0', 'line 1: division by zero.'],
    ['/* open', 'line 1: a comment starts with /* and never ends.'],
    ['.ascii abc', 'line 1: "abc" is not a string in double quotes.'],
    ['any4 b0, b2', 'line 1: any4: b2 is not legal for "bs4" (b0 to b12 in steps of 4).'],
    ['extui a2, a3, 31, 2', 'line 1: extui: bits 31 to 32 go beyond 31.'],
    ['rsr a2, nowhere', 'line 1: rsr: there is no register "nowhere"'],
    ['.org 4\n.org 2', 'line 2: .org cannot go back from offset 4 to 2.'],
    ['loop a2, x\nx:', 'line 1: loop: the target is 3 bytes away, out of reach (4 to 259).'],
  ];
  it.each(cases)('%j', (source, message) => {
    expect(() => assembleText(source)).toThrow(message);
    expect(() => assembleText(source)).toThrow(UsageError);
  });
});

describe('fuzz', () => {
  const words = [
    ...opcodes.map(({ name }) => name),
    ...Object.keys(directives),
    '.macro m x',
    '.endm',
    '.rept 3',
    '.endr',
    '.if 1',
    '.else',
    '.endif',
    'm',
    'x:',
    '1:',
    '.begin no-transform',
    '.end no-transform',
  ];
  const operands = [
    'a0',
    'a15',
    'q7',
    'f3',
    'b4',
    'm2',
    '0',
    '-1',
    '65536',
    '0xffffffff',
    '1f',
    '1b',
    '.',
    'x',
    'x-.',
    '"s"',
    "'c",
    '(',
    '~',
    '\\x',
    'm',
  ];
  const statement = fc
    .tuple(fc.constantFrom(...words), fc.array(fc.constantFrom(...operands), { maxLength: 5 }))
    .map(([word, list]) => `${word} ${list.join(', ')}`);

  const survives = (source: string): void => {
    try {
      assembleText(source, { preprocess: true });
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).not.toContain('\n');
    }
  };

  it('never meets anything but one-sentence errors, on plausible text', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 12 }), (lines) => survives(lines.join('\n'))),
      { numRuns: 3000 },
    );
  });

  it('nor on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (source) => survives(source)),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'.:;#/*"\'\\()+-=<>,1fba x\nirptend'), maxLength: 120 }),
        survives,
      ),
      { numRuns: 3000 },
    );
  });
});
