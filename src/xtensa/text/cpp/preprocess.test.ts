import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../errors.ts';
import { assembleText } from '../assemble.ts';
import { type PreprocessOptions, preprocess } from './preprocess.ts';

/** Lines that are left, without leading space. */
const lines = (source: string, options: PreprocessOptions = {}): string[] =>
  preprocess(source, options).map(({ text }) => text.trim());
const one = (source: string): string => lines(source).join('\n');

/** Files by name, for #include. */
const folder =
  (files: Readonly<Record<string, string>>): PreprocessOptions['readInclude'] =>
  ({ name }) =>
    Object.hasOwn(files, name) ? { file: name, text: files[name] } : undefined;

describe('macros', () => {
  // What `gcc -E -x assembler-with-cpp` of GCC 12 makes of the same, spaces at their ends aside.
  const cases: [what: string, source: string, expected: string][] = [
    ['a constant', '#define N 4\nmovi a2, N', 'movi a2, 4'],
    ['constants of constants', '#define B A\n#define A 7\nmovi a2, B', 'movi a2, 7'],
    ['itself only once', '#define foo foo + 1\n.word foo', '.word foo + 1'],
    ['each other only once', '#define x y\n#define y x\n.word x, y', '.word x, y'],
    ['arguments', '#define ADD(d, a, b) add d, a, b\nADD(a2, a3, a4)', 'add a2, a3, a4'],
    ['arguments in parentheses', '#define F(x) .word x\nF((1, 2))', '.word (1, 2)'],
    ['calls within arguments', '#define D(x) (2*(x))\n.word D(D(3))', '.word (2*((2*(3))))'],
    ['no argument where a name stands alone', '#define F(x) x\n.word F, 1', '.word F, 1'],
    ['an empty argument', '#define F(x, y) .byte 1 x y\nF(, + 2)', '.byte 1 + 2'],
    ['strings of arguments', '#define S(x) .ascii #x\nS(a  "b\\n")', '.ascii "a \\"b\\\\n\\""'],
    ['pasted tokens', '#define L(n) .L##n: ee.vld.##n##8.ip\nL(12)', '.L12: ee.vld.128.ip'],
    ['pasted nothing', '#define P(a, b, c) .word a##b##c\nP(1,,2)\nP(,,3)', '.word 12\n.word 3'],
    ['pasted arguments unexpanded', '#define N 4\n#define P(x) N##x x\nP(N)', 'NN 4'],
    ['two steps to expand before pasting', '#define N 4\n#define Q(x) P(x)\n#define P(x) L##x\nQ(N)', 'L4'],
    ['any number of arguments', '#define W(...) .word __VA_ARGS__\nW(1, 2, 3)', '.word 1, 2, 3'],
    [
      'the comma that goes',
      '#define W(a, ...) .word a, ## __VA_ARGS__\nW(1)\nW(1, 2)',
      '.word 1\n.word 1, 2',
    ],
    ['a call over several lines', '#define ADD(a, b) .word a + b\nADD(1,\n  2)\nnop', '.word 1 + 2\nnop'],
    ['a definition over several lines', '#define TWO nop; \\\n  ret\nTWO', 'nop; ret'],
    ['a name that a call makes', '#define F(x) .word x\n#define G F\nG(5)', '.word 5'],
    ['a call made of two macros', '#define F(x) .word x\n#define G F(\nG 5)', '.word 5'],
    [
      'no quoted text',
      '#define a 1\n.ascii "a\\"a"\n.byte \'a\'\n# don\'t',
      '.ascii "a\\"a"\n.byte \'a\'\n# don\'t',
    ],
    ['nothing within words', '#define a 1\n.word aa, a_, 0xa, .La, a.b', '.word aa, a_, 0xa, .La, 1 .b'],
    ['no more after #undef', '#define a 1\n#undef a\n.word a', '.word a'],
    ['the last definition', '#define a 1\n#define a 2\n.word a', '.word 2'],
    ['the line', 'nop\n\n.word __LINE__', 'nop\n.word 3'],
    ['minus a negative number', '#define N -1\n.word -N', '.word - -1'],
  ];
  it.each(cases)('expand %s', (_, source, expected) => {
    expect(one(source)).toBe(expected);
  });

  it('come from the command line as well', () => {
    const defines = { COUNT: '3', 'TWICE(x)': '(2*x)', EMPTY: '' };
    expect(lines('.word TWICE(COUNT) EMPTY', { defines })).toEqual(['.word (2*3)']);
    expect(lines('#if defined(__XTENSA__) && defined __ASSEMBLER__\nnop\n#endif')).toEqual(['nop']);
  });
});

