/** i32 and i64 arithmetic. A 64-bit integer is two words, low first; what that costs is spelt out here. */

import { append, constantOf, type Value } from '../middle/ir.ts';
import { type Builder, emit, here, int, pop, popWord, push, trapIf } from './builder.ts';
import { divideByConstant } from './divide.ts';
import type { Instruction } from './module.ts';

/** Name after the dot to operation; false = operands swapped, `not` = inverted. */
const simple: Readonly<Record<string, string>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  and: 'and',
  or: 'or',
  xor: 'xor',
  shl: 'shl',
  shr_s: 'sar',
  shr_u: 'shr',
  eq: 'eq',
  ne: 'ne',
  lt_s: 'lt',
  lt_u: 'ltu',
  ge_s: 'ge',
  ge_u: 'geu',
  clz: 'clz',
  extend8_s: 'sext8',
  extend16_s: 'sext16',
};
const swapped: Readonly<Record<string, string>> = { gt_s: 'lt', gt_u: 'ltu', le_s: 'ge', le_u: 'geu' };

export function buildInteger(b: Builder, instruction: Instruction): boolean {
  const { name, width } = instruction.op;
  if (width !== 0) return false;
  if (name.startsWith('i32.')) return buildI32(b, name.slice(4));
  return name.startsWith('i64.') && buildI64(b, name.slice(4));
}

function buildI32(b: Builder, name: string): boolean {
  if (name in simple || name in swapped) {
    const y = instructionArity(name) === 2 ? popWord(b) : undefined;
    const x = popWord(b);
    const args = y === undefined ? [x] : name in swapped ? [y, x] : [x, y];
    push(b, 'i32', [emit(b, simple[name] ?? swapped[name], args)]);
    return true;
  }
  const special = i32Special[name];
  if (!special) return false;
  const y = instructionArity(name) === 2 ? popWord(b) : 0;
  push(b, 'i32', [special(b, popWord(b), y)]);
  return true;
}

const unary = new Set('clz ctz popcnt eqz extend8_s extend16_s wrap_i64'.split(' '));
const instructionArity = (name: string) => (unary.has(name) ? 1 : 2);

const i32Special: Readonly<Record<string, (b: Builder, x: Value, y: Value) => Value>> = {
  eqz: (b, x) => emit(b, 'eq', [x, int(b, 0)]),
  // The low word of a pair is its first.
  wrap_i64: (_, x) => x,
  ctz: (b, x) => countTrailing(b, x),
  popcnt: (b, x) => countOnes(b, x),
  rotl: (b, x, y) => emit(b, 'funnell', [x, x, y]),
  rotr: (b, x, y) => emit(b, 'funnelr', [x, x, y]),
  div_s: (b, x, y) => {
    const c = constantOf(b.fn, y);
    if (c !== undefined && c !== 0 && c !== -1) return divideByConstant(b, x, c, true);
    trapIf(b, emit(b, 'eq', [y, int(b, 0)]), 'integer divide by zero');
    trapIf(b, isOverflow(b, [x], [y]), 'integer overflow');
    return emit(b, 'divs', [x, y]);
  },
  div_u: (b, x, y) => {
    const c = constantOf(b.fn, y);
    if (c) return divideByConstant(b, x, c, false);
    trapIf(b, emit(b, 'eq', [y, int(b, 0)]), 'integer divide by zero');
    return emit(b, 'divu', [x, y]);
  },
  rem_s: (b, x, y) => {
    const c = constantOf(b.fn, y);
    if (c !== undefined && c !== 0) return c === -1 ? int(b, 0) : remainder(b, x, c, true);
    trapIf(b, emit(b, 'eq', [y, int(b, 0)]), 'integer divide by zero');
    return emit(b, 'rems', [x, y]);
  },
  rem_u: (b, x, y) => {
    const c = constantOf(b.fn, y);
    if (c) return remainder(b, x, c, false);
    trapIf(b, emit(b, 'eq', [y, int(b, 0)]), 'integer divide by zero');
    return emit(b, 'remu', [x, y]);
  },
};

function remainder(b: Builder, x: Value, c: number, signed: boolean): Value {
  if (!signed && (c & (c - 1)) === 0) return emit(b, 'and', [x, int(b, c - 1)]);
  return emit(b, 'sub', [x, emit(b, 'mul', [divideByConstant(b, x, c, signed), int(b, c)])]);
}

/** Low zeros become ones, everything else zeros; then count from above. Gives 32 for 0. */
function countTrailing(b: Builder, x: Value): Value {
  const below = emit(b, 'and', [emit(b, 'xor', [x, int(b, -1)]), emit(b, 'add', [x, int(b, -1)])]);
  return emit(b, 'sub', [int(b, 32), emit(b, 'clz', [below])]);
}

