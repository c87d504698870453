/**
 * f32. The FPU's own instructions round as WebAssembly asks; what differs is spelt out: minimum and maximum of zeros and
 * NaNs, rounding to integers of any size, conversions that trap or saturate.
 */

import { append, constant, constantOf, type Value } from '../middle/ir.ts';
import { floatOf } from '../middle/operations.ts';
import { type Builder, either, emit, here, int, orTrap, pop, popWord, push, trapIf } from './builder.ts';
import type { Instruction } from './module.ts';

const binary: Readonly<Record<string, string>> = { add: 'fadd', sub: 'fsub', mul: 'fmul', div: 'fdiv' };
const unary: Readonly<Record<string, string>> = { abs: 'fabs', neg: 'fneg', sqrt: 'fsqrt' };
/** Comparison, whether to swap the operands, whether to invert. */
const comparisons: Readonly<Record<string, readonly [op: string, swap: boolean, invert: boolean]>> = {
  eq: ['feq', false, false],
  ne: ['feq', false, true],
  lt: ['flt', false, false],
  le: ['fle', false, false],
  gt: ['flt', true, false],
  ge: ['fle', true, false],
};

const bits = {
  minus2to31: 0xcf000000,
  two31: 0x4f000000,
  two32: 0x4f800000,
  two23: 0x4b000000,
  minus1: 0xbf800000,
};
const wide = { two63: 0x5f000000, minus2to63: 0xdf000000, two64: 0x5f800000 };

const float = (b: Builder, value: number) => constant(b.fn, value, 'f');

export function buildFloat(b: Builder, instruction: Instruction): boolean {
  const { name } = instruction.op;
  if (name === 'f32.const') {
    push(b, 'f32', [float(b, instruction.a)]);
    return true;
  }
  const conversion = conversions[name];
  if (conversion) {
    conversion(b);
    return true;
  }
  const [type, operation] = name.split('.');
  return type === 'f32' && instruction.op.width === 0 && buildOperation(b, operation);
}

function buildOperation(b: Builder, name: string): boolean {
  if (name in unary) {
    push(b, 'f32', [emit(b, unary[name], [popWord(b)])]);
    return true;
  }
  if (name in rounding) {
    push(b, 'f32', [round(b, popWord(b), rounding[name])]);
    return true;
  }
  const y = popWord(b);
  const x = popWord(b);
  if (name in binary) push(b, 'f32', [emit(b, binary[name], [x, y])]);
  else if (name in comparisons) {
    const [op, swap, invert] = comparisons[name];
    const truth = emit(b, op, swap ? [y, x] : [x, y]);
    push(b, 'i32', [invert ? emit(b, 'eq', [truth, int(b, 0)]) : truth]);
  } else if (name === 'min' || name === 'max') push(b, 'f32', [extremum(b, name, x, y)]);
  else if (name === 'copysign') push(b, 'f32', [copySign(b, x, y)]);
  else return false;
  return true;
}

const quietResults = new Set('fadd fsub fmul fdiv fsqrt fmadd fmsub itof utof'.split(' '));

/** Whether a value is the result of arithmetic, which never is a signalling NaN. */
function isQuiet(b: Builder, value: Value): boolean {
  return quietResults.has(b.fn.values[value].inst?.op ?? '');
}

/** A constant that is neither 0 nor NaN. */
function isOrdinary(b: Builder, value: Value): boolean {
  const bits = constantOf(b.fn, value);
  return bits !== undefined && floatOf(bits) !== 0 && !Number.isNaN(floatOf(bits));
}

/** Equal operands may be zeros of different sign, unordered ones give a quiet NaN; else the comparison decides. */
function extremum(b: Builder, name: 'min' | 'max', x: Value, y: Value): Value {
  for (const [value, limit] of [
    [x, y],
    [y, x],
  ]) {
    // Against a limit only the value can be a NaN, and then it is the result.
    if (isOrdinary(b, limit) && isQuiet(b, value))
      return emit(b, 'fselect', [
        emit(b, 'flt', name === 'min' ? [limit, value] : [value, limit]),
        limit,
        value,
      ]);
  }
  return either(
    b,
    emit(b, 'fueq', [x, y]),
    'f',
    () =>
      either(
        b,
        emit(b, 'fun', [x, y]),
        'f',
        () => emit(b, 'fadd', [x, y]),
        () => {
          const words = [emit(b, 'ftobits', [x]), emit(b, 'ftobits', [y])];
          return emit(b, 'bitstof', [emit(b, name === 'min' ? 'or' : 'and', words)]);
        },
      ),
    () => emit(b, 'fselect', [emit(b, 'flt', name === 'min' ? [x, y] : [y, x]), x, y]),
  );
}

function copySign(b: Builder, x: Value, y: Value): Value {
  const magnitude = emit(b, 'and', [emit(b, 'ftobits', [x]), int(b, 0x7fffffff)]);
  const sign = emit(b, 'and', [emit(b, 'ftobits', [y]), int(b, 0x80000000)]);
  return emit(b, 'bitstof', [emit(b, 'or', [magnitude, sign])]);
}