describe('comments', () => {
  it('of C become a space, over lines too, and keep the line numbers right', () => {
    const kept = preprocess('nop /* a\n b */ ; ret\n#define X 1 /* c\n d */ + 2\n.word X // e\n');
    expect(kept.map(({ place, text }) => [place.line, text.trim()])).toEqual([
      [1, 'nop   ; ret'],
      [5, '.word 1 + 2'],
    ]);
  });

  it('of the assembler stay', () => {
    expect(lines('nop # it\'s "open\n  # define nothing\nret')).toEqual(['nop # it\'s "open', 'ret']);
  });
});

describe('conditions', () => {
  const holds = (condition: string): boolean => one(`#if ${condition}\nyes\n#endif`) === 'yes';

  it.each([
    '1', '2 > 1', '-1 < 0', '!0', '~0 == -1', '1 ? 1 : 0', '0 || 1 && 1', '(1 + 2) * 3 == 9', '7 / 2 == 3',
    '-7 % 4 == -3', '1 << 4 == 16', '0x10 == 16', '010 == 8', '0b11 == 3', "'a' == 97", '10UL == 10', '-1 > 0u',
    'undefined_name == 0', '!defined(X)', '!defined X', 'defined(__XTENSA__)', '1 || 1/0', '0 ? 1/0 : 1',
    '0x7fffffffffffffff + 1 < 0', '18446744073709551615u == -1',
  ])('%s holds', (condition) => {
    expect(holds(condition)).toBe(true);
  }); // biome-ignore format: short ones

  it('nest, and leave out what is not chosen with everything in it', () => {
    const source = `
#define A 2
#if A == 1
#error not this
#if 1/0
#endif
#elif A == 2
two
#ifdef NONE
none
#else
inner
#endif
#elif A == 2
again
#else
other
#endif
#ifndef A
never
#endif`;
    expect(lines(source)).toEqual(['two', 'inner']);
  });

  it('use macros with arguments', () => {
    expect(one('#define AT(a, b) (4 > a || (4 == a && 2 >= b))\n#if AT(4, 1)\nyes\n#endif')).toBe('yes');
  });
});

describe('#include', () => {
  const files = {
    'a.h': '#pragma once\n#define A 1\n#include "b.h"\n',
    'b.h': '#ifndef B_H\n#define B_H\n#define B (A + 1)\n#endif\n',
    'body.inc': '.word B\n',
    'loop.h': '#include "loop.h"\n',
    'bad.h': '\n#if 1\n',
    'wrong.h': '\n\n#if 1 +\n#endif\n',
    'code.inc': 'nop\n\n addi a2, a3\n',
  };
  const options = { file: 'kernel.S', readInclude: folder(files) };

  it('brings macros and text, once where that is asked', () => {
    const source = '#include "a.h"\n#include <a.h>\n#define BODY "body.inc"\n#include BODY\n.word A';
    const kept = preprocess(source, options);
    expect(kept.map(({ place, text }) => [place.file, place.line, text])).toEqual([
      ['body.inc', 1, '.word (1 + 1)'],
      ['kernel.S', 5, '.word 1'],
    ]);
    expect(lines('#if __has_include("a.h") && !__has_include(<none.h>)\nyes\n#endif', options)).toEqual([
      'yes',
    ]);
  });

  it.each([
    ['nop\n#include "none.h"', 'kernel.S:2: #include "none.h" was not found; name its folder with -I.'],
    ['#include "loop.h"', 'loop.h:1: #include "loop.h": files include each other too deeply.'],
    ['#include "bad.h"', 'bad.h:2: this #if has no #endif.'],
    ['#include "wrong.h"', 'wrong.h:3: #if: the condition is incomplete.'],
    ['#include a.h', 'kernel.S:1: #include a.h: write "file" or <file>.'],
  ])('%j is refused with its place', (source, message) => {
    expect(() => preprocess(source, options)).toThrow(new UsageError(message));
  });

  it('gives the file and line of what the assembler refuses, too', () => {
    const assemble = (source: string) => () => assembleText(source, { ...options, preprocess: true });
    expect(assemble('#include "code.inc"\n')).toThrow('code.inc:3: addi takes 3 operands, not 2.');
    expect(assemble('nop\n .word 1/0')).toThrow('kernel.S:2: division by zero.');
    expect(assemble('nop\n j 4f')).toThrow('kernel.S:2: no label 4: follows.');
    expect(assemble('/* x\n*/\n movi a2, 1\nloop a2, x\nx:')).toThrow('kernel.S:4: loop: the target');
    expect(() => assembleText('# 7 "from.S" 1\nnop\n bad\n', { file: 'x.s' })).toThrow('from.S:8: there is');
    expect(() => assembleText('.include "code.inc"', options)).toThrow('code.inc:3: addi takes');
  });
});

