/** Integer arithmetic. Ranges of immediates: Xtensa ISA manual, each instruction's own page. */
import type { Edge, Inst, Value } from '../middle/ir.ts';
import { B0 } from './machine.ts';
import { compareBoth, compareFloats, floatComparisons, isLowMask } from './select-branch.ts';
import type { Rule, Selector } from './selector.ts';
import {
  constantRegister,
  definedBy,
  definition,
  immediate,
  moveOp,
  put,
  temporary,
  use,
} from './selector.ts';

const threeRegisters: Readonly<Record<string, string>> = {
  or: 'or',
  xor: 'xor',
  mulhs: 'mulsh',
  mulhu: 'muluh',
  divs: 'quos',
  divu: 'quou',
  rems: 'rems',
  remu: 'remu',
  min: 'min',
  max: 'max',
  minu: 'minu',
  maxu: 'maxu',
  lt: 'salt',
  ltu: 'saltu',
};

/** addi reaches -128...127, addmi multiples of 256 from -32768 to 32512. */
export function isAddImmediate(value: number): boolean {
  return value >= -128 && value <= 127;
}

export function isAddMiddle(value: number): boolean {
  return value >= -32768 && value <= 32512 && (value & 255) === 0;
}

const add: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const c = immediate(s, y);
  if (c !== undefined && isAddImmediate(c)) put(s, 'addi', 'dsi', d, use(s, x), c);
  else if (c !== undefined && isAddMiddle(c)) put(s, 'addmi', 'dsi', d, use(s, x), c);
  else if (c !== undefined && addInTwo(s, d, x, c)) return;
  else if (!addShifted(s, d, x, y) && !addShifted(s, d, y, x)) put(s, 'add', 'dss', d, use(s, x), use(s, y));
};

/** addmi and addi together: no literal, no load. */
function addInTwo(s: Selector, d: number, x: number, c: number): boolean {
  const low = (c << 24) >> 24;
  const high = (c - low) | 0;
  if (!isAddMiddle(high)) return false;
  const t = temporary(s);
  put(s, 'addmi', 'dsi', t, use(s, x), high);
  put(s, 'addi', 'dsi', d, t, low);
  return true;
}

/** x + (y << 1, 2 or 3). */
function addShifted(s: Selector, d: number, x: number, shifted: number): boolean {
  const shift = definedBy(s, shifted, 'shl');
  const count = shift && immediate(s, shift.args[1]);
  if (!shift || count === undefined || count < 1 || count > 3) return false;
  put(s, `addx${1 << count}`, 'dss', d, use(s, shift.args[0]), use(s, x));
  return true;
}

const subtract: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  if (immediate(s, x) === 0) {
    put(s, 'neg', 'ds', d, use(s, y));
    return;
  }
  const shift = definedBy(s, x, 'shl');
  const count = shift && immediate(s, shift.args[1]);
  if (shift && count !== undefined && count >= 1 && count <= 3)
    put(s, `subx${1 << count}`, 'dss', d, use(s, shift.args[0]), use(s, y));
  else put(s, 'sub', 'dss', d, use(s, x), use(s, y));
};

const and: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const mask = immediate(s, y);
  if (mask !== undefined && isLowMask(mask)) {
    const width = 32 - Math.clz32(mask);
    const shift = definedBy(s, x, 'shr', 'sar');
    const count = shift && immediate(s, shift.args[1]);
    // The field may not reach past bit 31 (for sar, where sign bits would come in).
    if (shift && count !== undefined && (count & 31) + width <= 32)
      put(s, 'extui', 'dsii', d, use(s, shift.args[0]), count & 31, width);
    else put(s, 'extui', 'dsii', d, use(s, x), 0, width);
  } else put(s, 'and', 'dss', d, use(s, x), use(s, y));
};

/** Multipliers that a shift-and-add or two do as fast as mull and its literal: 3, 5, 7, 9 times a power of two. */
const smallMultipliers: Readonly<Record<number, string>> = { 3: 'addx2', 5: 'addx4', 9: 'addx8', 7: 'subx8' };

const multiply: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const c = immediate(s, y);
  if (c !== undefined && c > 0) {
    const shift = 31 - Math.clz32(c & -c);
    const op = smallMultipliers[c >> shift];
    if (op) {
      const t = shift ? temporary(s) : d;
      put(s, op, 'dss', t, use(s, x), use(s, x));
      if (shift) put(s, 'slli', 'dsi', d, t, shift);
      return;
    }
  }
  put(s, 'mull', 'dss', d, use(s, x), use(s, y));
};

const shiftLeft: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const count = immediate(s, y);
  if (count !== undefined) return void put(s, 'slli', 'dsi', d, use(s, x), count & 31);
  put(s, 'ssl', 's', use(s, y));
  put(s, 'sll', 'ds', d, use(s, x));
};

const shiftRight: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const count = immediate(s, y);
  if (count === undefined) {
    put(s, 'ssr', 's', use(s, y));
    put(s, inst.op === 'sar' ? 'sra' : 'srl', 'ds', d, use(s, x));
  } else if (inst.op === 'sar') put(s, 'srai', 'dsi', d, use(s, x), count & 31);
  else if ((count & 31) < 16) put(s, 'srli', 'dsi', d, use(s, x), count & 31);
  else put(s, 'extui', 'dsii', d, use(s, x), count & 31, 32 - (count & 31));
};

