/** Mutants against one stage of tests: as switches, and by themselves where a switch says nothing. */
import type { Mutant } from './mutants.ts';
import { type Asked, fileOf, type Slot } from './slot.ts';
import { type Seen, type Stage, tryAlone, trySwitched } from './trials.ts';

/** CPU milliseconds that tests took in earlier runs; those that are not known are taken for cheap. */
export type Costs = Record<Asked, number>;

export const cheapestFirst = (costs: Costs, tests: readonly Asked[]): Asked[] =>
  [...new Set(tests)].sort((one, other) => (costs[one] ?? 0) - (costs[other] ?? 0));

export interface StageOptions {
  readonly slot: Slot;
  readonly mutants: readonly Mutant[];
  readonly originals: ReadonlyMap<string, string>;
  /** Tests that are asked about a mutant of a file. */
  readonly testsOf: (file: string) => readonly Asked[];
  readonly dearest: number;
  readonly before?: Stage['before'];
  /** What is learned of them is written in. */
  readonly costs: Costs;
  /** CPU milliseconds of a file above which it is not asked about a mutant by itself. */
  readonly dearestAlone: number;
}

export interface Outcome {
  /** By what, for those that are killed; by place in the list. */
  readonly killed: ReadonlyMap<number, string>;
  /** Test files that were not asked about all they might kill. */
  readonly dear: ReadonlySet<string>;
}

/** CPU seconds for tests of a mutant in a process of its own: three times what they take, and what starting takes. */
const secondsFor = (tests: readonly Asked[], { costs, dearest }: StageOptions) =>
  (3 * tests.reduce((sum, test) => sum + (costs[test] ?? dearest), 0)) / 1000 + 30;

/** Which tests a mutant needs a process of its own for. */
function testsAlone(id: number, seen: Seen, options: StageOptions): Asked[] {
  const { mutants, testsOf, costs, dearestAlone } = options;
  if (seen.killed.has(id)) return [];
  const tests = cheapestFirst(costs, testsOf(mutants[id].file)).filter(
    (test) => (costs[test] ?? 0) <= dearestAlone,
  );
  const spoilt = seen.spoiling.get(id);
  if (spoilt !== undefined) return [spoilt, ...tests.filter((test) => fileOf(test) !== spoilt)];
  if (seen.loaded.has(id) || !seen.switchable.has(id)) return tests;
  return tests.filter((test) => seen.early.get(id)?.has(fileOf(test)));
}

export async function tryStage(options: StageOptions): Promise<Outcome> {
  const { slot, mutants, originals, testsOf, dearest, before, costs, dearestAlone } = options;
  const tests = cheapestFirst(
    costs,
    mutants.flatMap(({ file }) => testsOf(file)),
  );
  const seen = await trySwitched(slot, mutants, originals, { tests, dearest, before });
  for (const test of tests) {
    const cpu = seen.costs.get(fileOf(test));
    if (cpu !== undefined) costs[test] = Math.round(cpu);
  }
  const killed = new Map(seen.killed);
  for (const [id, mutant] of mutants.entries()) {
    const alone = testsAlone(id, seen, options);
    if (alone.length === 0) continue;
    const seconds = secondsFor(alone, options);
    const outcome = await tryAlone(slot, mutant, originals.get(mutant.file)!, alone, seconds);
    if (outcome === 'killed') killed.set(id, 'by itself');
  }
  const files = tests.filter((test) => (costs[test] ?? 0) > dearestAlone).map(fileOf);
  return { killed, dear: new Set([...seen.dear, ...files]) };
}
