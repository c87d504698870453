/** Keeps values in the stack frame: a load before every use, a store after every definition. */
import { loadConstant } from './constants.ts';
import {
  type ConstantValue,
  classOf,
  isMove,
  type MachineFunction,
  type MachineInst,
  machineInst,
  moveOperands,
  newRegister,
  type Operand,
  SP,
} from './machine.ts';

interface Home {
  /** Word in the frame, or the constant that is loaded anew at each use. */
  readonly slot: number;
  readonly constant: ConstantValue | undefined;
}

/** Rewrites the function; returns the short-lived registers that it made. */
export function spill(fn: MachineFunction, groups: readonly (readonly number[])[]): number[] {
  const homes = new Map<number, Home>();
  for (const group of groups) {
    const home = homeOf(fn, group);
    for (const reg of group) homes.set(reg, home);
  }
  const made: number[] = [];
  for (const block of fn.blocks) {
    const insts: MachineInst[] = [];
    const recent: Recent = new Map();
    for (const inst of block.insts) {
      spillInst(fn, inst, homes, insts, made, recent);
      if (inst.op.startsWith('call')) recent.clear();
    }
    block.insts = insts;
  }
  return made;
}

/** Registers that a spilled value was last loaded to or made in, and how far into the block that was. */
type Recent = Map<Home, { readonly reg: number; readonly at: number }>;

/** For so many instructions a value stays in the register it was in; longer would need registers again. */
const REUSE_DISTANCE = 4;

function homeOf(fn: MachineFunction, group: readonly number[]): Home {
  const constants = group.map((reg) => fn.constants.get(reg));
  const [first] = constants;
  const same = constants.every((value) => value && value.imm === first?.imm && value.symbol === first.symbol);
  if (same && first) return { slot: -1, constant: first };
  return { slot: fn.slots++, constant: undefined };
}

function frameSlot(slot: number): Operand {
  return { kind: 'frame', area: 'slot', offset: 4 * slot };
}

function load(fn: MachineFunction, reg: number, home: Home, at: number): MachineInst {
  return machineInst(classOf(fn, reg) === 'f' ? 'lsi' : 'l32i', 'dso', [reg, SP, frameSlot(home.slot)], at);
}

function store(fn: MachineFunction, reg: number, home: Home, at: number): MachineInst {
  return machineInst(classOf(fn, reg) === 'f' ? 'ssi' : 's32i', 'sso', [reg, SP, frameSlot(home.slot)], at);
}

function spillInst(
  fn: MachineFunction,
  inst: MachineInst,
  homes: ReadonlyMap<number, Home>,
  out: MachineInst[],
  made: number[],
  recent: Recent,
): void {
  if (isMove(inst) && spillMove(fn, inst, homes, out, recent)) return;
  const after: MachineInst[] = [];
  const [read, written]: [Home, number][][] = [[], []];
  const temporaries = new Map<number, number>();
  let dropped = false;
  for (const operand of inst.operands) {
    if (operand.kind !== 'register') continue;
    const home = homes.get(operand.reg);
    if (!home) continue;
    if (home.constant && operand.role === 'def') {
      // The load of a constant that is now loaded where it is used.
      dropped = true;
      continue;
    }
    let temporary = temporaries.get(operand.reg);
    const known = recent.get(home);
    if (
      temporary === undefined &&
      operand.role === 'use' &&
      known &&
      out.length - known.at <= REUSE_DISTANCE
    ) {
      temporary = known.reg;
      temporaries.set(operand.reg, temporary);
    } else if (temporary === undefined) {
      temporary = newRegister(fn, classOf(fn, operand.reg));
      made.push(temporary);
      temporaries.set(operand.reg, temporary);
      if (home.constant) {
        fn.constants.set(temporary, home.constant);
        out.push(...loadConstant(fn, temporary, inst.at));
      } else if (operand.role !== 'def') out.push(load(fn, temporary, home, inst.at));
    }
    if (operand.role !== 'use' && !home.constant) after.push(store(fn, temporary, home, inst.at));
    (operand.role === 'use' ? read : written).push([home, temporary]);
    operand.reg = temporary;
  }
  if (dropped) return;
  out.push(inst, ...after);
  // Only now, results last: an operand that is read must not find the register of the result.
  for (const [home, reg] of [...read, ...written]) recent.set(home, { reg, at: out.length });
}

/** A move from or to memory is a load or a store. */
function spillMove(
  fn: MachineFunction,
  inst: MachineInst,
  homes: ReadonlyMap<number, Home>,
  out: MachineInst[],
  recent: Recent,
): boolean {
  const [to, from] = moveOperands(inst);
  const [target, source] = [homes.get(to), homes.get(from)];
  if (target && source) {
    if (target === source) return true;
    return false;
  }
  if (target && !target.constant) {
    recent.delete(target);
    out.push(store(fn, from, target, inst.at));
  } else if (source && !source.constant) out.push(load(fn, to, source, inst.at));
  else return false;
  return true;
}
