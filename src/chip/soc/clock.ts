/**
 * Simulated time. One tick is 1/480 MHz (the BBPLL's period), so that every CPU clock of the ESP32-S3 made
 * from crystal or PLL (20, 40, 80, 160, 240 MHz) is a whole number of ticks and no rounding accumulates.
 */

export const TICKS_PER_SECOND = 480_000_000;

/** Something that will happen at a moment of simulated time; `cancel` makes it never happen. */
export interface Alarm {
  readonly ticks: number;
  cancel(): void;
}

interface Entry extends Alarm {
  action: (() => void) | undefined;
  /** Order of creation: alarms of the same tick fire in it. */
  readonly order: number;
}

export interface Clock {
  /** CPU cycles since power-on, as seen by whoever is executing now; the bus writes it before each access. */
  cycles: number;
  /** The same moment in ticks. */
  readonly ticks: number;
  /** The same moment in seconds. */
  readonly seconds: number;
  /** Length of a CPU cycle in ticks: 24 at 20 MHz, 2 at 240 MHz. */
  readonly ticksPerCycle: number;
  readonly cpuHertz: number;
  /** Changes the CPU clock from this cycle on. */
  setTicksPerCycle(ticksPerCycle: number): void;
  /** Calls `action` at `ticks`, or at the next chance when that is in the past. */
  at(ticks: number, action: () => void): Alarm;
  after(ticks: number, action: () => void): Alarm;
  /** How many alarms were ever set: tells whether there is a new one. */
  readonly scheduled: number;
  /** Called whenever one is set. */
  onScheduled: () => void;
  /** First cycle at which an alarm is due; Infinity without alarms. */
  nextAlarmCycle(): number;
  /** Fires what is due at `cycles`, in order. */
  fireDue(): void;
  ticksToCycles(ticks: number): number;
}

/** @returns a clock that starts at tick 0 with the 20 MHz of reset (crystal / 2). */
export function createClock(): Clock {
  const alarms: Entry[] = []; // sorted by (ticks, order), first due last
  let created = 0;
  let baseCycles = 0;
  let baseTicks = 0;
  let ticksPerCycle = 24;

  const precedes = (a: Entry, b: Entry) => a.ticks < b.ticks || (a.ticks === b.ticks && a.order < b.order);

  const insert = (entry: Entry) => {
    let index = alarms.length;
    while (index > 0 && precedes(alarms[index - 1], entry)) index--;
    alarms.splice(index, 0, entry);
  };

  const clock: Clock = {
    cycles: 0,
    get ticks() {
      return baseTicks + (clock.cycles - baseCycles) * ticksPerCycle;
    },
    get seconds() {
      return clock.ticks / TICKS_PER_SECOND;
    },
    get ticksPerCycle() {
      return ticksPerCycle;
    },
    get cpuHertz() {
      return TICKS_PER_SECOND / ticksPerCycle;
    },
    onScheduled: () => {},
    get scheduled() {
      return created;
    },
    setTicksPerCycle(next) {
      if (next === ticksPerCycle) return;
      baseTicks = clock.ticks;
      baseCycles = clock.cycles;
      ticksPerCycle = next;
    },
    at(ticks, action) {
      const entry: Entry = {
        ticks,
        action,
        order: created++,
        cancel() {
          entry.action = undefined;
          const index = alarms.indexOf(entry);
          if (index >= 0) alarms.splice(index, 1);
        },
      };
      insert(entry);
      clock.onScheduled();
      return entry;
    },
    after(ticks, action) {
      return clock.at(clock.ticks + ticks, action);
    },
    nextAlarmCycle() {
      const first = alarms.at(-1);
      return first ? clock.ticksToCycles(first.ticks) : Number.POSITIVE_INFINITY;
    },
    fireDue() {
      while (alarms.length > 0 && alarms[alarms.length - 1].ticks <= clock.ticks) alarms.pop()!.action?.();
    },
    ticksToCycles(ticks) {
      return baseCycles + Math.ceil((ticks - baseTicks) / ticksPerCycle);
    },
  };
  return clock;
}
