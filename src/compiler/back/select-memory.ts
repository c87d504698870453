/** Memory accesses: constant offsets go into the instruction, indexed float accesses use lsx and ssx. */
import type { Inst, Value } from '../middle/ir.ts';
import { isAddImmediate, isAddMiddle } from './select-integer.ts';
import {
  constantRegister,
  definedBy,
  immediate,
  put,
  type Rule,
  type Selector,
  temporary,
  use,
} from './selector.ts';

interface Access {
  readonly op: string;
  /** Bytes; offsets are multiples of it from 0 to 255 times it. */
  readonly width: number;
}

const accesses: Readonly<Record<string, Access>> = {
  load8u: { op: 'l8ui', width: 1 },
  load8s: { op: 'l8ui', width: 1 },
  load16u: { op: 'l16ui', width: 2 },
  load16s: { op: 'l16si', width: 2 },
  load32: { op: 'l32i', width: 4 },
  loadk: { op: 'l32i', width: 4 },
  fload: { op: 'lsi', width: 4 },
  store8: { op: 's8i', width: 1 },
  store16: { op: 's16i', width: 2 },
  store32: { op: 's32i', width: 4 },
  fstore: { op: 'ssi', width: 4 },
};

interface Address {
  readonly base: number;
  readonly offset: number;
}

const fits = (offset: number, width: number) => offset >= 0 && offset <= 255 * width && offset % width === 0;

/** Splits an address into a register and an offset that the access can hold. */
function address(s: Selector, start: Value, imm: number, width: number): Address {
  let base = start;
  let offset = imm;
  for (;;) {
    const sum = definedBy(s, base, 'add');
    const c = sum && immediate(s, sum.args[1]);
    if (!sum || c === undefined || !fits((offset + c) | 0, width)) break;
    base = sum.args[0];
    offset = (offset + c) | 0;
  }
  const info = s.fn.values[base];
  if (info.kind === 'const' || info.kind === 'symbol') {
    // Neighbouring addresses share the constant for their block.
    const whole = (info.imm + offset) | 0;
    const low = whole & (256 * width - 1);
    if (fits(low, width)) return { base: constantRegister(s, whole - low, info.symbol), offset: low };
    return { base: constantRegister(s, whole, info.symbol), offset: 0 };
  }
  if (fits(offset, width)) return { base: use(s, base), offset };
  return farAddress(s, base, offset, width);
}

function farAddress(s: Selector, base: Value, offset: number, width: number): Address {
  const sum = temporary(s);
  const low = offset & 255;
  if (isAddImmediate(offset)) {
    put(s, 'addi', 'dsi', sum, use(s, base), offset);
    return { base: sum, offset: 0 };
  }
  if (isAddMiddle(offset - low) && fits(low, width)) {
    put(s, 'addmi', 'dsi', sum, use(s, base), offset - low);
    return { base: sum, offset: low };
  }
  put(s, 'add', 'dss', sum, use(s, base), constantRegister(s, offset));
  return { base: sum, offset: 0 };
}

const load: Rule = (s, inst, d) => {
  const { op, width } = accesses[inst.op];
  if (inst.op === 'fload' && indexed(s, inst, 'lsx', 'dss', d)) return;
  const { base, offset } = address(s, inst.args[0], inst.imm, width);
  if (inst.op === 'load8s') {
    const t = temporary(s);
    put(s, op, 'dsi', t, base, offset);
    put(s, 'sext', 'dsi', d, t, 7);
  } else put(s, op, 'dsi', d, base, offset);
};

const store: Rule = (s, inst) => {
  const { op, width } = accesses[inst.op];
  const value = inst.args[1];
  if (inst.op === 'fstore' && indexed(s, inst, 'ssx', 'sss', use(s, value))) return;
  const { base, offset } = address(s, inst.args[0], inst.imm, width);
  put(s, op, 'ssi', use(s, narrowed(s, value, width)), base, offset);
};

/** A narrow store does not look at the bits above: masks and extensions before it are for nothing. */
function narrowed(s: Selector, value: Value, width: number): Value {
  const inst = width < 4 ? definedBy(s, value, 'and', 'sext8', 'sext16') : undefined;
  if (!inst) return value;
  if (inst.op === 'sext8') return width === 1 ? inst.args[0] : value;
  if (inst.op === 'sext16') return inst.args[0];
  const mask = immediate(s, inst.args[1]);
  const wanted = width === 1 ? 0xff : 0xffff;
  return mask !== undefined && (mask & wanted) === wanted ? inst.args[0] : value;
}

/** Base plus index in one instruction, where the sum has no other use. */
function indexed(s: Selector, inst: Inst, op: string, format: string, value: number): boolean {
  const sum = definedBy(s, inst.args[0], 'add');
  if (inst.imm !== 0 || !sum || s.useCounts[inst.args[0]] !== 1 || immediate(s, sum.args[1]) !== undefined)
    return false;
  const shifted = sum.args.some((arg) => {
    const shift = definedBy(s, arg, 'shl');
    return shift && s.useCounts[arg] === 1;
  });
  // addx4 and lsi cost no more than slli and lsx.
  if (shifted) return false;
  put(s, op, format, value, use(s, sum.args[0]), use(s, sum.args[1]));
  return true;
}

export const memoryRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.keys(accesses).map((op) => [op, op.includes('store') ? store : load])),
  mmio_load: (s, { args }, d) => {
    const { base, offset } = address(s, args[0], 0, 4);
    put(s, 'memw', '');
    put(s, 'l32i', 'dsi', d, base, offset).isVolatile = true;
  },
  mmio_store: (s, { args }) => {
    const { base, offset } = address(s, args[0], 0, 4);
    put(s, 's32i', 'ssi', use(s, args[1]), base, offset).isVolatile = true;
    put(s, 'memw', '');
  },
  ccount: (s, _, d) => void put(s, 'rsr.ccount', 'd', d),
  prid: (s, _, d) => void put(s, 'rsr.prid', 'd', d),
  memw: (s) => void put(s, 'memw', ''),
  extw: (s) => void put(s, 'extw', ''),
  isync: (s) => void put(s, 'isync', ''),
};
