/** Folding against the operations' own definition: whatever it makes of an instruction has the instruction's value. */
import { describe, expect, it } from 'vitest';
import { fold } from './fold.ts';
import {
  addParam,
  append,
  constant,
  createBlock,
  createFunction,
  type IrFunction,
  type Value,
} from './ir.ts';
import { bitsOf, floatOf, operation, operations } from './operations.ts';

const numbers = [
  0, 1, -1, 2, 3, 7, 8, 15, 16, 24, 31, 32, 33, 255, 256, -2, -8, 0xffff, 0x7ffffffe, 0x7fffffff, -0x80000000,
  -0x7fffffff,
];

/** The value of anything made of the parameter x. */
function valueAt(fn: IrFunction, value: Value, x: number): number {
  const { kind, imm, inst } = fn.values[value];
  if (kind === 'const') return imm;
  if (kind === 'param' || !inst) return x;
  return apply(fn, inst.op, inst.args, x);
}

function apply(fn: IrFunction, op: string, args: readonly Value[], x: number): number {
  const [a, b, c] = args.map((arg) => valueAt(fn, arg, x));
  if (op === 'select') return a !== 0 ? b : c;
  return (operation(op).evaluate?.(a, b, c) ?? Number.NaN) | 0;
}

function program(): { fn: IrFunction; x: Value; make: (op: string, ...args: Value[]) => Value } {
  const fn = createFunction('f', 'f', { params: ['i'], results: ['i'] });
  const block = createBlock(fn);
  const x = addParam(fn, block, 'i');
  return { fn, x, make: (op, ...args) => append(fn, block, op, args, ['i']).results[0] };
}

/** What folding, repeated as long as it finds something, leaves of an instruction. */
function folded(fn: IrFunction, op: string, args: readonly Value[], x: number): number {
  const better = fold(fn, op, args);
  if (!better) return apply(fn, op, args, x);
  return 'value' in better ? valueAt(fn, better.value, x) : folded(fn, better.op, better.args, x);
}

const binary = [...operations].flatMap(([name, { args, result, evaluate }]) =>
  args === 'ii' && result === 'i' && evaluate ? [name] : [],
);
const isDefined = (op: string, b: number, a: number) =>
  !/^(div|rem)/.test(op) || (b !== 0 && !(a === -0x80000000 && b === -1));

/** A number of each kind for an argument of a class, as bits. */
const constants = {
  i: [0, 1, -1, 5, 31, 0x7fffffff, -0x80000000],
  f: [0, 1, -1.5, 3, Number.NaN, Number.POSITIVE_INFINITY].map(bitsOf),
};

