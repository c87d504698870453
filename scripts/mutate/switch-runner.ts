/**
 * Runs each test as it is, notes which mutants it reached (switches.ts), and then again with those of them switched on that
 * live: one by one where many are killed, several at once where few are, and by halves where that fails. What it sees goes
 * to a log of JSON lines, since a mutant may end the process.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import fastCheck from 'fast-check';
import { type RunnerTestCase, TestRunner } from 'vitest';
import { forget } from '../../src/testing/kept.ts';
import { latest } from './late.ts';

/** What a run is asked for. */
export interface SwitchRun {
  /** Those that are to be tried; where there are none, tests run once, as they are. */
  readonly alive: readonly number[];
  /** Where each mutant is; those that lie in one another are not switched on together. */
  readonly places: readonly { readonly file: string; readonly start: number; readonly end: number }[];
  readonly log: string;
  /** CPU milliseconds of a test above which it is not run again for a mutant. */
  readonly dearest: number;
  /** Files of which only tests with one of these texts in their names are run. */
  readonly only: Readonly<Record<string, readonly string[]>>;
  /** Files whose tests were tried before, up to so many CPU milliseconds. */
  readonly before?: { readonly files: readonly string[]; readonly upTo: number };
}

/** A line of the log. */
export type SwitchEvent =
  /**
   * The switch comes too late for these: reached while modules were loaded, or in the file's hooks; or what a test makes of them is kept,
   * so that they are not reached again.
   */
  | { readonly what: 'loaded' | 'early'; readonly file: string; readonly reached: readonly number[] }
  | {
      readonly what: 'reached';
      readonly file: string;
      readonly test: string;
      readonly reached: readonly number[];
      readonly cpu: number;
    }
  | { readonly what: 'trying'; readonly mutants: readonly number[]; readonly test: string }
  | { readonly what: 'killed'; readonly mutant: number; readonly test: string; readonly why: string }
  /** The test fails without any mutant: one of these that failed before left something behind, or one that passed. */
  | {
      readonly what: 'spoilt';
      readonly file: string;
      readonly test: string;
      readonly failed: readonly number[];
    }
  | { readonly what: 'done'; readonly file: string; readonly cpu: number };

type WithExports = { readonly exports: Record<string, unknown> };
/** Programs from AssemblyScript have switches of their own (device-switches.ts). */
type Program = { __active: WebAssembly.Global; __reached: WebAssembly.Global };

function createSwitches(count: number) {
  const reached = new Uint8Array(count);
  const programs: WeakRef<Program>[] = [];
  const active = new Uint8Array(count);
  let bits = 0n;
  Object.assign(globalThis, {
    __mutant: (id: number): boolean => {
      reached[id] = 1;
      return active[id] === 1;
    },
  });
  const living = (): Program[] => programs.flatMap((program) => program.deref() ?? []);
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, args: [WebAssembly.Module, WebAssembly.Imports]) {
      const instance = new target(...args);
      const { exports } = instance as unknown as WithExports;
      if (exports.__active) {
        const program = exports as unknown as Program;
        program.__active.value = bits;
        programs.push(new WeakRef(program));
      }
      return instance;
    },
  });
  return {
    activate(ids: readonly number[]): void {
      active.fill(0);
      for (const id of ids) active[id] = 1;
      bits = BigInt.asIntN(
        64,
        ids.reduce((sum, id) => sum | (1n << BigInt(id)), 0n),
      );
      for (const { __active } of living()) __active.value = bits;
    },
    /** @returns what was reached since the last call */
    take(): number[] {
      for (const { __reached } of living()) {
        const asked = BigInt.asUintN(64, __reached.value as bigint);
        for (let id = 0; id < count; id++) if ((asked >> BigInt(id)) & 1n) reached[id] = 1;
        __reached.value = 0n;
      }
      const ids = [...reached.keys()].filter((id) => reached[id] === 1);
      reached.fill(0);
      return ids;
    },
  };
}

const run = JSON.parse(readFileSync(process.env.MUTATE_RUN!, 'utf8')) as SwitchRun;
const alive = new Set(run.alive);
const switches = createSwitches(run.places.length);
// What fails is enough, and the same inputs again: no search for a smaller one.
fastCheck.configureGlobal({ ...fastCheck.readConfigureGlobal(), seed: 1, endOnFailure: true });

const log = (event: SwitchEvent) => appendFileSync(run.log, `${JSON.stringify(event)}\n`);
const cpuNow = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Wall milliseconds in which a process that does anything at all takes more than so many of CPU time, however full the machine. */
const IDLE = { wall: 20_000, cpu: 50 };

/** Whether what is waited for comes, as long as anything goes on that it may come from. */
async function settles(result: unknown): Promise<boolean> {
  let settled = false;
  const end = Promise.resolve(result).finally(() => {
    settled = true;
  });
  end.catch(() => undefined);
  for (let before = Number.NEGATIVE_INFINITY; cpuNow() - before > IDLE.cpu; ) {
    before = cpuNow();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([end, new Promise((resolve) => (timer = setTimeout(resolve, IDLE.wall)))]);
    clearTimeout(timer);
    if (settled) return true;
  }
  return false;
}

/** A loop that does not end within `cpu` milliseconds is stopped, where the test does not wait in between. */
async function within(cpu: number, body: () => unknown): Promise<'passed' | 'late'> {
  const start = cpuNow();
  for (let wall = 4 * cpu; ; wall *= 4) {
    try {
      Object.assign(globalThis, { __body: body });
      const result: unknown = runInThisContext('__body()', { timeout: Math.ceil(wall) });
      return (await settles(result)) ? 'passed' : 'late';
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      if (cpuNow() - start >= cpu) return 'late';
    }
  }
}

