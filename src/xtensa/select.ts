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

/** The 16-bit twin of an instruction, and its operands; undefined where these operands have no twin. */
const narrowForms = new Map<string, { opcode: Opcode; operands: (values: Values) => Values | undefined }>(
  [
    ...['add', 'addi', 'l32i', 's32i', 'movi', 'ret', 'retw', 'nop'].map(
      (name): [string, string, (values: Values) => Values | undefined] => [name, `${name}.n`, same],
    ),
    ['or', 'mov.n', ([to, from, again]: Values) => (from === again ? [to, from] : undefined)] as const,
  ].map(([name, narrow, operands]) => [name, { opcode: opcodeNamed(narrow), operands }]),
);

/** The dense form of an instruction with these operands, if there is one. */
export function narrowForm(opcode: Opcode, values: Values): { opcode: Opcode; word: number } | undefined {
  const form = narrowForms.get(opcode.name);
  const operands = form?.operands(values);
  const word = form && operands && tryEncode(form.opcode, operands);
  return word === undefined ? undefined : { opcode: form!.opcode, word };
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
  return [...forms, { opcode: opcodeNamed(inverses.get(wideName)!), over: true }];
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

/** One instruction of an expansion. */
export type Step = readonly [name: string, values: Values];

/** base + a multiple of 256 that addmi can add + a rest for an instruction whose offsets run from `low` to `high`. */
function splitOffset(offset: number, low: number, high: number): { upper: number; rest: number } | undefined {
  const upper = Math.floor((offset - low) / 256) * 256;
  const rest = offset - upper;
  if (upper < -32768 || upper > 32512 || rest > high) return undefined;
  return { upper, rest };
}

function expandAddi([to, from, amount]: Values): Step[] | undefined {
  const split = splitOffset(amount, -128, 127);
  if (!split) return undefined;
  return [
    ['addmi', [to, from, split.upper]],
    ['addi', [to, to, split.rest]],
  ];
}

/** A load may form its address in the register that it loads, the base included: the base is read first. */
const expandLoad =
  (name: string) =>
  ([to, base, offset]: Values): Step[] | undefined => {
    const split = splitOffset(offset, 0, 255);
    if (!split || split.rest % (name === 'l32i' ? 4 : name === 'l8ui' ? 1 : 2) !== 0) return undefined;
    return [
      ['addmi', [to, base, split.upper]],
      [name, [to, to, split.rest]],
    ];
  };

const expansions: Readonly<Record<string, (values: Values) => Step[] | undefined>> = {
  addi: expandAddi,
  l8ui: expandLoad('l8ui'),
  l16ui: expandLoad('l16ui'),
  l16si: expandLoad('l16si'),
  l32i: expandLoad('l32i'),
  slli: ([to, from, amount]) => (amount === 0 ? [['or', [to, from, from]]] : undefined),
};

/** Instructions that do together what one with an operand out of its range was meant to do, or undefined. */
export function expansion(name: string, values: Values): Step[] | undefined {
  return expansions[name]?.(values);
}
