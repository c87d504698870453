/** Which registers a compiled function leaves changed: what its callers cannot keep across a call of it. */
import { frameSize, needsScratch, SCRATCH } from './frame.ts';
import { callClobbers, defsOf, type MachineFunction } from './machine.ts';

/** Used by the prologue where the depth of the stack is checked, or the frame is beyond the reach of addmi. */
const PROLOGUE = [8, 9];
const LARGEST_STEP = 32_000;

/** Besides the return address; callee-saved registers are restored. */
export function lostRegisters(fn: MachineFunction, checked: boolean): number[] {
  const written = new Set<number>();
  if (checked || frameSize(fn) > LARGEST_STEP) for (const reg of PROLOGUE) written.add(reg);
  if (needsScratch(fn)) written.add(SCRATCH);
  for (const { insts } of fn.blocks)
    for (const inst of insts) for (const reg of defsOf(inst)) written.add(reg);
  return callClobbers.filter((reg) => reg !== 0 && written.has(reg));
}
