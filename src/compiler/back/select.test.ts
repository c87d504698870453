/** What an instruction can hold is in the instruction, and has no register of its own. */
import { describe, expect, it } from 'vitest';
import { assembleText } from '../../xtensa/index.ts';
import { printStages } from '../stages.ts';
import { assembleWat } from '../testing/run.ts';

/** The assembly of a function of numbers to a number. */
function codeOf(body: string, parameters = '(param $x i32) (param $y i32) (result i32)'): string {
  const wat = `(module (memory 1) (func (export "f") ${parameters} ${body}))`;
  return printStages(assembleWat(wat), { memory: 'chip' }).split('; .text')[1];
}
const assembles = (line: string): boolean => {
  try {
    assembleText(`1: ${line}`);
    return true;
  } catch {
    return false;
  }
};

describe('constants', () => {
  const constants = [
    -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 31, 32, 63, 64, 128, 255, 256, 257, 32768,
    65535, 65536,
  ];
  it.each([
    ['i32.eq', 'beqi', 'bnei'],
    ['i32.lt_s', 'blti', 'bgei'],
    ['i32.ge_u', 'bgeui', 'bltui'],
  ])('of %s are in the branch where it has room for them', (comparison, branch, inverse) => {
    for (const constant of constants) {
      const code = codeOf(
        `(if (${comparison} (local.get $x) (i32.const ${constant})) (then (i32.store (local.get $y) (i32.const 1))))
         (local.get $x)`,
      );
      const operands = new RegExp(`(?:${branch}|${inverse})\\s+a\\d+, (\\S+),`).exec(code);
      const held = operands !== null && Number(operands[1]) === constant;
      expect(held, `${comparison} ${constant}`).toBe(assembles(`${branch} a2, ${constant}, 1b`));
    }
  });

  it.each([
    [0, 'const.s'],
    [1, 'const.s'],
    [2, 'const.s'],
    [0.5, 'const.s'],
    [3, 'wfr'],
    [4, 'wfr'],
  ])('float %d is made by %s', (constant, operation) => {
    const code = codeOf(
      `(f32.store (local.get $y) (f32.mul (f32.load (local.get $x)) (f32.const ${constant}))) (local.get $x)`,
    );
    expect(['const.s', 'wfr'].filter((name) => new RegExp(`\\b${name}\\s`).test(code))).toEqual([operation]);
  });
});

describe('shifts', () => {
  it.each([
    [1, 'srli'],
    [15, 'srli'],
    [16, 'extui'],
    [31, 'extui'],
  ])('down by %i are one instruction, %s', (count, operation) => {
    const code = codeOf(`(i32.shr_u (local.get $x) (i32.const ${count}))`);
    expect([...code.matchAll(/\b(srli|extui|ssr|srl|ssai|src)\b/g)].map(([name]) => name)).toEqual([
      operation,
    ]);
  });

  it.each([
    ['(i32.add (i32.shl (local.get $x) (i32.const 2)) (local.get $y))', 'addx4'],
    ['(i32.add (local.get $y) (i32.shl (local.get $x) (i32.const 3)))', 'addx8'],
    ['(i32.sub (i32.shl (local.get $x) (i32.const 1)) (local.get $y))', 'subx2'],
  ])('before a sum are part of it: %s', (body, operation) => {
    const code = codeOf(body);
    expect([...code.matchAll(/\b(add|sub|slli|addx\d|subx\d)\b/g)].map(([name]) => name)).toEqual([
      operation,
    ]);
  });
});

describe('bits', () => {
  it.each([
    ['one', '(i32.and (local.get $x) (i32.const 64))', 'bbsi|bbci'],
    ['the highest', '(i32.and (local.get $x) (i32.const 0x80000000))', 'bltz|bgez|bbsi|bbci'],
    ['one that is counted', '(i32.and (local.get $x) (i32.shl (i32.const 1) (local.get $y)))', 'bbs|bbc'],
    [
      'the counted one of another',
      '(i32.and (i32.shl (i32.const 1) (local.get $y)) (local.get $x))',
      'bbs|bbc',
    ],
    ['the lowest few', '(i32.and (local.get $x) (i32.const 31))', 'bnez|beqz'],
    ['some', '(i32.and (local.get $x) (i32.const 0x1234))', 'bany|bnone'],
    ['those of another', '(i32.and (local.get $x) (local.get $y))', 'bany|bnone'],
  ])('%s: a branch asks for them', (_, condition, operations) => {
    const code = codeOf(`(if ${condition} (then (i32.store (i32.const 16) (i32.const 1)))) (local.get $x)`);
    const branches = [...code.matchAll(/\bb(?!all)[a-z]+(?:\.n)?(?= )/g)].map(([name]) =>
      name.replace('.n', ''),
    );
    expect(branches).toHaveLength(1);
    expect(operations.split('|')).toContain(branches[0]);
  });
});

describe('registers', () => {
  /** Whether a function keeps so many values at once without memory for them. */
  const keeps = (count: number): boolean => {
    const all = Array.from({ length: count }, (_, i) => i);
    const code = codeOf(
      `${all.map((i) => `(local $v${i} i32)`).join(' ')}
       ${all.map((i) => `(local.set $v${i} (i32.load offset=${4 * i} (local.get $x)))`).join('\n')}
       ${all.map((i) => `(i32.store offset=${4 * i} (local.get $x) (i32.mul (local.get $v${i}) (local.get $v${(i + 1) % count})))`).join('\n')}
       (i32.const 0)`,
      '(param $x i32) (result i32)',
    );
    return !/\ba1,/.test(code);
  };
  it('are ten, before any is saved for the caller', () => {
    // The values, the address and a product.
    expect([7, 8, 9].filter(keeps)).toEqual([7, 8]);
  });
});
