/** Which encoding an instruction gets: the dense 16-bit forms, the forms of a branch, and what GNU as rewrites. */

import { tryEncode } from './encode.ts';
import type { BranchForm } from './items.ts';
import { type Opcode, opcodeByName } from './table.ts';

export function opcodeNamed(name: string): Opcode {
  const opcode = opcodeByName.get(name);
  if (!opcode) throw new Error(`the instruction table has no ${name}`);
  return opcode;
}

type Values = readonly number[];

const same = (values: Values): Values => values;

/** A dense form, for the operands that `operands` lets through. */
type Narrowing = readonly [narrow: string, operands: (values: Values) => Values | undefined];

const addsZero: Narrowing = ['mov.n', ([to, from, amount]) => (amount === 0 ? [to, from] : undefined)];

/** Which dense instructions do what these do, in the order in which GNU as tries them. */
const narrowings: Readonly<Record<string, readonly Narrowing[]>> = {
  add: [['add.n', same]],
  addi: [addsZero, ['addi.n', same]],
  'addi.n': [addsZero],
  addmi: [addsZero, ['addi.n', same]],
  l32i: [['l32i.n', same]],
  s32i: [['s32i.n', same]],
  movi: [['movi.n', same]],
  ret: [['ret.n', same]],
  retw: [['retw.n', same]],
  nop: [['nop.n', same]],
  or: [
    ['nop.n', ([to, from, again]) => (to === from && from === again ? [] : undefined)],
    ['mov.n', ([to, from, again]) => (from === again ? [to, from] : undefined)],
  ],
  slli: [addsZero],
};

/** An instruction and its bits. */
export interface Encoded {
  opcode: Opcode;
  word: number;
}

/** The dense form of an instruction with these operands, if there is one. */
export function narrowForm(opcode: Opcode, values: Values): Encoded | undefined {
  for (const [narrow, operandsFor] of narrowings[opcode.name] ?? []) {
    const operands = operandsFor(values);
    const word = operands && tryEncode(opcodeNamed(narrow), operands);
    if (word !== undefined) return { opcode: opcodeNamed(narrow), word };
  }
  return undefined;
}

/** Every dense instruction's long form, which takes the same operands unless it says otherwise. */
const wideOperands: Readonly<Record<string, readonly [string, (values: Values) => Values]>> = {
  'mov.n': ['or', ([to, from]) => [to, from, from]],
};

/** The three-byte form of a dense instruction. */
export function wideForm(opcode: Opcode, values: Values): Step | undefined {
  if (!opcode.name.endsWith('.n')) return undefined;
  const [name, operands] = wideOperands[opcode.name] ?? [opcode.name.slice(0, -2), same];
  return opcodeByName.has(name) ? [name, operands(values)] : undefined;
}

const inversePairs = [
  ['beq', 'bne'],
  ['beqi', 'bnei'],
  ['beqz', 'bnez'],
  ['beqz.n', 'bnez.n'],
  ['bge', 'blt'],
  ['bgei', 'blti'],
  ['bgez', 'bltz'],
  ['bgeu', 'bltu'],
  ['bgeui', 'bltui'],
  ['bany', 'bnone'],
  ['ball', 'bnall'],
  ['bbc', 'bbs'],
  ['bbci', 'bbsi'],
  ['bf', 'bt'],
] as const;

const inverses = new Map<string, string>(
  inversePairs.flatMap(([one, other]): [string, string][] => [
    [one, other],
    [other, one],
  ]),
);

const formsByName = new Map<string, readonly BranchForm[]>();

function makeForms(opcode: Opcode, density: boolean): readonly BranchForm[] {
  const wideName = opcode.name.replace('.n', '');
  const names = density || opcode.length === 2 ? [`${wideName}.n`, wideName] : [wideName];
  const forms = names
    .filter((name) => opcodeByName.has(name))
    .map((name) => ({ opcode: opcodeNamed(name), over: false }));
  const inverse = inverses.get(wideName)!;
  const over = density && opcodeByName.has(`${inverse}.n`) ? `${inverse}.n` : inverse;
  return [...forms, { opcode: opcodeNamed(over), over: true }];
}

/** The ways to write a conditional branch, shortest first; with `exact`, only the one that was asked for. */
export function branchForms(opcode: Opcode, density: boolean, exact: boolean): readonly BranchForm[] {
  const key = `${opcode.name} ${density} ${exact}`;
  let forms = formsByName.get(key);
  if (!forms) {
    forms = exact ? [{ opcode, over: false }] : makeForms(opcode, density);
    formsByName.set(key, forms);
  }
  return forms;
}

/** One instruction that others are made of. */
export type Step = readonly [name: string, values: Values];

/** One instruction of an expansion; `literal` is loaded by an l32r into the first operand. */
export type ExpansionStep = Step | { readonly register: number; readonly literal: number };

/** base + a multiple of 256 that addmi can add + a rest for an instruction whose offsets run from `low` to `high`. */
function splitOffset(offset: number, low: number, high: number): { upper: number; rest: number } | undefined {
  const upper = Math.floor((offset - low) / 256) * 256;
  const rest = offset - upper;
  if (upper < -32768 || upper > 32512 || rest > high) return undefined;
  return { upper, rest };
}

/** A sum out of reach of addi and addmi: both together, else the constant from a literal. */
function expandSum([to, from, amount]: Values): ExpansionStep[] | undefined {
  const split = splitOffset(amount, -128, 127);
  if (split) {
    const upper: Step = ['addmi', [to, from, split.upper]];
    return split.rest === 0 ? [upper] : [upper, ['addi', [to, to, split.rest]]];
  }
  if (to === from) return undefined;
  return [{ register: to, literal: amount }, ['add', [to, from, to]]];
}

/** A load may form its address in the register that it loads. */
const expandLoad =
  (name: string) =>
  ([to, base, offset]: Values, likeGnu: boolean): ExpansionStep[] | undefined => {
    if (likeGnu && to !== base) {
      return [{ register: to, literal: offset }, ['add', [to, to, base]], [name, [to, to, 0]]];
    }
    // The base is read before it is overwritten, and there is no literal to load.
    const split = splitOffset(offset, 0, 255);
    if (!split || tryEncode(opcodeNamed(name), [to, to, split.rest]) === undefined) return undefined;
    return [
      ['addmi', [to, base, split.upper]],
      [name, [to, to, split.rest]],
    ];
  };

/** After GNU as's table of relaxations (gas, config/xtensa-relax.c). */
const expansions: Readonly<
  Record<string, (values: Values, likeGnu: boolean) => ExpansionStep[] | undefined>
> = {
  addi: expandSum,
  addmi: expandSum,
  l8ui: expandLoad('l8ui'),
  l16ui: expandLoad('l16ui'),
  l16si: expandLoad('l16si'),
  l32i: expandLoad('l32i'),
  movi: ([register, literal]) => [{ register, literal }],
  slli: ([to, from, amount]) => (amount === 0 ? [['or', [to, from, from]]] : undefined),
  srli: ([to, from, amount]) =>
    amount > 15 && amount < 32 ? [['extui', [to, from, amount, 32 - amount]]] : undefined,
};

const is32Bit = (value: number): boolean =>
  Number.isInteger(value) && value >= -0x80000000 && value <= 0xffffffff;

/** Instructions that do together what one with an operand out of its range was meant to do, or undefined. */
export function expansion(name: string, values: Values, likeGnu: boolean): ExpansionStep[] | undefined {
  if (!is32Bit(values.at(-1) ?? 0)) return undefined;
  return expansions[name]?.(values, likeGnu);
}