describe('mistakes', () => {
  it.each([
    ['#if 1\nnop', 'line 1: this #if has no #endif.'],
    ['#endif', 'line 1: #endif without #if.'],
    ['#if 1\n#else\n#else\n#endif', 'line 3: #else after #else.'],
    ['#if', 'line 1: #if without a condition.'],
    ['#if 1 2\n#endif', 'line 1: #if: "2" makes no sense behind a complete condition.'],
    ['#if F(1)\n#endif', 'line 1: #if: "F(...)" is not defined; #define it, or include what does.'],
    ['#if 1/0\n#endif', 'line 1: division by zero in #if.'],
    ['#if 08\n#endif', 'line 1: #if: "08" is not an octal number.'],
    ['#define F(x) x\nF(1', 'line 2: macro F: ")" is missing.'],
    ['#define F(x) x\nF(1, 2)', 'line 2: macro F takes 1 argument, not 2.'],
    ['#define F(x', 'line 1: #define F: ")" is missing.'],
    ['#define F(1) x', 'line 1: #define F: "1" is not a parameter.'],
    ['#define 1', 'line 1: #define 1: that is not a name.'],
    ['#ifdef\n#endif', 'line 1: #ifdef wants a name.'],
    ['#error stop', 'line 1: #error stop'],
    ['nop\n/* open', 'line 2: a comment starts with /* and never ends.'],
  ])('%j', (source, message) => {
    expect(() => preprocess(source)).toThrow(new UsageError(message));
  });

  it('that grow without end are stopped', () => {
    const doubling = Array.from({ length: 40 }, (_, index) => `#define x${index + 1} x${index} x${index}`);
    expect(() => preprocess(`#define x0 nop\n${doubling.join('\n')}\nx40`)).toThrow('too much text');
    expect(() => preprocess(`#if ${'('.repeat(5000)}1\n#endif`)).toThrow('nested too deeply');
    expect(() => preprocess(`#if ${'-'.repeat(5000)}1\n#endif`)).toThrow('nested too deeply');
  });

  it('never end in anything but one sentence with a place', () => {
    const pieces = fc.constantFrom(
      ...[
        '#define ',
        '#if ',
        '#ifdef ',
        '#elif ',
        '#else',
        '#endif',
        '#undef ',
        '#include ',
        '"x.h"',
        '<x.h>',
      ],
      ...[
        'F',
        'G',
        'F(',
        '(x)',
        'x',
        ',',
        ')',
        '(',
        '##',
        '#',
        '__VA_ARGS__',
        '...',
        'defined',
        '1',
        '+',
        '?',
      ],
      ...['\n', '\n', '\n', '\\\n', '/*', '*/', '//', '"', "'", ' ', '&&', '0x', '1e+', 'nop'],
    );
    const source = fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 100 }),
    );
    const readInclude = folder({ 'x.h': '#define G(x) F(x x) ## x\n#if 1\nG(1)\n#endif\n' });
    fc.assert(
      fc.property(source, (text) => {
        try {
          assembleText(text, { file: 'k.S', preprocess: true, readInclude });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as Error).message).toMatch(/^(k\.S|x\.h|.*):\d+: [^\n]*$|^"\.begin/);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