/** SAR for a funnel: ssl sets it to 32 - n, ssr to n. */
const funnel: Rule = (s, inst, d) => {
  const [high, low, n] = inst.args;
  const count = immediate(s, n);
  const left = inst.op === 'funnell';
  if (count !== undefined) {
    const amount = left ? 32 - (count & 31) : count & 31;
    // A count of 32 does not fit ssai: nothing moves.
    if (amount === 32) return void put(s, 'mov', 'ds', d, use(s, high));
    put(s, 'ssai', 'i', amount);
  } else put(s, left ? 'ssl' : 'ssr', 's', use(s, n));
  put(s, 'src', 'dss', d, use(s, high), use(s, low));
};

/** x == 0 is x <u 1, x != 0 is min(x, 1). */
const equality: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const c = immediate(s, y);
  if (c === 0) {
    const inner = definition(s, x);
    if (inst.op === 'eq' && inner && inner.op in floatComparisons)
      return floatTruth(s, inner.op, inner.args, d, true);
  }
  let difference: number;
  if (c === 0) difference = use(s, x);
  else {
    difference = temporary(s);
    if (c !== undefined && isAddImmediate(-c)) put(s, 'addi', 'dsi', difference, use(s, x), -c);
    else put(s, 'sub', 'dss', difference, use(s, x), use(s, y));
  }
  put(s, inst.op === 'eq' ? 'saltu' : 'minu', 'dss', d, difference, constantRegister(s, 1));
};

/** x >= y: not x < y; against a constant, c - 1 < x. */
const atLeast: Rule = (s, inst, d) => {
  const [x, y] = inst.args;
  const op = inst.op === 'ge' ? 'salt' : 'saltu';
  const c = immediate(s, y);
  const smallest = inst.op === 'ge' ? -0x80000000 : 0;
  if (c !== undefined && c !== smallest) {
    put(s, op, 'dss', d, constantRegister(s, c - 1), use(s, x));
    return;
  }
  const t = temporary(s);
  put(s, op, 'dss', t, use(s, x), use(s, y));
  put(s, 'xor', 'dss', d, t, constantRegister(s, 1));
};

const floatTruthRule: Rule = (s, inst, d) => floatTruth(s, inst.op, inst.args, d, false);

function floatTruth(s: Selector, op: string, args: readonly number[], d: number, invert: boolean): void {
  put(s, floatComparisons[op], 'dss', B0, use(s, args[0]), use(s, args[1]));
  put(s, 'movi', 'di', d, invert ? 1 : 0);
  put(s, 'movt', 'xss', d, constantRegister(s, invert ? 0 : 1), B0);
}

/** Conditional moves by the sign or zeroness of a register, and those under the opposite condition. */
const zeroMoves: Readonly<Record<string, string>> = {
  eq: 'moveqz',
  ne: 'movnez',
  lt: 'movltz',
  ge: 'movgez',
};
const inverseMoves: Readonly<Record<string, string>> = {
  moveqz: 'movnez',
  movnez: 'moveqz',
  movltz: 'movgez',
  movgez: 'movltz',
  movt: 'movf',
  movf: 'movt',
};

export const select: Rule = (s, inst, d) => {
  const [condition, yes, no] = inst.args;
  const suffix = inst.op === 'fselect' ? '.s' : '';
  const test = definition(s, condition);
  const c = test && test.args.length === 2 ? immediate(s, test.args[1]) : undefined;
  // One value first: only the other's move into d is conditional.
  const turned = isUpdated(inst, yes);
  const [first, second] = turned ? [yes, no] : [no, yes];
  const conditional = (op: string) => `${turned ? inverseMoves[op] : op}${suffix}`;
  put(s, moveOp(s, d), 'ds', d, use(s, first));
  const both = test && compareBoth(s, test);
  if (both !== undefined) put(s, conditional(both ? 'movt' : 'movf'), 'xss', d, use(s, second), B0);
  else if (test && test.op in floatComparisons) {
    compareFloats(s, test);
    put(s, conditional('movt'), 'xss', d, use(s, second), B0);
  } else if (test && c === 0 && test.op in zeroMoves)
    put(s, conditional(zeroMoves[test.op]), 'xss', d, use(s, second), use(s, test.args[0]));
  else put(s, conditional('movnez'), 'xss', d, use(s, second), use(s, condition));
};

/** Whether a value is a parameter that the selected value replaces in the next round: both can have one register then. */
function isUpdated(inst: Inst, value: Value): boolean {
  const [result] = inst.results;
  const becomes = ({ to, args }: Edge) => to.params.some((param, i) => param === value && args[i] === result);
  const edges: readonly Edge[] = inst.block.end.edges;
  return edges.some(
    (edge) => becomes(edge) || (edge.to.insts.length === 0 && edge.to.end.edges.some(becomes)),
  );
}

export const integerRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    Object.entries(threeRegisters).map(([op, name]): [string, Rule] => [
      op,
      (s, { args }, d) => void put(s, name, 'dss', d, use(s, args[0]), use(s, args[1])),
    ]),
  ),
  add,
  sub: subtract,
  and,
  mul: multiply,
  shl: shiftLeft,
  shr: shiftRight,
  sar: shiftRight,
  funnell: funnel,
  funnelr: funnel,
  eq: equality,
  ne: equality,
  ge: atLeast,
  geu: atLeast,
  ...Object.fromEntries(Object.keys(floatComparisons).map((op) => [op, floatTruthRule])),
  select,
  fselect: select,
  clz: (s, { args }, d) => void put(s, 'nsau', 'ds', d, use(s, args[0])),
  sext8: (s, { args }, d) => void put(s, 'sext', 'dsi', d, use(s, args[0]), 7),
  sext16: (s, { args }, d) => void put(s, 'sext', 'dsi', d, use(s, args[0]), 15),
};