/** Sums of bits in ever wider fields (Hacker's Delight, 5-1). */
function countOnes(b: Builder, x: Value): Value {
  const and = (value: Value, mask: number) => emit(b, 'and', [value, int(b, mask)]);
  const shift = (value: Value, count: number) => emit(b, 'shr', [value, int(b, count)]);
  const pairs = emit(b, 'sub', [x, and(shift(x, 1), 0x55555555)]);
  const nibbles = emit(b, 'add', [and(pairs, 0x33333333), and(shift(pairs, 2), 0x33333333)]);
  const bytes = and(emit(b, 'add', [nibbles, shift(nibbles, 4)]), 0x0f0f0f0f);
  return shift(emit(b, 'mul', [bytes, int(b, 0x01010101)]), 24);
}

/** 1 when x is the smallest number and y is -1. */
function isOverflow(b: Builder, x: readonly Value[], y: readonly Value[]): Value {
  const top = x.length - 1;
  let differs = emit(b, 'xor', [x[top], int(b, 0x80000000)]);
  for (const word of x.slice(0, top)) differs = emit(b, 'or', [differs, word]);
  for (const word of y) differs = emit(b, 'or', [differs, emit(b, 'add', [word, int(b, 1)])]);
  return emit(b, 'eq', [differs, int(b, 0)]);
}

type Pair = readonly [Value, Value];

function buildI64(b: Builder, name: string): boolean {
  const two = i64Binary[name];
  if (two) {
    const y = pop(b).words as unknown as Pair;
    const x = pop(b).words as unknown as Pair;
    push(b, 'i64', two(b, x, y));
    return true;
  }
  const comparison = i64Comparison[name];
  if (comparison) {
    const y = pop(b).words as unknown as Pair;
    push(b, 'i32', [comparison(b, pop(b).words as unknown as Pair, y)]);
    return true;
  }
  const one = i64Unary[name];
  if (!one) return false;
  const { words } = pop(b);
  const result = one(b, words[0], words[1]);
  push(b, name === 'eqz' ? 'i32' : 'i64', result);
  return true;
}

const i64Unary: Readonly<Record<string, (b: Builder, low: Value, high: Value) => Value[]>> = {
  eqz: (b, low, high) => [emit(b, 'eq', [emit(b, 'or', [low, high]), int(b, 0)])],
  clz: (b, low, high) => {
    const both = emit(b, 'add', [emit(b, 'clz', [low]), int(b, 32)]);
    return [emit(b, 'select', [high, emit(b, 'clz', [high]), both]), int(b, 0)];
  },
  ctz: (b, low, high) => {
    const both = emit(b, 'add', [countTrailing(b, high), int(b, 32)]);
    return [emit(b, 'select', [low, countTrailing(b, low), both]), int(b, 0)];
  },
  popcnt: (b, low, high) => [emit(b, 'add', [countOnes(b, low), countOnes(b, high)]), int(b, 0)],
  extend_i32_s: (b, x) => [x, emit(b, 'sar', [x, int(b, 31)])],
  extend_i32_u: (b, x) => [x, int(b, 0)],
  extend32_s: (b, x) => [x, emit(b, 'sar', [x, int(b, 31)])],
  extend8_s: (b, x) => signExtend(b, emit(b, 'sext8', [x])),
  extend16_s: (b, x) => signExtend(b, emit(b, 'sext16', [x])),
};

const signExtend = (b: Builder, low: Value): Value[] => [low, emit(b, 'sar', [low, int(b, 31)])];

const each =
  (op: string) =>
  (b: Builder, x: Pair, y: Pair): Value[] => [emit(b, op, [x[0], y[0]]), emit(b, op, [x[1], y[1]])];

/** Whether the high word is seen to be the low one's sign. */
function isExtended({ fn }: Builder, [low, high]: Pair): boolean {
  const { inst } = fn.values[high];
  if (inst?.op === 'sar' && inst.args[0] === low) return constantOf(fn, inst.args[1]) === 31;
  const [word, sign] = [constantOf(fn, low), constantOf(fn, high)];
  return word !== undefined && sign !== undefined && sign === word >> 31;
}

