/** Float arithmetic. Division and square root are runtime routines that use f registers only (`runtime/float.ts`). */
import { F0 } from './machine.ts';
import { moveOp, put, type Rule, use } from './selector.ts';

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

const routine =
  (symbol: string): Rule =>
  (s, { args }, d) => {
    args.forEach((value, i) => {
      put(s, 'mov.s', 'ds', F0 + i, use(s, value));
    });
    const call = put(s, 'call0', 'o', { kind: 'symbol', name: symbol, addend: 0 });
    call.uses = args.map((_, i) => F0 + i);
    call.defs = floatRoutineLosses;
    put(s, 'mov.s', 'ds', d, F0);
  };

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
  fdiv: routine('__wasm_divide'),
  fsqrt: routine('__wasm_sqrt'),
};
