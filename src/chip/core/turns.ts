/** Two cores in turns of some cycles, many turns without coming back to the host (wasm/dispatch.ts). */
import { type CoreState, TIME } from './state.ts';
import type { Run } from './wasm/linker.ts';

/** A core's side. */
export interface TurnTaker {
  readonly state: CoreState;
  /** The dispatcher of both. */
  readonly run: Run;
  /** Gets ready for turns of which the first ends at cycle `first`. @returns how many there may be; 0 where it cannot take turns now */
  begin(first: number, quantum: number): number;
  end(): void;
  /** Throws what translated code could not throw. */
  fail(): void;
}

export interface Turns {
  /** Cycle at which the first turn ends. */
  readonly first: number;
  readonly turns: number;
  readonly quantum: number;
}

/**
 * Runs up to `turns` turns, core 0 before core 1 in each; fewer where something happens that the caller must see.
 * @returns how many were completed, and whether a core is in the middle of the next one
 */
export function runTogether(
  [core0, core1]: readonly [{ readonly turns: TurnTaker }, { readonly turns: TurnTaker }],
  { first, turns, quantum }: Turns,
): { completed: number; isBroken: boolean } {
  const [one, other] = [core0.turns, core1.turns];
  const most = Math.min(turns, one.begin(first, quantum));
  const count = most > 0 ? Math.min(most, other.begin(first, quantum)) : 0;
  if (count <= 0) return { completed: 0, isBroken: true };
  const { time, base } = one.state;
  time[TIME.other] = other.state.base;
  time[TIME.turns] = count;
  time[TIME.quantum] = quantum;
  const isBroken = one.run(base) !== 0;
  one.end();
  other.end();
  one.fail();
  other.fail();
  return { completed: count - time[TIME.turns], isBroken };
}
