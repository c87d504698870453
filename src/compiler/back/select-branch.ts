/** Branches: the comparison is taken into the branch instruction wherever one exists. */
import type { Inst, Value } from '../middle/ir.ts';
import { B0, B1, type MachineInst } from './machine.ts';
import { definedBy, definition, immediate, put, type Selector, use } from './selector.ts';

/** Constants of beqi, bnei, blti, bgei, and of bltui, bgeui (Xtensa ISA manual, B4CONST and B4CONSTU). */
const b4const = new Set([-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]);
const b4constu = new Set([32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]);

const registerForms: Readonly<Record<string, string>> = {
  eq: 'beq',
  ne: 'bne',
  lt: 'blt',
  ge: 'bge',
  ltu: 'bltu',
  geu: 'bgeu',
};
const zeroForms: Readonly<Record<string, string>> = { eq: 'beqz', ne: 'bnez', lt: 'bltz', ge: 'bgez' };
const immediateForms: Readonly<Record<string, string>> = {
  eq: 'beqi',
  ne: 'bnei',
  lt: 'blti',
  ge: 'bgei',
  ltu: 'bltui',
  geu: 'bgeui',
};

/** Boolean that the comparison sets; the branch is bt. */
export const floatComparisons: Readonly<Record<string, string>> = {
  feq: 'oeq.s',
  flt: 'olt.s',
  fle: 'ole.s',
  fueq: 'ueq.s',
  fult: 'ult.s',
  fule: 'ule.s',
  fun: 'un.s',
};

export const inverseBranch: Readonly<Record<string, string>> = Object.fromEntries(
  'beq bne,blt bge,bltu bgeu,beqz bnez,bltz bgez,beqi bnei,blti bgei,bltui bgeui,bbci bbsi,bbc bbs,bany bnone,ball bnall,bt bf'
    .split(',')
    .flatMap((pair) => {
      const [a, b] = pair.split(' ');
      return [
        [a, b],
        [b, a],
      ];
    }),
);

/** A branch taken when the condition's truth equals `sense`. */
export function selectBranch(s: Selector, condition: Value, sense: boolean): MachineInst {
  const inst = definition(s, condition);
  const branch = (inst && fused(s, inst, sense)) ?? put(s, sense ? 'bnez' : 'beqz', 's', use(s, condition));
  return branch;
}

function fused(s: Selector, inst: Inst, sense: boolean): MachineInst | undefined {
  if (inst.op in floatComparisons) {
    compareFloats(s, inst);
    return put(s, sense ? 'bt' : 'bf', 's', B0);
  }
  const both = compareBoth(s, inst);
  if (both !== undefined) return put(s, sense === both ? 'bt' : 'bf', 's', B0);
  if (inst.op === 'and') return testBits(s, inst, sense);
  if (!(inst.op in registerForms)) return undefined;
  const [x, y] = inst.args;
  const c = immediate(s, y);
  if (c === 0 && (inst.op === 'eq' || inst.op === 'ne')) {
    const inner = definition(s, x);
    // Not of a comparison, or of bits: the same test the other way round.
    const nested = inner && (inner.op in floatComparisons || inner.op === 'and' || inner.op === 'or');
    const test = nested ? fused(s, inner, sense === (inst.op === 'ne')) : undefined;
    if (test) return test;
  }
  const pick = (name: string) => (sense ? name : inverseBranch[name]);
  if (c === 0 && inst.op in zeroForms) return put(s, pick(zeroForms[inst.op]), 's', use(s, x));
  const unsigned = inst.op.endsWith('u');
  if (c !== undefined && (unsigned ? b4constu : b4const).has(c))
    return put(s, pick(immediateForms[inst.op]), 'si', use(s, x), c);
  return put(s, pick(registerForms[inst.op]), 'ss', use(s, x), use(s, y));
}

/** Leaves the result of a float comparison in a boolean. */
export function compareFloats(s: Selector, inst: Inst, to = B0): void {
  put(s, floatComparisons[inst.op], 'dss', to, use(s, inst.args[0]), use(s, inst.args[1]));
}

/** How two booleans are joined, by operation and by which of them are to be turned round; and whether the result is, too. */
const joins: Readonly<Record<string, readonly [op: string, swap: boolean, sense: boolean]>> = {
  and: ['andb', false, true],
  'and right': ['andbc', false, true],
  'and left': ['andbc', true, true],
  'and left right': ['orb', false, false],
  or: ['orb', false, true],
  'or right': ['orbc', false, true],
  'or left': ['orbc', true, true],
  'or left right': ['andb', false, false],
};

/**
 * Leaves in b0 what two float comparisons joined by `and` or `or` say; returns how b0 is to be read, or undefined for anything else,
 * for which nothing is made.
 */
export function compareBoth(s: Selector, inst: Inst): boolean | undefined {
  if (inst.op !== 'and' && inst.op !== 'or') return undefined;
  const [left, right] = inst.args.map((arg) => floatTest(s, arg));
  if (!left || !right) return undefined;
  const [op, swap, sense] =
    joins[`${inst.op}${left.isInverse ? ' left' : ''}${right.isInverse ? ' right' : ''}`];
  compareFloats(s, left.inst);
  compareFloats(s, right.inst, B1);
  put(s, op, 'dss', B0, ...(swap ? [B1, B0] : [B0, B1]));
  return sense;
}

/** A float comparison, or one that is compared with 0. */
function floatTest(s: Selector, value: Value): { inst: Inst; isInverse: boolean } | undefined {
  const inst = definition(s, value);
  if (!inst) return undefined;
  if (inst.op in floatComparisons) return { inst, isInverse: false };
  const inner =
    inst.op === 'eq' && immediate(s, inst.args[1]) === 0 ? definition(s, inst.args[0]) : undefined;
  return inner && inner.op in floatComparisons ? { inst: inner, isInverse: true } : undefined;
}

function testBits(s: Selector, inst: Inst, sense: boolean): MachineInst {
  const [x, y] = inst.args;
  const mask = immediate(s, y);
  if (mask !== undefined && mask !== 0 && (mask & (mask - 1)) === 0)
    return put(s, sense ? 'bbsi' : 'bbci', 'si', use(s, x), 31 - Math.clz32(mask));
  // x & (1 << n): bit n.
  const bit = [y, x].find((value) => {
    const shift = definedBy(s, value, 'shl');
    return shift && immediate(s, shift.args[0]) === 1;
  });
  if (bit !== undefined) {
    const count = (definedBy(s, bit, 'shl') as Inst).args[1];
    return put(s, sense ? 'bbs' : 'bbc', 'ss', use(s, bit === y ? x : y), use(s, count));
  }
  if (mask !== undefined && isLowMask(mask)) {
    // A short field is cheaper taken out than compared with a mask from the literal pool.
    return put(s, sense ? 'bnez' : 'beqz', 's', use(s, inst.results[0]));
  }
  return put(s, sense ? 'bany' : 'bnone', 'ss', use(s, x), use(s, y));
}

export function isLowMask(mask: number): boolean {
  return mask > 0 && mask <= 0xffff && (mask & (mask + 1)) === 0;
}