describe('fold', () => {
  it.each([...operations].flatMap(([op, { evaluate }]) => (evaluate ? [op] : [])))(
    '%s of constants is a constant, but where the machine has its say',
    (op) => {
      const { evaluate, args, result } = operation(op);
      const classes = [...args!] as ('i' | 'f')[];
      const choices = classes.reduce<number[][]>(
        (some, type) => some.flatMap((chosen) => constants[type].map((number) => [...chosen, number])),
        [[]],
      );
      for (const [a, b, c] of choices) {
        const { fn } = program();
        const found = fold(
          fn,
          op,
          [a, b, c].slice(0, classes.length).map((number, i) => constant(fn, number, classes[i])),
        );
        const value = found && 'value' in found ? fn.values[found.value].imm | 0 : undefined;
        const right = evaluate!(a, b, c) | 0;
        const isOpen =
          op.startsWith('div') || op.startsWith('rem')
            ? b === 0 || (b === -1 && op.endsWith('s'))
            : classes[0] === 'f' && result === 'f' && !/abs|neg/.test(op) && Number.isNaN(floatOf(right));
        expect([a, b, c, value]).toEqual([a, b, c, isOpen ? undefined : right]);
      }
    },
  );

  it.each(binary)('%s with a constant on either side, or twice the same value', (op) => {
    for (const c of numbers)
      for (const x of numbers) {
        const { fn, x: param } = program();
        const wanted = (a: number, b: number) => (operation(op).evaluate?.(a, b, 0) ?? Number.NaN) | 0;
        const both = [
          isDefined(op, c, x) && [folded(fn, op, [param, constant(fn, c)], x), wanted(x, c)],
          isDefined(op, x, c) && [folded(fn, op, [constant(fn, c), param], x), wanted(c, x)],
          isDefined(op, x, x) && [folded(fn, op, [param, param], x), wanted(x, x)],
        ].filter((pair) => pair !== false);
        for (const [got, right] of both) expect([op, c, x, got]).toEqual([op, c, x, right]);
      }
  });

  it.each([
    ['or', -1, 'all bits'],
    ['and', 0, 'none'],
    ['mul', 0, 'nothing'],
    ['ltu', 0, 'never'],
    ['geu', 0, 'always'],
  ])('%s with %i is a constant: %s', (op, c) => {
    const { fn, x } = program();
    const found = fold(fn, op, [x, constant(fn, c)]);
    expect(found && 'value' in found && fn.values[found.value].kind).toBe('const');
  });

  it.each([
    ...['add', 'sub', 'or', 'xor', 'shl', 'shr', 'sar'].map((op) => [op, 0] as const),
    ...['mul', 'divu'].map((op) => [op, 1] as const),
    ['and', -1] as const,
  ])('%s with %i changes nothing', (op, c) => {
    const { fn, x } = program();
    let found = fold(fn, op, [x, constant(fn, c)]);
    while (found && 'op' in found) found = fold(fn, found.op, found.args);
    expect(found?.value).toBe(x);
  });

  it.each(['lt', 'ge', 'ltu', 'geu'])('%s: a constant on the left goes to the right', (op) => {
    for (const c of [0, 1, 5, -2]) {
      const { fn, x } = program();
      const found = fold(fn, op, [constant(fn, c), x]);
      expect(found && 'op' in found && fn.values[found.args[1]].kind).toBe('const');
    }
  });

  it('a division by zero stays, for the check before it', () => {
    for (const op of ['divu', 'remu', 'divs', 'rems']) {
      const { fn, x } = program();
      expect(fold(fn, op, [x, constant(fn, 0)])).toBeUndefined();
    }
  });

  it.each(binary.filter((op) => !/^(div|rem)/.test(op)))('%s of another instruction and a constant', (op) => {
    const inner = binary.filter((name) => !/^(div|rem|mulh)/.test(name));
    for (const first of inner)
      for (const c of [0, 1, 8, 24, 31, -1, 0x7fffffff, -0x80000000])
        for (const d of [0, 1, 8, 24, -1, 0xff, 0x7fffffff])
          for (const x of [0, 1, -1, 0x7fffffff, -0x80000000, 0x12345678, c, c + d]) {
            const { fn, x: param, make } = program();
            const mid = make(first, param, constant(fn, c));
            const args = [mid, constant(fn, d)];
            const got = folded(fn, op, args, x | 0);
            const right = apply(fn, op, args, x | 0);
            if (got !== right) expect([op, first, c, d, x, got]).toEqual([op, first, c, d, x, right]);
          }
  });

  it('a choice by a comparison of its own values', () => {
    for (const test of ['lt', 'ge', 'ltu', 'geu', 'eq', 'ne'])
      for (const c of numbers)
        for (const k of [c, c - 1, c + 1, 0, 1])
          for (const x of numbers) {
            const { fn, x: param, make } = program();
            const condition = make(test, param, constant(fn, c));
            for (const args of [
              [condition, param, constant(fn, k)],
              [condition, constant(fn, k), param],
            ]) {
              const got = folded(fn, 'select', args, x);
              const right = apply(fn, 'select', args, x);
              if (got !== right) expect([test, c, k, x, got]).toEqual([test, c, k, x, right]);
            }
          }
  });
});
