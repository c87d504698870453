/** Mutants against tests: first all at once as switches in one process, then one by one what that leaves. */
import { DEVICE_MUTANTS, DEVICE_SWITCHES } from './device-switches.ts';
import { type Change, isProgram, type Mutant } from './mutants.ts';
import { type Asked, fileOf, type Slot } from './slot.ts';
import type { SwitchEvent, SwitchRun } from './switch-runner.ts';
import { type Switched, withSwitches } from './switches.ts';

/** The program through which the kernels' twins are tested, and its entry file. */
const TWINS = { program: 'dist/device/kernels.wasm', entry: 'device/kernels/index.ts' };
export const isTwin = (file: string): boolean => file.startsWith('device/');

/** Tests that are asked together. */
export interface Stage {
  /** In the order in which they run. */
  readonly tests: readonly Asked[];
  /** CPU milliseconds above which a test is not run again for mutants. */
  readonly dearest: number;
  readonly before?: SwitchRun['before'];
}

/** What switched runs saw. Mutants by their place in the list. */
export interface Seen {
  readonly switchable: ReadonlySet<number>;
  readonly killed: Map<number, string>;
  /** Mutants that are reached while modules are loaded. */
  readonly loaded: Set<number>;
  /** Test files for which a switch comes too late, as they reach the mutant in hooks or keep what it made. */
  readonly early: Map<number, Set<string>>;
  /** Mutants that leave something behind, and the test file that noticed. */
  readonly spoiling: Map<number, string>;
  /** Files with tests that were too dear to be run again. */
  readonly dear: Set<string>;
  /** CPU milliseconds of test files. */
  readonly costs: Map<string, number>;
}

const nothingSeen = (switchable: readonly number[]): Seen => ({
  switchable: new Set(switchable),
  killed: new Map(),
  loaded: new Set(),
  early: new Map(),
  spoiling: new Map(),
  dear: new Set(),
  costs: new Map(),
});

function take(seen: Seen, event: SwitchEvent, dearest: number): void {
  if (event.what === 'killed') seen.killed.set(event.mutant, `${event.test}: ${event.why}`);
  if (event.what === 'loaded') for (const id of event.reached) seen.loaded.add(id);
  if (event.what === 'early')
    for (const id of event.reached) seen.early.set(id, (seen.early.get(id) ?? new Set()).add(event.file));
  if (event.what === 'spoilt') for (const id of event.failed) seen.spoiling.set(id, event.file);
  if (event.what === 'done') seen.costs.set(event.file, event.cpu);
  if (event.what === 'reached' && event.cpu > dearest) seen.dear.add(event.file);
}

/** Offsets of loads and stores in AssemblyScript must be constants. */
const isImmediate = (file: string, text: string, { start, end }: Change): boolean =>
  isTwin(file) && /,\s*$/.test(text.slice(0, start)) && /^\s*,?\s*\)/.test(text.slice(end));

/** Writes all switches. @returns the mutants that can be switched */
async function writeSwitches(
  slot: Slot,
  mutants: readonly Mutant[],
  originals: ReadonlyMap<string, string>,
): Promise<Set<number>> {
  const switchable = mutants.flatMap(({ file, change }, id) => {
    const text = originals.get(file)!;
    const alone = change.around && !isImmediate(file, text, change) && withSwitches(text, [{ id, change }]);
    return alone && isProgram(file, alone) ? [id] : [];
  });
  const files = new Set(switchable.map((id) => mutants[id].file));
  const twins = [...files].some(isTwin);
  if (twins && mutants.length > DEVICE_MUTANTS)
    throw new Error(`mutate: ${DEVICE_MUTANTS} mutants of the device's files at a time`);
  if (twins) files.add(TWINS.entry);
  for (const file of files) {
    const here: Switched[] = switchable
      .filter((id) => mutants[id].file === file)
      .map((id) => ({ id, change: mutants[id].change }));
    slot.write(
      file,
      (file === TWINS.entry ? DEVICE_SWITCHES : '') + withSwitches(originals.get(file)!, here),
    );
  }
  if (twins && !(await slot.buildDevice(TWINS.program)))
    throw new Error('mutate: the twins with their switches do not compile');
  return new Set(switchable);
}

export async function trySwitched(
  slot: Slot,
  mutants: readonly Mutant[],
  originals: ReadonlyMap<string, string>,
  { tests, dearest, before }: Stage,
): Promise<Seen> {
  const alive = await writeSwitches(slot, mutants, originals);
  const seen = nothingSeen([...alive]);
  const places = mutants.map(({ file, change: { start, end, around } }) => ({ file, start, end, ...around }));
  let left = [...tests];
  let again = true;
  for (let failed = ''; left.length > 0 && alive.size > 0; ) {
    const events = await slot.switched(left, { alive: [...alive], places, dearest, before });
    for (const event of events) take(seen, event, dearest);
    const done = new Set(events.flatMap((event) => (event.what === 'done' ? [event.file] : [])));
    const last = events.findLast(({ what }) => what === 'trying' || what === 'killed' || what === 'done');
    const spoilt = events.find((event) => event.what === 'spoilt');
    for (const id of [...seen.killed.keys(), ...seen.spoiling.keys()]) alive.delete(id);
    if (spoilt) {
      // It ended the run. Where nobody is to blame it has another try; what fails again says nothing of mutants.
      done.delete(spoilt.file);
      if (spoilt.failed.length === 0 && failed === spoilt.test) {
        console.log(`fails without any mutant, and is left out with what stands behind it: ${spoilt.test}`);
        done.add(spoilt.file);
      }
      failed = spoilt.test;
    } else if (last?.what === 'trying') {
      // The process ended, or had to be ended; who of several did it shows in processes of their own.
      const [first, ...others] = last.mutants;
      if (others.length === 0) seen.killed.set(first, `${last.test}: never ended`);
      else for (const id of last.mutants) seen.spoiling.set(id, last.test.split(' > ')[0]);
      for (const id of last.mutants) alive.delete(id);
    } else if (left.some((asked) => !done.has(fileOf(asked))) && alive.size > 0) {
      // Files that are skipped as a whole say nothing.
      if (!again) {
        console.log(`not run: ${left.filter((asked) => !done.has(fileOf(asked))).join(', ')}`);
        break;
      }
      again = false;
    }
    left = left.filter((asked) => !done.has(fileOf(asked)));
  }
  for (const [file, text] of originals) slot.write(file, text);
  return seen;
}

/** Puts one mutant's text in its place and runs tests in a process of their own. @param seconds of CPU time */
export async function tryAlone(
  slot: Slot,
  { file, text }: Mutant,
  original: string,
  tests: readonly Asked[],
  seconds: number,
): Promise<'killed' | 'survived'> {
  slot.write(file, text);
  const compiled = !isTwin(file) || (await slot.buildDevice(TWINS.program));
  const passes = compiled && (await slot.passes(tests, seconds));
  slot.write(file, original);
  return passes ? 'survived' : 'killed';
}
