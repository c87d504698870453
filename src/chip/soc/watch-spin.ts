/** Runs a core turn by turn; iterations of a loop in which it waits for a change of memory are counted, not executed. */
import type { Core, Spin, SpinSearch } from '../core/index.ts';

/** Turns that a core ends at one place before it is looked at closely, and turns until the next look where it does not wait. */
const SUSPICIOUS = 4;
const PATIENCE = 200;

export interface Watcher {
  /** To the end of a turn. */
  run(turn: number): void;
  /** False while it waits, or while that is being found out. */
  isBusy(): boolean;
}

export function watchSpin(core: Core): Watcher {
  let place = -1;
  let stays = 0;
  let search: SpinSearch | undefined;
  let spin: Spin | null | undefined;
  return {
    isBusy: () => !spin && !search,
    run(turn) {
      if (spin) {
        if (spin.holds()) spin.skipTo(turn);
        else spin = undefined;
      } else if (search) {
        spin = search.run(turn);
        if (spin === undefined) return;
        search = undefined;
        stays = spin ? SUSPICIOUS : -PATIENCE;
      }
      core.runUntil(turn);
      const { pc } = core.state;
      stays = pc === place ? stays + 1 : Math.min(stays, 0);
      place = pc;
      if (stays > SUSPICIOUS && !spin && core.running) search = core.searchSpin();
    },
  };
}
