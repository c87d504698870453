/** The state of instruction selection in one function, and what all its rules use. */
import type { Block, Inst, IrFunction, Value } from '../middle/ir.ts';
import type { Loop } from '../middle/loops.ts';
import {
  FIRST_VIRTUAL,
  type MachineFunction,
  type MachineInst,
  machineInst,
  newRegister,
  type Operand,
} from './machine.ts';

export interface Selector {
  readonly fn: IrFunction;
  readonly out: MachineFunction;
  readonly registers: Map<Value, number>;
  /** Values that some selected instruction reads from a register. */
  readonly needed: Set<Value>;
  /** Number of instructions and edges that mention each value. */
  readonly useCounts: readonly number[];
  /** The instructions made for the current intermediate instruction, in order. */
  pending: MachineInst[];
  at: number;
  /** The block being selected. */
  block: Block;
  /** The hardware loop that a block is in. */
  readonly hardwareLoop: (block: Block) => Loop | undefined;
  /** Copies of a hardware loop's parameters for what comes behind it: at its end they are a round ahead. */
  readonly kept: Map<Value, number>;
  /** Registers that a function may leave changed, besides a0 and its results. */
  readonly lossesOf: Losses;
}

/** By the function's symbol; undefined where nothing is known but the calling convention. */
export type Losses = (symbol: string) => readonly number[] | undefined;

export type Rule = (s: Selector, inst: Inst, result: number) => void;

/** Appends a machine instruction; see `machineInst` for the format letters. */
export function put(s: Selector, op: string, format: string, ...parts: (number | Operand)[]): MachineInst {
  const inst = machineInst(op, format, parts, s.at);
  s.pending.push(inst);
  return inst;
}

/** A fresh register for an intermediate result. */
export function temporary(s: Selector, type: 'i' | 'f' = 'i'): number {
  return newRegister(s.out, type);
}

/** The register of a value, which thereby has to be computed. */
export function use(s: Selector, value: Value): number {
  s.needed.add(value);
  return isStepped(s, value) ? keptFor(s, value) : registerFor(s, value);
}

/** A parameter of a hardware loop, seen from outside of it. */
function isStepped(s: Selector, value: Value): boolean {
  const { block } = s.fn.values[value];
  const loop = block && s.hardwareLoop(block);
  return loop !== undefined && loop.header === block && s.hardwareLoop(s.block) !== loop;
}

function keptFor(s: Selector, value: Value): number {
  let reg = s.kept.get(value);
  if (reg === undefined) {
    reg = newRegister(s.out, s.fn.values[value].type);
    s.kept.set(value, reg);
  }
  return reg;
}

/**
 * The instruction that makes a value, for rules that take it into their own instruction. What is made in a hardware loop
 * is not taken apart behind it: its operands may be a round ahead there.
 */
export function definition(s: Selector, value: Value): Inst | undefined {
  const { inst } = s.fn.values[value];
  if (!inst) return undefined;
  const loop = s.hardwareLoop(inst.block);
  return loop === undefined || s.hardwareLoop(s.block) === loop ? inst : undefined;
}

export function registerFor(s: Selector, value: Value): number {
  let reg = s.registers.get(value);
  if (reg === undefined) {
    const info = s.fn.values[value];
    reg = newRegister(s.out, info.type);
    s.registers.set(value, reg);
    if (info.kind === 'const' || info.kind === 'symbol')
      s.out.constants.set(reg, { imm: info.imm, symbol: info.symbol });
  }
  return reg;
}

/** A register with a constant that the intermediate form does not mention. */
export function constantRegister(s: Selector, imm: number, symbol = ''): number {
  const key = `i${imm | 0}`;
  const known = s.fn.constants.get(symbol ? `${symbol}+${imm}` : key);
  if (known !== undefined) return use(s, known);
  for (const [reg, value] of s.out.constants)
    if (value.imm === (imm | 0) && value.symbol === symbol && s.out.classes[reg - FIRST_VIRTUAL] === 'i')
      return reg;
  const reg = newRegister(s.out, 'i');
  s.out.constants.set(reg, { imm: imm | 0, symbol });
  return reg;
}

/** The instruction that computes a value, if it is one of the named operations. */
export function definedBy(s: Selector, value: Value, ...ops: string[]): Inst | undefined {
  const inst = definition(s, value);
  return inst && ops.includes(inst.op) ? inst : undefined;
}

export function immediate(s: Selector, value: Value): number | undefined {
  const info = s.fn.values[value];
  return info.kind === 'const' ? info.imm : undefined;
}

export function moveOp(s: Selector, reg: number): string {
  return s.out.classes[reg - FIRST_VIRTUAL] === 'f' ? 'mov.s' : 'mov';
}

/** Puts a constant into a given register; whole numbers need no register of their own for that. */
export function putConstant(s: Selector, to: number, value: Value): void {
  const { type, symbol, imm } = s.fn.values[value];
  if (type === 'f') put(s, 'mov.s', 'ds', to, use(s, value));
  else if (symbol) put(s, 'movi', 'do', to, { kind: 'symbol', name: symbol, addend: imm });
  else put(s, 'movi', 'di', to, imm);
}

export function isConstant(s: Selector, value: Value): boolean {
  const { kind } = s.fn.values[value];
  return kind === 'const' || kind === 'symbol';
}
