/**
 * What must hold of machine code between the steps of the back end: run after every one in tests, and with `verify` of the
 * compile options.
 */
import { isTracked, liveIn } from './liveness.ts';
import {
  defsOf,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  successors,
  terminatorOf,
  usesOf,
} from './machine.ts';
import { printMachine } from './print-machine.ts';
import { accessOf, mayConflict } from './schedule.ts';

function failIn(fn: MachineFunction, step: string): (what: string) => never {
  return (what) => {
    throw new Error(`internal error: after ${step}, ${fn.name}: ${what}\n${printMachine(fn)}`);
  };
}

/** Every register is written before it is read, and what a hardware loop steps is not wanted behind it. */
export function verifyRegisters(fn: MachineFunction, step: string): void {
  const fail = failIn(fn, step);
  const ids = new Set(fn.blocks.map(({ id }) => id));
  for (const block of fn.blocks)
    for (const id of successors(block))
      if (!ids.has(id)) fail(`block ${block.id} goes to ${id}, which is gone`);
  const live = liveIn(fn);
  for (const reg of live.get(fn.blocks[0].id) ?? [])
    if (reg >= FIRST_VIRTUAL) fail(`v${reg - FIRST_VIRTUAL} is read where nothing was written`);
  for (const block of fn.blocks) {
    const end = terminatorOf(block);
    if (end.op !== 'loopback') continue;
    const [header, out] = end.targets;
    const wanted = live.get(out);
    for (const reg of fn.stepped.get(header) ?? [])
      if (wanted?.includes(reg))
        fail(
          `v${reg - FIRST_VIRTUAL} is stepped at the end of the hardware loop at ${header} and read behind it`,
        );
  }
}

/** No instruction touches a register that is set aside for the emitter. */
export function verifyReserved(fn: MachineFunction, reserved: readonly number[]): void {
  const fail = failIn(fn, 'allocation');
  for (const { id, insts } of fn.blocks)
    for (const inst of insts)
      for (const operand of inst.operands)
        if (operand.kind === 'register' && reserved.includes(operand.reg))
          fail(`block ${id} uses a${operand.reg}, which is set aside`);
}

/** The order of the instructions, to be compared with a later one. */
export function snapshot(fn: MachineFunction): ReadonlyMap<MachineBlock, readonly MachineInst[]> {
  return new Map(fn.blocks.map((block) => [block, [...block.insts]]));
}

/** Another order is as good as the old one: the same values, memory as before, checks and volatile accesses in place. */
export function verifyOrder(
  fn: MachineFunction,
  before: ReadonlyMap<MachineBlock, readonly MachineInst[]>,
  step: string,
): void {
  const fail = failIn(fn, step);
  for (const block of fn.blocks) {
    const old = before.get(block) ?? [];
    const place = new Map(block.insts.map((inst, i) => [inst, i]));
    if (old.length !== block.insts.length || !old.every((inst) => place.has(inst)))
      fail(`block ${block.id} has other instructions than before`);
    sameValues(old, block.insts, (what) => fail(`block ${block.id}: ${what}`));
    const moved = (a: MachineInst, b: MachineInst) => (place.get(a) as number) > (place.get(b) as number);
    sameMemory(old, moved, (what) => fail(`block ${block.id}: ${what}`));
  }
}

/** Each reads what the same instruction wrote as before. */
function sameValues(
  old: readonly MachineInst[],
  now: readonly MachineInst[],
  fail: (what: string) => never,
): void {
  const sources = (insts: readonly MachineInst[]) => {
    const last = new Map<number, MachineInst>();
    const read = new Map<MachineInst, Map<number, MachineInst | undefined>>();
    for (const inst of insts) {
      read.set(inst, new Map(usesOf(inst).map((reg) => [reg, last.get(reg)])));
      for (const reg of defsOf(inst)) last.set(reg, inst);
    }
    return { last, read };
  };
  const [was, is] = [sources(old), sources(now)];
  for (const [inst, regs] of was.read)
    for (const [reg, from] of regs)
      if (is.read.get(inst)?.get(reg) !== from) fail(`${inst.op} reads register ${reg} from elsewhere`);
  for (const [reg, from] of was.last)
    if (isTracked(reg) && is.last.get(reg) !== from) fail(`register ${reg} ends with another value`);
}

/** Pairs of memory accesses looked at in one block; beyond it (machine-made code) the rest is believed. */
const MOST_ACCESSES = 300;

function sameMemory(
  old: readonly MachineInst[],
  moved: (a: MachineInst, b: MachineInst) => boolean,
  fail: (what: string) => never,
): void {
  const versions = new Map<number, number>();
  const accesses = old.slice(0, MOST_ACCESSES).flatMap((inst) => {
    const access = accessOf(inst, 0, versions);
    for (const reg of defsOf(inst)) versions.set(reg, (versions.get(reg) ?? 0) + 1);
    const stays = inst.trap !== 0 || inst.isVolatile || inst.op.startsWith('call') || inst.op === 'memw';
    return access || stays ? [{ inst, access, stays }] : [];
  });
  accesses.forEach((first, i) => {
    for (const second of accesses.slice(i + 1)) {
      const tied =
        first.stays ||
        second.stays ||
        (first.access && second.access && mayConflict(first.access, second.access));
      if (tied && moved(first.inst, second.inst)) fail(`${second.inst.op} overtook ${first.inst.op}`);
    }
  });
}
