/**
 * Writes of special registers that do more than store: what is translated, pending or timed changes with them.
 * Source: Xtensa ISA reference manual, chapter 5.
 */
import { EDGE_LINES, SOFTWARE_LINES, TIMER_LINES } from './exceptions.ts';
import { type CoreState, PS, SR, TIME } from './state.ts';

export interface Timers {
  /** Cycles from the present CCOUNT until the next CCOMPARE match, at most 2^32. */
  untilNext(): number;
  /** Sets the interrupts of the timers which matched since the last call. */
  look(): void;
  /** The slice's cycle count is about to start at 0 again. */
  beginSlice(): void;
}

const PS_MASK = PS.intlevel | PS.excm | PS.um | PS.owb | PS.callinc | PS.woe;

export function createTimers(state: CoreState): Timers {
  const { special, time } = state;
  /** Cycle of the slice up to which matches have been seen. */
  let seen = 0;
  const ccount = () => (time[TIME.ccountBase] + time[TIME.cycles]) | 0;
  const distance = (index: number) => (special[SR.ccompare0 + index] - ccount()) >>> 0 || 2 ** 32;
  return {
    untilNext: () => Math.min(distance(0), distance(1), distance(2)),
    look() {
      for (const [index, line] of TIMER_LINES.entries()) {
        const since = (ccount() - special[SR.ccompare0 + index]) >>> 0;
        if (since < time[TIME.cycles] - seen) special[SR.interrupt] |= 1 << line;
      }
      seen = time[TIME.cycles];
    },
    beginSlice() {
      seen = 0;
    },
  };
}

/**
 * @param changed the variant or the interrupt situation may have changed
 * @param retime called before a timer or CCOUNT changes: the running slice ends soon, its length rested on them
 * @param dataBreaks the data breakpoints changed
 */
export function createSpecialWriter(
  state: CoreState,
  changed: () => void,
  retime: () => void,
  dataBreaks: () => void,
): (number: number, value: number) => void {
  const { special, time } = state;

  const store =
    (mask: number, then: () => void = changed) =>
    (value: number, number: number) => {
      special[number] = value & mask;
      then();
    };
  const compare = (index: number) => (value: number) => {
    retime();
    special[SR.ccompare0 + index] = value;
    special[SR.interrupt] &= ~(1 << TIMER_LINES[index]);
    changed();
  };
  const dataBreak = (mask: number) =>
    store(mask, () => {
      dataBreaks();
      changed();
    });

  const writers: Readonly<Record<number, (value: number, number: number) => void>> = {
    [SR.windowbase]: store(15),
    [SR.windowstart]: store(0xffff),
    [SR.cpenable]: store(0xff),
    [SR.intenable]: store(-1),
    [SR.ps]: store(PS_MASK),
    [SR.interrupt]: (value) => {
      special[SR.interrupt] |= value & SOFTWARE_LINES;
      changed();
    },
    [SR.intclear]: (value) => {
      special[SR.interrupt] &= ~(value & (SOFTWARE_LINES | EDGE_LINES));
      changed();
    },
    [SR.ccount]: (value) => {
      retime();
      time[TIME.ccountBase] = value - time[TIME.cycles];
    },
    [SR.ccompare0]: compare(0),
    [SR.ccompare0 + 1]: compare(1),
    [SR.ccompare0 + 2]: compare(2),
    [SR.ibreakenable]: store(3),
    [SR.dbreaka0]: dataBreak(-1),
    [SR.dbreaka1]: dataBreak(-1),
    [SR.dbreakc0]: dataBreak(0xc000003f | 0),
    [SR.dbreakc1]: dataBreak(0xc000003f | 0),
    [SR.icount]: store(-1),
    [SR.icountlevel]: store(15),
  };
  return (number, value) => writers[number](value, number);
}
