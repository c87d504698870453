/** Float arithmetic. Division and square root are sequences of their own (`float-steps.ts`), in place or as routines. */
import type { Value } from '../middle/ir.ts';
import { dividesInPlace } from '../middle/operations.ts';
import { divideSequence, type FloatSequence, rootSequence } from './float-steps.ts';
import { F0 } from './machine.ts';
import { moveOp, put, type Rule, type Selector, temporary, use } from './selector.ts';

const threeRegisters: Readonly<Record<string, string>> = { fadd: 'add.s', fsub: 'sub.s', fmul: 'mul.s' };

/** Registers that the two float routines lose besides their arguments in f0 (and f1); they preserve all others. */
export const floatRoutineLosses = [0, ...Array.from({ length: 9 }, (_, i) => F0 + i)];

/** Conversion instructions take a power of two as scale; always 0 here. */
const conversions: Readonly<Record<string, string>> = {
  itof: 'float.s',
  utof: 'ufloat.s',
  ftoi: 'trunc.s',
  ftou: 'utrunc.s',
  ffloor: 'floor.s',
  fceil: 'ceil.s',
  fround: 'round.s',
};

const unary: Readonly<Record<string, string>> = {
  fabs: 'abs.s',
  fneg: 'neg.s',
  bitstof: 'wfr',
  ftobits: 'rfr',
};

/** In place, or as a call of the routine where a function has many of them. */
const division =
  (symbol: string, sequence: FloatSequence): Rule =>
  (s, { args }, d) => {
    if (dividesInPlace(s.fn)) {
      inPlace(s, sequence, args, d);
      return;
    }
    args.forEach((value, i) => {
      put(s, 'mov.s', 'ds', F0 + i, use(s, value));
    });
    const call = put(s, 'call0', 'o', { kind: 'symbol', name: symbol, addend: 0 });
    call.uses = args.map((_, i) => F0 + i);
    call.defs = floatRoutineLosses;
    put(s, 'mov.s', 'ds', d, F0);
  };

function inPlace(
  s: Selector,
  { steps, inputs, result }: FloatSequence,
  args: readonly Value[],
  d: number,
): void {
  const names = new Map(inputs.map((name, i) => [name, use(s, args[i])]));
  names.set(result, d);
  const register = (name: string) => {
    const reg = names.get(name) ?? temporary(s, 'f');
    names.set(name, reg);
    return reg;
  };
  for (const { op, format, operands } of steps)
    put(s, op, format, ...operands.map((part) => (typeof part === 'number' ? part : register(part))));
}

const fused =
  (op: string): Rule =>
  (s, { args }, d) => {
    put(s, moveOp(s, d), 'ds', d, use(s, args[0]));
    put(s, op, 'xss', d, use(s, args[1]), use(s, args[2]));
  };

export const floatRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    Object.entries(threeRegisters).map(([op, name]): [string, Rule] => [
      op,
      (s, { args }, d) => void put(s, name, 'dss', d, use(s, args[0]), use(s, args[1])),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(conversions).map(([op, name]): [string, Rule] => [
      op,
      (s, { args }, d) => void put(s, name, 'dsi', d, use(s, args[0]), 0),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(unary).map(([op, name]): [string, Rule] => [
      op,
      (s, { args }, d) => void put(s, name, 'ds', d, use(s, args[0])),
    ]),
  ),
  fmadd: fused('madd.s'),
  fmsub: fused('msub.s'),
  fdiv: division('__wasm_divide', divideSequence),
  fsqrt: division('__wasm_sqrt', rootSequence),
};