const i64Binary: Readonly<Record<string, (b: Builder, x: Pair, y: Pair) => Value[]>> = {
  and: each('and'),
  or: each('or'),
  xor: each('xor'),
  add: (b, x, y) => {
    const low = emit(b, 'add', [x[0], y[0]]);
    const carry = emit(b, 'ltu', [low, constantOf(b.fn, y[0]) === undefined ? y[0] : x[0]]);
    return [low, emit(b, 'add', [emit(b, 'add', [x[1], y[1]]), carry])];
  },
  sub: (b, x, y) => {
    const borrow = emit(b, 'ltu', [x[0], y[0]]);
    const high = emit(b, 'sub', [emit(b, 'sub', [x[1], y[1]]), borrow]);
    return [emit(b, 'sub', [x[0], y[0]]), high];
  },
  mul: (b, x, y) => {
    if (isExtended(b, x) && isExtended(b, y))
      return [emit(b, 'mul', [x[0], y[0]]), emit(b, 'mulhs', [x[0], y[0]])];
    const cross = emit(b, 'add', [emit(b, 'mul', [x[0], y[1]]), emit(b, 'mul', [x[1], y[0]])]);
    return [emit(b, 'mul', [x[0], y[0]]), emit(b, 'add', [emit(b, 'mulhu', [x[0], y[0]]), cross])];
  },
  shl: (b, [low, high], [n]) => {
    const shifted = emit(b, 'shl', [low, n]);
    return chooseBySize(b, n, [int(b, 0), shifted], [shifted, emit(b, 'funnell', [high, low, n])]);
  },
  shr_u: (b, [low, high], [n]) => {
    const shifted = emit(b, 'shr', [high, n]);
    return chooseBySize(b, n, [shifted, int(b, 0)], [emit(b, 'funnelr', [high, low, n]), shifted]);
  },
  shr_s: (b, [low, high], [n]) => {
    const shifted = emit(b, 'sar', [high, n]);
    const sign = emit(b, 'sar', [high, int(b, 31)]);
    return chooseBySize(b, n, [shifted, sign], [emit(b, 'funnelr', [high, low, n]), shifted]);
  },
  rotl: (b, [low, high], [n]) => {
    const [l, h] = chooseBySize(b, n, [high, low], [low, high]);
    return [emit(b, 'funnell', [l, h, n]), emit(b, 'funnell', [h, l, n])];
  },
  rotr: (b, [low, high], [n]) => {
    const [l, h] = chooseBySize(b, n, [high, low], [low, high]);
    return [emit(b, 'funnelr', [h, l, n]), emit(b, 'funnelr', [l, h, n])];
  },
  div_s: (b, x, y) => divide64(b, x, y, '__wasm_div64s', true),
  div_u: (b, x, y) => divide64(b, x, y, '__wasm_div64u', false),
  rem_s: (b, x, y) => divide64(b, x, y, '__wasm_rem64s', false),
  rem_u: (b, x, y) => divide64(b, x, y, '__wasm_rem64u', false),
};

/** Bit 5 of a 64-bit shift count says whether whole words move. */
function chooseBySize(b: Builder, n: Value, big: Value[], small: Value[]): Value[] {
  const isBig = emit(b, 'and', [n, int(b, 32)]);
  return big.map((word, i) => emit(b, 'select', [isBig, word, small[i]]));
}

function divide64(b: Builder, x: Pair, y: Pair, routine: string, overflows: boolean): Value[] {
  trapIf(b, emit(b, 'eq', [emit(b, 'or', [y[0], y[1]]), int(b, 0)]), 'integer divide by zero');
  if (overflows) trapIf(b, isOverflow(b, x, y), 'integer overflow');
  return append(b.fn, here(b), 'call', [...x, ...y], ['i', 'i'], { symbol: routine, at: b.at }).results;
}

type Compare = (b: Builder, x: Pair, y: Pair) => Value;

const not =
  (compare: Compare): Compare =>
  (b, x, y) =>
    emit(b, 'eq', [compare(b, x, y), int(b, 0)]);
const flip =
  (compare: Compare): Compare =>
  (b, x, y) =>
    compare(b, y, x);

/** High words decide unless they are equal; against a low word of 0 they decide alone. */
const less =
  (op: 'lt' | 'ltu'): Compare =>
  (b, x, y) => {
    const high = emit(b, op, [x[1], y[1]]);
    if (constantOf(b.fn, y[0]) === 0) return high;
    return emit(b, 'select', [emit(b, 'eq', [x[1], y[1]]), emit(b, 'ltu', [x[0], y[0]]), high]);
  };

const equal: Compare = (b, x, y) => {
  const differs = emit(b, 'or', [emit(b, 'xor', [x[0], y[0]]), emit(b, 'xor', [x[1], y[1]])]);
  return emit(b, 'eq', [differs, int(b, 0)]);
};

const i64Comparison: Readonly<Record<string, Compare>> = {
  eq: equal,
  ne: not(equal),
  lt_s: less('lt'),
  lt_u: less('ltu'),
  gt_s: flip(less('lt')),
  gt_u: flip(less('ltu')),
  le_s: not(flip(less('lt'))),
  le_u: not(flip(less('ltu'))),
  ge_s: not(less('lt')),
  ge_u: not(less('ltu')),
};
