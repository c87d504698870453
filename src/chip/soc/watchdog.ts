/**
 * The counter behind both kinds of staged watchdog (TRM chapter 13): MWDT of a timer group and the RTC's RWDT.
 * Four stages, each with a hold time in counts and an action; the rate may change while it counts.
 */

import type { Alarm, Clock } from './clock.ts';

export type WatchdogAction = 'off' | 'interrupt' | 'reset-cpu' | 'reset-system' | 'reset-rtc';

export interface WatchdogSetup {
  readonly enabled: boolean;
  /** Per stage: counts to hold and what happens then. */
  readonly stages: readonly { readonly hold: number; readonly action: WatchdogAction }[];
}

export interface StagedWatchdog {
  /** Takes up the present set-up; call it after every write to a configuration register. */
  configure(): void;
  /** Back to the beginning of stage 0. */
  feed(): void;
  /** Call before and after a change of the counting rate. */
  rateChanging(): void;
  rateChanged(): void;
}

export function createStagedWatchdog(
  clock: Clock,
  setup: () => WatchdogSetup,
  ticksPerCount: () => number,
  expire: (action: WatchdogAction) => void,
): StagedWatchdog {
  let running = false;
  let stage = 0;
  let counts = 0; // counted in this stage up to `since`
  let since = 0;
  let alarm: Alarm | undefined;

  const count = () => {
    counts += (clock.ticks - since) / ticksPerCount();
    since = clock.ticks;
  };
  const schedule = () => {
    alarm?.cancel();
    alarm = undefined;
    if (!running) return;
    const left = Math.max(setup().stages[stage].hold - counts, 0);
    alarm = clock.at(since + left * ticksPerCount(), nextStage);
  };
  const nextStage = () => {
    const { action } = setup().stages[stage];
    since = alarm?.ticks ?? clock.ticks; // the moment it was due, however late the scheduler looked
    stage = (stage + 1) % 4;
    counts = 0;
    schedule();
    if (action !== 'off') expire(action);
  };
  const restart = () => {
    stage = 0;
    counts = 0;
    since = clock.ticks;
  };

  return {
    configure() {
      const { enabled } = setup();
      if (enabled && !running) restart();
      else if (running) count();
      running = enabled;
      schedule();
    },
    feed() {
      restart();
      schedule();
    },
    rateChanging: count,
    rateChanged: schedule,
  };
}
