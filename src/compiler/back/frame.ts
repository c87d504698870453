/** The stack frame of a function: arguments for callees, then spilled values. */
import type { MachineFunction } from './machine.ts';
import { isFar } from './reach.ts';

/** Largest offset of l32i and its kin; a frame beyond it needs the scratch register. */
export const MAX_OFFSET = 1020;
/** Nothing is passed in it and it is the caller's to lose: it need not be saved, which would take a scratch register. */
export const SCRATCH = 11;
const FRAME_ALIGN = 16;

export function frameSize(fn: MachineFunction): number {
  const bytes = fn.outgoing + 4 * fn.slots;
  return Math.ceil(bytes / FRAME_ALIGN) * FRAME_ALIGN;
}

/** Whether the emitter needs a register of its own: for far places in the frame or far jumps. */
export function needsScratch(fn: MachineFunction): boolean {
  return hasLargeFrame(fn) || isFar(fn);
}

export function hasLargeFrame(fn: MachineFunction): boolean {
  const incoming = 4 * (fn.signature.params.length * 2 + fn.signature.results.length * 2);
  return frameSize(fn) + incoming > MAX_OFFSET;
}
