/**
 * The core's time: slices whose cycles generated code counts from 0, the totals behind them, and the timers, at whose
 * matches a slice ends.
 */
import { createTimers } from './special-registers.ts';
import { type CoreState, SR, TIME } from './state.ts';

/** Below the range of int32, in which a slice counts. */
export const LONGEST_SLICE = 2 ** 30;

export interface Slices {
  /** Cycles since reset of the chip. */
  now(): number;
  instructions(): number;
  /** Cycles from the start of the slice until `cycle`. */
  until(cycle: number): number;
  /** Begins a slice of up to `length` cycles. */
  begin(length: number): void;
  /** Turns the slice's counters into totals. */
  settle(): void;
  /** Cycles until the next timer match. */
  untilTimer(): number;
  /** Lets simulated time pass without executing. */
  sleep(cycles: number): void;
  /** Lets time pass between slices, with instructions that need not be executed. Not beyond a timer match. */
  pass(cycles: number, executed: number): void;
  /** Ends the running slice at the next back edge. */
  stop(): void;
  /** A timer or CCOUNT is about to change: the running slice ends soon, its length rested on them. */
  retime(): void;
  reset(): void;
}

export function createSlices(state: CoreState): Slices {
  const { special, time, sliceBase } = state;
  const timers = createTimers(state);
  let instructions = 0;
  /** Cycle of the next timer match; 0 when it must be computed anew. */
  let timerCycle = 0;

  const stop = () => {
    time[TIME.limit] = -1;
  };
  const settle = () => {
    const elapsed = time[TIME.cycles];
    if (timerCycle === 0 || sliceBase[0] + elapsed >= timerCycle) {
      timers.look();
      timerCycle = 0;
    }
    timers.beginSlice();
    sliceBase[0] += elapsed;
    instructions += time[TIME.instructions];
    time[TIME.ccountBase] += elapsed;
    time[TIME.cycles] = 0;
    time[TIME.instructions] = 0;
    if (special[SR.interrupt] !== 0) time[TIME.attention] = 1;
  };
  return {
    now: () => sliceBase[0] + time[TIME.cycles],
    instructions: () => instructions + time[TIME.instructions],
    until: (cycle) => cycle - sliceBase[0],
    begin(length) {
      if (timerCycle === 0) timerCycle = sliceBase[0] + timers.untilNext();
      time[TIME.limit] = Math.min(length, timerCycle - sliceBase[0], LONGEST_SLICE);
      time[TIME.posted] = 1; // others write in the core's name between its slices
    },
    settle,
    untilTimer: timers.untilNext,
    sleep(cycles) {
      time[TIME.cycles] += cycles;
      settle();
    },
    pass(cycles, executed) {
      sliceBase[0] += cycles;
      instructions += executed;
      time[TIME.ccountBase] += cycles;
    },
    stop,
    retime() {
      timers.look();
      timerCycle = 0;
      stop();
    },
    reset() {
      timerCycle = 0;
    },
  };
}
