/**
 * The debug registers: instruction and data breakpoints, single stepping by ICOUNT.
 * Source: Xtensa ISA reference manual, section 4.7.6. While one of them is armed the core runs one instruction at a time;
 * only a data breakpoint on stores alone (FreeRTOS guards the ends of its stacks by them) costs nothing but the fast way to its page.
 */

import { type Memory, PAGE_SHIFT } from '../bus/index.ts';
import { trap } from './errors.ts';
import { DEBUG_LEVEL, type Exceptions } from './exceptions.ts';
import { type CoreState, PS, SR } from './state.ts';

/** Bits of DEBUGCAUSE. */
export const DEBUG_REASON = { icount: 1, ibreak: 2, dbreak: 4, break: 8, breakNarrow: 16 } as const;
/** Bits of DBREAKC: break on store, on load; the low six are the address mask. */
const DBREAKC = { store: 1 << 31, load: 1 << 30 } as const;
/** DEBUGCAUSE.DBNUM: which data breakpoint it was. */
const DBNUM_SHIFT = 8;
/** `trap.cause` of a debug exception raised inside an access. */
export const DEBUG_TRAP = -1;

export interface Debug {
  /** True while anything is armed that could trigger at the present interrupt level. */
  isArmed(): boolean;
  /** Before an instruction: the vector if a breakpoint or the step counter fires, else undefined. */
  before(pc: number): number | undefined;
  /** Called for each access; raises when a data breakpoint matches. */
  watch(address: number, bytes: number, isStore: boolean, pc: number): void;
  /** The data breakpoints changed. */
  update(): void;
}

export function createDebug(state: CoreState, exceptions: Exceptions, memory: Memory): Debug {
  const { special } = state;
  const level = () => special[SR.ps] & PS.intlevel;
  const steps = () => level() < special[SR.icountlevel];
  const dataBreaks = () => (special[SR.dbreakc0] | special[SR.dbreakc1]) >>> 30 !== 0;

  const loadBreaks = () => ((special[SR.dbreakc0] | special[SR.dbreakc1]) & DBREAKC.load) !== 0;
  /** Pages whose stores are watched for the two breakpoints. A breakpoint covers 64 aligned bytes at most. */
  const pages: (number | undefined)[] = [undefined, undefined];

  return {
    isArmed: () => special[SR.ibreakenable] !== 0 || loadBreaks() || steps(),
    update() {
      for (const index of [0, 1]) {
        const isOn = (special[SR.dbreakc0 + index] & DBREAKC.store) !== 0;
        const page = isOn ? special[SR.dbreaka0 + index] >>> PAGE_SHIFT : undefined;
        if (page === pages[index]) continue;
        if (pages[index] !== undefined) memory.watchStores(pages[index] << PAGE_SHIFT, -1);
        if (page !== undefined) memory.watchStores(page << PAGE_SHIFT, 1);
        pages[index] = page;
      }
    },
    before(pc) {
      if (level() >= DEBUG_LEVEL) return undefined;
      for (const index of [0, 1]) {
        const enabled = (special[SR.ibreakenable] >>> index) & 1;
        if (enabled && special[SR.ibreaka0 + index] === (pc | 0)) {
          return exceptions.debug(DEBUG_REASON.ibreak, pc, pc);
        }
      }
      if (!steps()) return undefined;
      // ICOUNT counts up; the instruction at which it would become 0 is not executed.
      if (special[SR.icount] === -1) return exceptions.debug(DEBUG_REASON.icount, pc, pc);
      special[SR.icount]++;
      return undefined;
    },
    watch(address, bytes, isStore, pc) {
      if (!dataBreaks() || level() >= DEBUG_LEVEL) return;
      for (const index of [0, 1]) {
        const control = special[SR.dbreakc0 + index];
        if ((control & (isStore ? DBREAKC.store : DBREAKC.load)) === 0) continue;
        const mask = 0xffffffc0 | (control & 63);
        const matches = Array.from(
          { length: bytes },
          (_, at) => ((address + at) & mask) === (special[SR.dbreaka0 + index] & mask),
        );
        if (!matches.includes(true)) continue;
        trap.cause = DEBUG_TRAP;
        trap.pc = pc;
        trap.address = DEBUG_REASON.dbreak | (index << DBNUM_SHIFT);
        throw trap;
      }
    },
  };
}
