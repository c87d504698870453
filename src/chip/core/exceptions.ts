/**
 * Exceptions and interrupts.
 * Source: Xtensa ISA reference manual, section 4.4 (XEA2); the interrupt lines of this core: docs/esp32-s3.md A1 and C7.
 */
import { CAUSE } from '../bus/index.ts';
import { type CoreState, PS, SR, TIME } from './state.ts';
import { EXCEPTION_ENTRY } from './timing.ts';

const VECTOR = { kernel: 0x300, user: 0x340, double: 0x3c0, debug: 0x280 } as const;
/** Vector offset of the interrupts of level 2 to 7. */
const levelVector = (level: number) => 0x180 + 0x40 * (level - 2);
export const DEBUG_LEVEL = 6;
const EXCM_LEVEL = 3;

/** CPU interrupt lines by level. A1, core-isa.h. */
export const LEVEL_LINES: readonly number[] = [
  0, 0x000637ff, 0x00380000, 0x28c08800, 0x53000000, 0x84010000, 0, 0x00004000,
];
/** Lines that latch an edge and are cleared through INTCLEAR. A1; 7 and 29 are the software interrupts. */
export const EDGE_LINES = 0x50400400;
export const SOFTWARE_LINES = 0x20000080;
export const TIMER_LINES = [6, 15, 16] as const;
/** Lines that follow a level from outside: INTERRUPT shows them as long as the line is active. */
export const EXTERNAL_LEVEL_LINES = ~(
  EDGE_LINES |
  SOFTWARE_LINES |
  (1 << 6) |
  (1 << 15) |
  (1 << 16) |
  (1 << 11)
);

export interface Exceptions {
  /** Adds cycles at the present point of the slice. */
  charge(cycles: number): void;
  /** Takes a general exception. @returns its vector */
  raise(cause: number, pc: number, address?: number): number;
  /** Takes a debug exception, if the present level lets it. @returns the vector or `next` */
  debug(reason: number, pc: number, next: number): number;
  returnFromException(): number;
  returnFromInterrupt(level: number): number;
  /** Level of the highest interrupt that may be taken now, 0 = none. */
  pendingLevel(): number;
  /** Takes the interrupt of that level. @returns its vector */
  interrupt(level: number, pc: number): number;
}

export function createExceptions(state: CoreState, changed: () => void): Exceptions {
  const { special, time } = state;

  const setPs = (ps: number) => {
    special[SR.ps] = ps;
    changed();
  };
  const charge = (cycles: number) => {
    time[TIME.cycles] += cycles;
  };
  const enterGeneral = (cause: number, pc: number, cost: number) => {
    const ps = special[SR.ps];
    const isDouble = (ps & PS.excm) !== 0;
    special[isDouble ? SR.depc : SR.epc1] = pc;
    special[SR.exccause] = cause;
    setPs(ps | PS.excm);
    charge(cost);
    const offset = isDouble ? VECTOR.double : ps & PS.um ? VECTOR.user : VECTOR.kernel;
    return (special[SR.vecbase] + offset) | 0;
  };
  const enterLevel = (level: number, pc: number, cost: number) => {
    const ps = special[SR.ps];
    special[SR.epc1 + level - 1] = pc;
    special[SR.eps2 + level - 2] = ps;
    setPs((ps & ~PS.intlevel) | level | PS.excm);
    charge(cost);
    return (special[SR.vecbase] + levelVector(level)) | 0;
  };

  return {
    charge,
    raise(cause, pc, address) {
      if (address !== undefined) special[SR.excvaddr] = address;
      return enterGeneral(cause, pc, EXCEPTION_ENTRY.general);
    },
    debug(reason, pc, next) {
      if ((special[SR.ps] & PS.intlevel) >= DEBUG_LEVEL) return next;
      special[SR.debugcause] = reason;
      return enterLevel(DEBUG_LEVEL, pc, EXCEPTION_ENTRY.general);
    },
    returnFromException() {
      setPs(special[SR.ps] & ~PS.excm);
      return special[SR.epc1];
    },
    returnFromInterrupt(level) {
      if (level < 2 || level > 7) return special[SR.epc1];
      setPs(special[SR.eps2 + level - 2]);
      return special[SR.epc1 + level - 1];
    },
    pendingLevel() {
      const pending = special[SR.interrupt] & (special[SR.intenable] | LEVEL_LINES[7]);
      if (pending === 0) return 0;
      const ps = special[SR.ps];
      const masked = Math.max(ps & PS.intlevel, (ps & PS.excm) !== 0 ? EXCM_LEVEL : 0);
      for (let level = 7; level > masked; level--) if (pending & LEVEL_LINES[level]) return level;
      return 0;
    },
    interrupt(level, pc) {
      if (level === 1) return enterGeneral(CAUSE.level1Interrupt, pc, EXCEPTION_ENTRY.interrupt);
      if (level === 7) special[SR.interrupt] &= ~LEVEL_LINES[7];
      return enterLevel(level, pc, EXCEPTION_ENTRY.interrupt);
    },
  };
}
