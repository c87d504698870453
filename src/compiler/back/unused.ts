/** Removes instructions whose results nobody reads, as jump threading leaves them behind. */
import { addLive, clearLive, createLiveSet, removeLive } from './live-set.ts';
import { isTracked, liveOut } from './liveness.ts';
import { defsOf, FIRST_VIRTUAL, type MachineFunction, type MachineInst, usesOf } from './machine.ts';

/** Instructions that do nothing but give a result. */
const harmless = new Set(
  'mov mov.s movi add addi addmi addx2 addx4 addx8 sub subx2 subx4 subx8 and or xor extui sext slli srli srai neg l8ui l16ui l16si l32i lsi'.split(
    ' ',
  ),
);

export function dropUnusedResults(fn: MachineFunction): void {
  const out = liveOut(fn);
  const live = createLiveSet(FIRST_VIRTUAL + fn.classes.length);
  for (const block of fn.blocks) {
    clearLive(live);
    for (const reg of out.get(block.id) ?? []) addLive(live, reg);
    const kept: MachineInst[] = [];
    for (const inst of [...block.insts].reverse()) {
      const defs = defsOf(inst);
      const isUnused = defs.every((reg) => reg >= FIRST_VIRTUAL && live.place[reg] === 0);
      if (isUnused && harmless.has(inst.op) && !inst.isVolatile) continue;
      kept.push(inst);
      for (const reg of defs) removeLive(live, reg);
      for (const reg of usesOf(inst)) if (isTracked(reg)) addLive(live, reg);
    }
    block.insts = kept.reverse();
  }
}
