/**
 * The machine form: Xtensa instructions over virtual registers. Registers are numbers: a0-a15, f0-f15, the booleans b0 and
 * b1 and SAR are fixed, everything from FIRST_VIRTUAL on is to be allocated.
 */
import type { RegisterClass, Signature } from '../middle/ir.ts';

export const F0 = 16;
export const B0 = 32;
export const SAR = 33;
export const B1 = 34;
export const FIRST_VIRTUAL = 40;
export const SP = 1;

export type Role = 'def' | 'use' | 'both';

/** Where in the stack frame: arguments for callees, spilled values, or what the caller passed on its stack. */
export type FrameArea = 'outgoing' | 'slot' | 'incoming';

export type Operand =
  | { readonly kind: 'register'; reg: number; readonly role: Role }
  | { readonly kind: 'immediate'; readonly value: number }
  | { readonly kind: 'symbol'; readonly name: string; readonly addend: number }
  | { readonly kind: 'frame'; readonly area: FrameArea; readonly offset: number }
  /** The jump table of the block in which the instruction stands. */
  | { readonly kind: 'table'; readonly block: number };

export interface MachineInst {
  op: string;
  operands: Operand[];
  /** Registers read and written without being operands: arguments and losses of calls, SAR, b0. */
  uses: readonly number[];
  defs: readonly number[];
  /** Of the last instruction of a block: ids of the blocks it may go to; of a branch taken first. */
  targets: number[];
  /** A branch in the middle of a block: the trap it goes to. */
  trap: number;
  at: number;
  /** An access to memory that keeps its place among all others: a register of the chip, a word another core writes. */
  isVolatile?: boolean;
}

export interface MachineBlock {
  readonly id: number;
  insts: MachineInst[];
  readonly depth: number;
  /** Header of the innermost loop around it, or -1. */
  readonly loop: number;
}

/** What a register that holds a constant is loaded with. */
export interface ConstantValue {
  readonly imm: number;
  readonly symbol: string;
}

export interface MachineFunction {
  readonly name: string;
  readonly symbol: string;
  readonly signature: Signature;
  blocks: MachineBlock[];
  /** Classes of the virtual registers, from FIRST_VIRTUAL on. */
  readonly classes: RegisterClass[];
  /** Virtual registers that can be made again anywhere instead of being kept. */
  readonly constants: Map<number, ConstantValue>;
  /** Bytes for arguments of callees on the stack, and words for spilled values. */
  outgoing: number;
  slots: number;
  /** Preheader of each loop header. */
  readonly preheaders: Map<number, number>;
  /** Registers that the end of each hardware loop gives their next values, by header. */
  readonly stepped: Map<number, readonly number[]>;
}

/** A function of its own with the same instructions; what never changes is shared. */
export function copyMachine(fn: MachineFunction): MachineFunction {
  const copyOperand = (operand: Operand): Operand => (operand.kind === 'register' ? { ...operand } : operand);
  const copyInst = (inst: MachineInst): MachineInst => ({
    ...inst,
    operands: inst.operands.map(copyOperand),
    targets: [...inst.targets],
  });
  return {
    ...fn,
    blocks: fn.blocks.map((block) => ({ ...block, insts: block.insts.map(copyInst) })),
    classes: [...fn.classes],
    constants: new Map(fn.constants),
    preheaders: new Map(fn.preheaders),
    stepped: new Map(fn.stepped),
  };
}

export function newRegister(fn: MachineFunction, type: RegisterClass): number {
  return FIRST_VIRTUAL + fn.classes.push(type) - 1;
}

export function classOf(fn: MachineFunction, reg: number): RegisterClass {
  if (reg >= FIRST_VIRTUAL) return fn.classes[reg - FIRST_VIRTUAL];
  return reg >= F0 ? 'f' : 'i';
}

type Part = number | Operand;

const roles: Readonly<Record<string, Role>> = { d: 'def', s: 'use', x: 'both' };

/**
 * Makes an instruction. One letter per operand: d written, s read, x both, i a number; anything else stands in the list
 * as an Operand (letter o).
 */
export function machineInst(op: string, format: string, parts: readonly Part[], at = 0): MachineInst {
  const operands = parts.map((part, i): Operand => {
    if (typeof part !== 'number') return part;
    const role = roles[format[i]];
    return role ? { kind: 'register', reg: part, role } : { kind: 'immediate', value: part };
  });
  const implicit = implicitRegisters[op];
  return { op, operands, uses: implicit?.uses ?? [], defs: implicit?.defs ?? [], targets: [], trap: 0, at };
}

/** Processor state that counts as a register for ordering. */
const implicitRegisters: Readonly<Record<string, { uses?: number[]; defs?: number[] }>> = {
  ssl: { defs: [SAR] },
  ssr: { defs: [SAR] },
  ssai: { defs: [SAR] },
  sll: { uses: [SAR] },
  srl: { uses: [SAR] },
  sra: { uses: [SAR] },
  src: { uses: [SAR] },
};

/** Registers that the instruction reads. */
export function usesOf(inst: MachineInst): number[] {
  const regs = inst.uses.slice();
  for (const operand of inst.operands)
    if (operand.kind === 'register' && operand.role !== 'def') regs.push(operand.reg);
  return regs;
}

export function defsOf(inst: MachineInst): number[] {
  const regs = inst.defs.slice();
  for (const operand of inst.operands)
    if (operand.kind === 'register' && operand.role !== 'use') regs.push(operand.reg);
  return regs;
}

export function isMove(inst: MachineInst): boolean {
  return inst.op === 'mov' || inst.op === 'mov.s';
}

/** Both operands of a move: to, from. */
export function moveOperands(inst: MachineInst): [to: number, from: number] {
  const [to, from] = inst.operands;
  return [to.kind === 'register' ? to.reg : -1, from.kind === 'register' ? from.reg : -1];
}

export function terminatorOf(block: MachineBlock): MachineInst {
  return block.insts[block.insts.length - 1];
}

export function successors(block: MachineBlock): number[] {
  return terminatorOf(block).targets;
}

export const callClobbers: readonly number[] = [
  0,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  11,
  ...Array.from({ length: 16 }, (_, i) => F0 + i),
];
