/** Runs a core turn by turn; iterations of a loop in which it waits for a change of memory or of a device are counted, not executed. */
import type { Core, Spin, SpinSearch } from '../core/index.ts';

/** Turns that a core ends at the same few places before it is looked at closely, and turns until the next look where it does not wait. */
const SUSPICIOUS = 4;
const PATIENCE = 200;
/** Turns of a loop that calls a function end in it, too. */
const PLACES = 4;
/** Cycles; reads of devices in them after which it is looked at, too; times that this is left out where it did not wait. */
const LOOK = 2_000;
const MANY_READS = 20;
const LOOKS_LEFT_OUT = 20;
/** How often one that has waited is looked at at once: it may soon wait again. */
const RETRIES = 4;

export interface Watcher {
  /** To the end of a turn, behind which all others have run to the end of theirs before. */
  run(turn: number): void;
  /** The core's time may lie behind the end of its turn where it waits: no longer after this. */
  settle(): void;
  /** False while it waits, or while that is being found out. */
  isBusy(): boolean;
  /** Whether it waits, and nothing that is known now ends that before `cycle`. */
  waitsUntil(cycle: number): boolean;
}

export function watchSpin(core: Core): Watcher {
  /** Where its last turns ended. */
  const places = new Float64Array(PLACES).fill(-1);
  let oldest = 0;
  let stays = 0;
  let reads = 0;
  let nextLook = 0;
  let looksLeftOut = 0;
  let retries = 0;
  let readsDevices = false;
  /** End of the last turn, if the core was left behind. */
  let end = 0;
  let search: SpinSearch | undefined;
  let spin: Spin | null | undefined;

  const found = (result: Spin | null) => {
    spin = result;
    search = undefined;
    stays = spin ? SUSPICIOUS : -PATIENCE;
    if (spin && readsDevices) retries = RETRIES;
    else if (retries === 0) looksLeftOut = LOOKS_LEFT_OUT;
  };
  const isSuspicious = (): boolean => {
    if (stays > SUSPICIOUS) return true;
    const since = core.deviceReads - reads;
    if (retries > 0) {
      retries--;
      return since > 0;
    }
    const { cycles } = core;
    if (cycles < nextLook) return false;
    nextLook = cycles + LOOK;
    reads = core.deviceReads;
    readsDevices = since >= MANY_READS;
    if (!readsDevices || looksLeftOut-- > 0) return false;
    looksLeftOut = 0;
    return true;
  };
  const settle = () => {
    if (end > core.cycles) spin?.catchUp(end);
    end = 0;
  };
  return {
    isBusy: () => !spin && !search && retries === 0,
    waitsUntil: (cycle) => spin?.holds(cycle) ?? false,
    settle,
    run(turn) {
      if (spin?.mayLag && spin.holds(turn)) {
        end = turn;
        return;
      }
      settle();
      if (search) {
        const result = search.run(turn);
        if (result === undefined) return;
        found(result);
      }
      // A loop that was just found, too: it must know where the core is left.
      if (spin) {
        if (spin.run(turn)) return;
        spin = undefined;
      }
      core.runUntil(turn);
      const { pc } = core.state;
      if (places.includes(pc)) stays++;
      else {
        stays = Math.min(stays, 0);
        places[oldest] = pc;
        oldest = (oldest + 1) % PLACES;
      }
      if (!spin && core.running && isSuspicious()) search = core.searchSpin();
    },
  };
}
