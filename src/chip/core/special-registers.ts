/**
 * Writes of special registers that do more than store: what is translated, pending or timed changes with them.
 * Source: Xtensa ISA reference manual, chapter 5.
 */
import { EDGE_LINES, SOFTWARE_LINES, TIMER_LINES } from './exceptions.ts';
import { type CoreState, PS, SR } from './state.ts';

export interface Timers {
  /** Cycles from the present CCOUNT until the next CCOMPARE match, at most 2^32. */
  untilNext(): number;
  /** Sets the interrupts of the timers which matched within the last `cycles`, given CCOUNT now. */
  elapsed(cycles: number): void;
}

const PS_MASK = PS.intlevel | PS.excm | PS.um | PS.owb | PS.callinc | PS.woe;

export function createTimers(state: CoreState): Timers {
  const { special, time } = state;
  const distance = (index: number) => {
    const ccount = (time[3] + time[0]) | 0;
    return (special[SR.ccompare0 + index] - ccount) >>> 0 || 2 ** 32;
  };
  return {
    untilNext: () => Math.min(distance(0), distance(1), distance(2)),
    elapsed(cycles) {
      const ccount = (time[3] + time[0]) | 0;
      TIMER_LINES.forEach((line, index) => {
        const since = (ccount - special[SR.ccompare0 + index]) >>> 0;
        if (since < cycles) special[SR.interrupt] |= 1 << line;
      });
    },
  };
}

/**
 * @param changed the variant or the interrupt situation may have changed
 * @param stop leave the running slice soon: its length was computed from what changed
 * @param flush drop all translations
 */
export function createSpecialWriter(
  state: CoreState,
  changed: () => void,
  stop: () => void,
  flush: () => void,
): (number: number, value: number) => void {
  const { special, time } = state;

  const store =
    (mask: number, then: () => void = changed) =>
    (value: number, number: number) => {
      special[number] = value & mask;
      then();
    };
  const compare = (index: number) => (value: number) => {
    special[SR.ccompare0 + index] = value;
    special[SR.interrupt] &= ~(1 << TIMER_LINES[index]);
    changed();
    stop();
  };
  const debug = (mask: number) =>
    store(mask, () => {
      flush();
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
      time[3] = value - time[0];
      stop();
    },
    [SR.ccompare0]: compare(0),
    [SR.ccompare0 + 1]: compare(1),
    [SR.ccompare0 + 2]: compare(2),
    [SR.ibreakenable]: debug(3),
    [SR.ibreaka0]: debug(-1),
    [SR.ibreaka1]: debug(-1),
    [SR.dbreakc0]: debug(0xc000003f | 0),
    [SR.dbreakc1]: debug(0xc000003f | 0),
    [SR.icount]: store(-1),
    [SR.icountlevel]: store(15),
  };
  return (number, value) => writers[number](value, number);
}
