/** Runs both cores in turns, and between the turns whatever is due. */
import { createExplainer, type ExplainedLine, type Explainer, runTogether } from '../core/index.ts';
import type { ChipParts } from './chip-parts.ts';
import { enterRom, performReset } from './chip-reset.ts';
import { TICKS_PER_SECOND } from './clock.ts';
import { RomEntered } from './rom/stub.ts';

/** Turn of a core that runs alone: new alarms are seen after it. */
const ALONE = 2_000;
/** Turns of both cores in one go. */
const MOST_TURNS = 50;
/** Cycles: more than a core that waits goes on behind the end of its turn. */
const LONGEST_ITERATION = 400;

export interface RunLimits {
  /** Simulated seconds since power-on at which to stop. */
  readonly untilSeconds?: number;
  /** The same in ticks of the clock. */
  readonly untilTicks?: number;
  /** Cycles to run from now. */
  readonly maxCycles?: number;
  /** Asked after every turn of the cores (some 100 cycles); true stops. */
  readonly until?: () => boolean;
  /** Asked when an alarm was set or was due, soon after; true stops. */
  readonly stop?: () => boolean;
}

/** CPU cycles since power-on. */
export const cyclesOf = ({ cores }: ChipParts): number => Math.min(cores[0].cycles, cores[1].cycles);

export function run(parts: ChipParts, { untilSeconds, untilTicks, maxCycles, until, stop }: RunLimits): void {
  const { clock, cores } = parts;
  const lastCycle = cyclesOf(parts) + (maxCycles ?? Number.POSITIVE_INFINITY);
  const lastTick = untilTicks ?? (untilSeconds ?? Number.POSITIVE_INFINITY) * TICKS_PER_SECOND;
  for (;;) {
    clock.cycles = cyclesOf(parts);
    clock.fireDue();
    performReset(parts);
    if (clock.cycles >= lastCycle || clock.ticks >= lastTick || stop?.()) return;
    const end = Math.min(
      clock.nextAlarmCycle(),
      lastCycle,
      Number.isFinite(lastTick) ? clock.ticksToCycles(lastTick) : lastTick,
    );
    if (cores[0].running || cores[1].running) {
      if (runTurns(parts, end, until)) return;
    } else if (Number.isFinite(end)) {
      // Time passes for both cores without a program.
      for (const core of cores) core.runUntil(end);
      if (until?.()) return;
    } else return; // nothing will ever happen again
  }
}

/** Turns in which nothing happens where all cores wait: until shortly before the end, behind which a core's last iteration may look. */
const idleTurns = (cycles: number, turn: number): number =>
  Math.max(Math.floor((cycles - LONGEST_ITERATION) / turn), 1);

/** Runs until somebody, asked after every instruction, says stop. @returns where the cycles of both cores went */
export type ExplainStretch = (until: () => boolean) => [ExplainedLine[], ExplainedLine[]];

/** For one stretch or several, one behind the other: what is known of the code stays, so nothing else may run between them. */
export function startExplaining(parts: ChipParts): ExplainStretch {
  const explainers = parts.cores.map((core) => createExplainer(core, parts.bus));
  return (until) => {
    runSlowly(parts, explainers, until);
    return [explainers[0].lines(), explainers[1].lines()];
  };
}

/** Instruction by instruction, the core that is behind first. */
function runSlowly(parts: ChipParts, explainers: readonly Explainer[], until: () => boolean): void {
  const { clock, cores } = parts;
  for (let isOver = false; !isOver; ) {
    clock.cycles = cyclesOf(parts);
    clock.fireDue();
    performReset(parts);
    const end = clock.nextAlarmCycle();
    if (!cores.some(({ running }) => running) && !Number.isFinite(end)) break;
    while (cyclesOf(parts) < end && !isOver) {
      const index = cores[0].cycles <= cores[1].cycles ? 0 : 1;
      guarded(parts, () =>
        stepOne(parts, index, Math.min(end, cores[1 - index].cycles + 1), explainers[index].step),
      );
      isOver = until();
      if (clock.nextAlarmCycle() !== end || parts.pendingReset !== undefined) break;
    }
  }
}

/** One instruction of a core, or, where it has nothing to do, time until `end`. */
function stepOne({ cores }: ChipParts, index: number, end: number, step: () => void): void {
  const core = cores[index];
  const before = core.cycles;
  if (core.running) step();
  if (core.cycles === before) core.runUntil(end);
}

/** Lets the ROM have its turn where a core enters it. */
function guarded(parts: ChipParts, work: () => void, settle: () => void = () => {}): void {
  try {
    work();
  } catch (error) {
    const active = parts.memory.shared[0] as 0 | 1;
    settle();
    if (!(error instanceof RomEntered)) throw error;
    parts.clock.cycles = parts.cores[active].cycles;
    enterRom(parts, active, error.place, error.address);
  }
}

/** Runs both cores to `end`; less far when something new is to happen. @returns whether `until` said stop */
function runTurns(parts: ChipParts, end: number, until: (() => boolean) | undefined): boolean {
  const { watchers } = parts;
  const settle = () => {
    for (const watcher of watchers) watcher.settle();
  };
  const settledUntil = () => {
    settle();
    return until!();
  };
  let isOver = false;
  guarded(
    parts,
    () => {
      isOver = takeTurns(parts, end, until && settledUntil);
    },
    settle,
  );
  settle();
  return isOver;
}

function takeTurns(parts: ChipParts, end: number, until: (() => boolean) | undefined): boolean {
  const { clock, cores, quantum, watchers } = parts;
  const known = clock.scheduled;
  const isNew = () => parts.pendingReset !== undefined || clock.scheduled !== known;
  for (let turn = clock.cycles; turn < end; ) {
    const together = cores[0].running && cores[1].running;
    if (together && !until && watchers[0].isBusy() && watchers[1].isBusy()) {
      const turns = Math.min(Math.floor((end - turn) / quantum), MOST_TURNS);
      const { completed, isBroken } = runTogether(cores, { first: turn + quantum, turns, quantum });
      turn += quantum * completed;
      if (!isBroken && isNew()) return false;
      if (turn >= end) return false;
    }
    const step = together ? quantum : ALONE;
    const isIdle = !until && cores.every((core, index) => !core.running || watchers[index].waitsUntil(end));
    turn = Math.min(turn + step * (isIdle ? idleTurns(end - turn, step) : 1), end);
    watchers[0].run(turn);
    watchers[1].run(turn);
    if (until?.()) return true;
    if (isNew()) return false;
  }
  return false;
}