/** The share of mutants that tests killed lately. */
let deadly = 0.5;
const learn = (tried: number, killed: number): void => {
  for (let i = 0; i < tried; i++) deadly += ((i < killed ? 1 : 0) - deadly) / 16;
};

/** As many of these, none within another, as a test probably passes with. */
function apart(mutants: readonly number[]): number[] {
  const most = Math.max(1, Math.floor(0.7 / Math.max(deadly, 0.01)));
  const together: number[] = [];
  for (const mutant of mutants) {
    const { file, start, end } = run.places[mutant];
    const meets = together.some((other) => {
      const place = run.places[other];
      return place.file === file && place.start < end && place.end > start;
    });
    if (!meets) together.push(mutant);
    if (together.length === most) break;
  }
  return together;
}

const nameOf = (test: RunnerTestCase): string => `${test.file.name} > ${test.name}`;

export default class SwitchRunner extends TestRunner {
  /** CPU milliseconds of the file's tests as they are. */
  private fileCpu = 0;

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    await super.onBeforeRunTask(test);
    const words = run.only[test.file.name];
    if (run.alive.length > 0 && alive.size === 0) test.mode = 'skip';
    if (words && !words.some((text) => test.name.includes(text))) test.mode = 'skip';
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const file = test.file.name;
    const body = TestRunner.getTestFn(test) as () => unknown;
    this.note('early', file);
    forget();
    const start = cpuNow();
    let failure: unknown;
    await settles(Promise.resolve().then(body))
      .then((settled) => {
        if (!settled) failure = new Error('waits for what never comes');
      })
      .catch((error: unknown) => {
        failure = error;
      });
    if (failure !== undefined) {
      log({ what: 'spoilt', file, test: nameOf(test), failed: [] });
      throw failure;
    }
    const cpu = cpuNow() - start;
    this.fileCpu += cpu;
    const reached = switches.take();
    if (reached.length > 0) log({ what: 'reached', file, test: nameOf(test), reached, cpu });
    const wasTried = run.before?.files.includes(file) && cpu <= run.before.upTo;
    if (cpu <= run.dearest && !wasTried) await this.tryAll(test, body, reached, cpu);
  }

  private note(what: 'loaded' | 'early', file: string): void {
    const reached = switches.take();
    if (reached.length > 0) log({ what, file, reached });
  }

  private async tryAll(
    test: RunnerTestCase,
    body: () => unknown,
    reached: number[],
    cpu: number,
  ): Promise<void> {
    const killed: { mutant: number; why: string }[] = [];
    const trySome = async (mutants: readonly number[]): Promise<void> => {
      const why = await this.tryOnce(test, body, mutants, cpu);
      const asked = new Set(switches.take());
      const [first] = mutants;
      if (why === undefined) {
        learn(mutants.length, 0);
        // One may keep another from being reached.
        const passedBy = mutants.filter((mutant) => !asked.has(mutant));
        if (mutants.length > 1) for (const mutant of passedBy) await trySome([mutant]);
        else if (passedBy.length > 0) log({ what: 'early', file: test.file.name, reached: passedBy });
      } else if (mutants.length === 1) {
        learn(1, 1);
        killed.push({ mutant: first, why });
      } else {
        const half = mutants.length >> 1;
        await trySome(mutants.slice(0, half));
        await trySome(mutants.slice(half));
      }
    };
    for (let left = reached.filter((id) => alive.has(id)); left.length > 0; ) {
      const together = apart(left);
      await trySome(together);
      left = left.filter((id) => !together.includes(id));
    }
    if (killed.length === 0) return;
    try {
      this.onBeforeTryTask(test);
      forget();
      await body();
    } catch (error) {
      log({
        what: 'spoilt',
        file: test.file.name,
        test: nameOf(test),
        failed: killed.map(({ mutant }) => mutant),
      });
      throw error;
    }
    switches.take();
    for (const { mutant, why } of killed) {
      alive.delete(mutant);
      log({ what: 'killed', mutant, test: nameOf(test), why });
    }
  }

  /** @returns why the test fails with these; undefined where it passes */
  private async tryOnce(
    test: RunnerTestCase,
    body: () => unknown,
    mutants: readonly number[],
    cpu: number,
  ): Promise<string | undefined> {
    log({ what: 'trying', mutants, test: nameOf(test) });
    this.onBeforeTryTask(test);
    forget();
    switches.activate(mutants);
    try {
      return (await within(latest(cpu), body)) === 'late' ? 'late' : undefined;
    } catch (error) {
      return `${error}`.split('\n')[0].slice(0, 160);
    } finally {
      switches.activate([]);
      forget();
    }
  }

  override async importFile(...parameters: Parameters<TestRunner['importFile']>): Promise<unknown> {
    const module: unknown = await super.importFile(...parameters);
    this.note('loaded', parameters[0]);
    return module;
  }

  override async onAfterRunSuite(suite: Parameters<TestRunner['onAfterRunSuite']>[0]): Promise<void> {
    await super.onAfterRunSuite(suite);
    if (!('filepath' in suite)) return;
    this.note('early', suite.file.name);
    log({ what: 'done', file: suite.file.name, cpu: this.fileCpu });
    this.fileCpu = 0;
  }
}