const rounding: Readonly<Record<string, string>> = {
  ceil: 'fceil',
  floor: 'ffloor',
  nearest: 'fround',
  trunc: 'ftoi',
};

/** Below 2^23 through an integer, keeping the sign of zero; from there on every float is an integer already. */
function round(b: Builder, x: Value, op: string): Value {
  const small = emit(b, 'flt', [emit(b, 'fabs', [x]), float(b, bits.two23)]);
  return either(
    b,
    small,
    'f',
    () => copySign(b, emit(b, 'itof', [emit(b, op, [x])]), x),
    // Adding zero makes a signalling NaN quiet and changes nothing else.
    () => emit(b, 'fadd', [x, float(b, 0)]),
  );
}

type Conversion = (b: Builder) => void;

const conversions: Readonly<Record<string, Conversion>> = {
  'i32.reinterpret_f32': (b) => push(b, 'i32', [emit(b, 'ftobits', [popWord(b)])]),
  'f32.reinterpret_i32': (b) => push(b, 'f32', [emit(b, 'bitstof', [popWord(b)])]),
  'f32.convert_i32_s': (b) => push(b, 'f32', [emit(b, 'itof', [popWord(b)])]),
  'f32.convert_i32_u': (b) => push(b, 'f32', [emit(b, 'utof', [popWord(b)])]),
  'f32.convert_i64_s': (b) => push(b, 'f32', runtime(b, '__wasm_float64s', pop(b).words, ['f'])),
  'f32.convert_i64_u': (b) => push(b, 'f32', runtime(b, '__wasm_float64u', pop(b).words, ['f'])),
  'i32.trunc_f32_s': (b) => {
    const x = popWord(b);
    checkRange(b, x, emit(b, 'fle', [float(b, bits.minus2to31), x]), bits.two31);
    push(b, 'i32', [emit(b, 'ftoi', [x])]);
  },
  'i32.trunc_f32_u': (b) => {
    const x = popWord(b);
    checkRange(b, x, emit(b, 'flt', [float(b, bits.minus1), x]), bits.two32);
    push(b, 'i32', [truncateUnsigned(b, x)]);
  },
  'i64.trunc_f32_s': (b) => {
    const x = popWord(b);
    checkRange(b, x, emit(b, 'fle', [float(b, wide.minus2to63), x]), wide.two63);
    push(b, 'i64', runtime(b, '__wasm_fix64s', [x], ['i', 'i']));
  },
  'i64.trunc_f32_u': (b) => {
    const x = popWord(b);
    checkRange(b, x, emit(b, 'flt', [float(b, bits.minus1), x]), wide.two64);
    push(b, 'i64', runtime(b, '__wasm_fix64u', [x], ['i', 'i']));
  },
  'i32.trunc_sat_f32_s': (b) => {
    const x = popWord(b);
    // trunc.s saturates by itself; what it makes of a NaN differs from part to part.
    const saturated = emit(b, 'select', [emit(b, 'fun', [x, x]), int(b, 0), emit(b, 'ftoi', [x])]);
    push(b, 'i32', [saturated]);
  },
  'i32.trunc_sat_f32_u': (b) => {
    const x = popWord(b);
    const inside = emit(b, 'and', [
      emit(b, 'flt', [float(b, bits.minus1), x]),
      emit(b, 'flt', [x, float(b, bits.two32)]),
    ]);
    const saturated = either(
      b,
      inside,
      'i',
      () => truncateUnsigned(b, x),
      () => saturate(b, x, 0, -1),
    );
    push(b, 'i32', [saturated]);
  },
  // The 64-bit routines saturate by themselves.
  'i64.trunc_sat_f32_s': (b) => push(b, 'i64', runtime(b, '__wasm_fix64s', [popWord(b)], ['i', 'i'])),
  'i64.trunc_sat_f32_u': (b) => push(b, 'i64', runtime(b, '__wasm_fix64u', [popWord(b)], ['i', 'i'])),
};

/** Out of range: the largest above, the smallest below, 0 for NaN. */
function saturate(b: Builder, x: Value, smallest: number, largest: number): Value {
  const above = emit(b, 'flt', [float(b, 0), x]);
  const below = emit(b, 'flt', [x, float(b, 0)]);
  return emit(b, 'select', [above, int(b, largest), emit(b, 'select', [below, int(b, smallest), int(b, 0)])]);
}

/** What lies between -1 and 0 is 0; of it sources do not agree what the conversion makes. */
function truncateUnsigned(b: Builder, x: Value): Value {
  return emit(b, 'select', [emit(b, 'fle', [float(b, 0), x]), emit(b, 'ftou', [x]), int(b, 0)]);
}

function checkRange(b: Builder, x: Value, aboveLow: Value, high: number): void {
  const inside = emit(b, 'and', [aboveLow, emit(b, 'flt', [x, float(b, high)])]);
  orTrap(b, inside, () => {
    trapIf(b, emit(b, 'fun', [x, x]), 'invalid conversion to integer');
    return 'integer overflow';
  });
}

function runtime(b: Builder, symbol: string, args: readonly Value[], results: ('i' | 'f')[]): Value[] {
  return append(b.fn, here(b), 'call', [...args], results, { symbol, at: b.at }).results;
}
