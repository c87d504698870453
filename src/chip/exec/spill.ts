/**
 * Register windows handled by the host for programs without an operating system: the "spill all windows" system call
 * (setjmp, longjmp) and movsp whose caller's registers are in memory.
 * Source: Xtensa ISA reference manual, section 4.7.1; the windowed ABI's save areas: Xtensa System Software manual.
 */

import { type Core, PS, SR } from '../core/index.ts';
import type { ProgramMemory } from './memory.ts';

/** Windows with their start bit set, from the one behind the current round to the one before it: oldest first. */
function olderFrames(base: number, windowStart: number): number[] {
  const frames: number[] = [];
  for (let step = 1; step < 16; step++) {
    const window = (base + step) & 15;
    if ((windowStart >>> window) & 1) frames.push(window);
  }
  return frames;
}

/** Stores the registers of all frames but the current one in their stack save areas. */
export function spillWindows(core: Core, memory: ProgramMemory): void {
  const { special, ar } = core.state;
  const base = special[SR.windowbase];
  const frames = [...olderFrames(base, special[SR.windowstart]), base];
  for (const [index, window] of frames.slice(0, -1).entries()) {
    const next = frames[index + 1];
    const size = (next - window) & 15;
    const register = (number: number) => ar[(window * 4 + number) & 63];
    const calleeStack = ar[(next * 4 + 1) & 63] >>> 0;
    for (let number = 0; number < 4; number++)
      memory.write32(calleeStack - 16 + 4 * number, register(number));
    if (size === 1) continue;
    // Registers from a4 on lie below the stack pointer of the frame's own caller.
    const callerStack = memory.read32((register(1) >>> 0) - 12) >>> 0;
    const extra = 4 * (size - 1);
    const area = callerStack - 16 - 4 * extra;
    for (let number = 0; number < extra; number++) memory.write32(area + 4 * number, register(4 + number));
  }
  special[SR.windowstart] = 1 << base;
  core.stateChanged();
}

/**
 * movsp found its caller's window in memory: lets the underflow handler bring it back, which then returns to the movsp.
 * @returns the address of that handler
 */
export function reloadCaller(core: Core): number {
  const { special, ar } = core.state;
  const base = special[SR.windowbase];
  const size = ar[(base * 4) & 63] >>> 30;
  special[SR.ps] = (special[SR.ps] & ~PS.owb) | (base << PS.owbShift);
  special[SR.windowbase] = (base - size) & 15;
  core.stateChanged();
  return (special[SR.vecbase] + 0x40 + 0x80 * (Math.max(size, 1) - 1)) >>> 0;
}
