/**
 * The register windows: which of the 16 visible registers may be touched, and what rotates them.
 * Source: Xtensa ISA reference manual, sections 4.7.1 and 8 (ENTRY, RETW, MOVSP, RFWO, RFWU, ROTW).
 */
import { CAUSE } from '../bus/index.ts';
import type { Exceptions } from './exceptions.ts';
import { type CoreState, PS, SR } from './state.ts';
import { EXCEPTION_ENTRY, TAKEN } from './timing.ts';

/** What a retw costs before it finds out that its window is not there: issue and two bubbles. */
const RETURN_COST = 1 + TAKEN;
const VECTORS = { overflow: [0x000, 0x080, 0x100], underflow: [0x040, 0x0c0, 0x140] } as const;

/** Groups of four registers that may be touched before one belongs to an older frame: 1 to 4. */
export function freeGroups(state: CoreState): number {
  const ps = state.special[SR.ps];
  if ((ps & PS.woe) === 0 || (ps & PS.excm) !== 0) return 4;
  const start = state.special[SR.windowstart];
  const base = state.special[SR.windowbase];
  for (let group = 1; group < 4; group++) if ((start >>> ((base + group) & 15)) & 1) return group;
  return 4;
}

export interface Windows {
  /** Takes the overflow exception that touching a register beyond `freeGroups` means. @returns the vector */
  overflow(pc: number): number;
  entry(register: number, frame: number, pc: number, next: number): number;
  windowedReturn(link: number, pc: number): number;
  moveStackPointer(pc: number, next: number): number;
  /** @param overflow 1 after an overflow, 0 after an underflow */
  returnFromWindow(overflow: number): number;
  rotateWindow(by: number): void;
}

export function createWindows(
  state: CoreState,
  exceptions: Exceptions,
  changed: () => void,
  straddle: (target: number) => number,
): Windows {
  const { special, ar } = state;

  const setBase = (base: number) => {
    special[SR.windowbase] = base & 15;
    changed();
  };
  const hasStart = (window: number) => ((special[SR.windowstart] >>> (window & 15)) & 1) !== 0;
  const windowsEnabled = () => (special[SR.ps] & (PS.woe | PS.excm)) === PS.woe;

  const enterWindowVector = (pc: number, offset: number, cost: number) => {
    const owb = special[SR.windowbase] << PS.owbShift;
    special[SR.ps] = (special[SR.ps] & ~PS.owb) | owb | PS.excm;
    special[SR.epc1] = pc;
    exceptions.charge(cost);
    return (special[SR.vecbase] + offset) | 0;
  };

  const overflow = (pc: number) => {
    const base = special[SR.windowbase];
    const group = freeGroups(state);
    const owner = base + group;
    const size = hasStart(owner + 1) ? 0 : hasStart(owner + 2) ? 1 : 2;
    const vector = enterWindowVector(pc, VECTORS.overflow[size], EXCEPTION_ENTRY.window);
    setBase(owner);
    return vector;
  };

  return {
    overflow,
    entry(register, frame, pc, next) {
      if (register > 3 || !windowsEnabled()) return exceptions.raise(CAUSE.illegal, pc);
      const callinc = (special[SR.ps] & PS.callinc) >>> PS.callincShift;
      if (callinc >= freeGroups(state)) return overflow(pc);
      const base = special[SR.windowbase];
      const stack = ar[(base * 4 + register) & 63];
      ar[((base + callinc) * 4 + register) & 63] = stack - frame;
      special[SR.windowstart] |= 1 << ((base + callinc) & 15);
      setBase(base + callinc);
      return next;
    },
    windowedReturn(link, pc) {
      const size = link >>> 30;
      const base = special[SR.windowbase];
      const found = hasStart(base - 1) ? 1 : hasStart(base - 2) ? 2 : hasStart(base - 3) ? 3 : 0;
      if (size === 0 || (found !== 0 && found !== size) || !windowsEnabled()) {
        return exceptions.raise(CAUSE.illegal, pc);
      }
      if (!hasStart(base - size)) {
        const vector = enterWindowVector(
          pc,
          VECTORS.underflow[size - 1],
          EXCEPTION_ENTRY.window - RETURN_COST,
        );
        setBase(base - size);
        return vector;
      }
      special[SR.windowstart] &= ~(1 << base);
      // retw writes CALLINC (a state it declares as written in the core's description).
      special[SR.ps] = (special[SR.ps] & ~PS.callinc) | (size << PS.callincShift);
      setBase(base - size);
      const target = (pc & 0xc0000000) | (link & 0x3fffffff);
      exceptions.charge(straddle(target));
      return target;
    },
    moveStackPointer(pc, next) {
      const base = special[SR.windowbase];
      if (hasStart(base - 1) || hasStart(base - 2) || hasStart(base - 3)) return next;
      return exceptions.raise(CAUSE.alloca, pc);
    },
    returnFromWindow(overflowed) {
      const bit = 1 << special[SR.windowbase];
      if (overflowed !== 0) special[SR.windowstart] &= ~bit;
      else special[SR.windowstart] |= bit;
      const ps = special[SR.ps];
      special[SR.ps] = ps & ~PS.excm;
      setBase((ps & PS.owb) >>> PS.owbShift);
      return special[SR.epc1];
    },
    rotateWindow(by) {
      setBase(special[SR.windowbase] + by);
    },
  };
}
