/** A copy of the repository in which mutants can be tried, and what its tests say. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { latest } from './late.ts';
import type { SwitchEvent, SwitchRun } from './switch-runner.ts';

/** A test file, or `FILE > WORDS` for those of its tests that have these words in their names. */
export type Asked = string;
export const fileOf = (asked: Asked): string => asked.split(' > ')[0];

/** Words by file; files that are asked as a whole have none. */
function onlyOf(tests: readonly Asked[]): Record<string, string[]> {
  const only: Record<string, string[]> = {};
  for (const asked of tests) {
    const [file, words] = asked.split(' > ');
    if (words !== undefined && !tests.includes(file)) only[file] = [...(only[file] ?? []), words];
  }
  return only;
}

export interface Slot {
  /** Puts a file's text into the copy. */
  write(file: string, text: string): void;
  /** Runs tests, the first failure ends it. @returns whether all passed within these seconds of CPU time */
  passes(tests: readonly Asked[], seconds: number): Promise<boolean>;
  /** Runs tests with mutants as switches (switch-runner.ts); ends early where one hangs. */
  switched(tests: readonly Asked[], run: Omit<SwitchRun, 'log' | 'only'>): Promise<SwitchEvent[]>;
  /** Compiles a program of the device anew. @returns whether it could be compiled */
  buildDevice(program: string): Promise<boolean>;
  remove(): void;
}

/** Seconds of CPU time without a word in the log after which a switched run hangs, beyond what the dearest test may take. */
const SILENCE = 12;
const BUILD_SECONDS = 120;
/** A test that fills the memory must end itself, not the machine. */
const HEAP = '--max-old-space-size=2000';

/** Seconds of CPU time that a process has taken; 0 when it is gone. */
function cpuOf({ pid }: ChildProcess): number {
  try {
    const time = execFileSync('ps', ['-o', 'time=', '-p', `${pid}`], { encoding: 'utf8' });
    return time.split(/[:-]/).reduce((sum, part) => 60 * sum + Number(part), 0);
  } catch {
    return 0;
  }
}

/**
 * @param files of the repository, from its root
 * @param name two runs of one name share what was compiled of the modules, and cannot go on at the same time
 */
export function createSlot(root: string, files: readonly string[], name: string): Slot {
  const folder = join(
    realpathSync(tmpdir()),
    `mutate-${createHash('sha256')
      .update(root + name)
      .digest('hex')
      .slice(0, 12)}`,
  );
  rmSync(folder, { recursive: true, force: true });
  const copy = join(folder, 'repository');
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const shared = join(root, '..', 'shared');
  if (existsSync(shared)) symlinkSync(shared, join(folder, 'shared'));

  /** Node with an end to its CPU time, by the shell's own limit. */
  const start = (command: readonly string[], seconds: number, env: NodeJS.ProcessEnv = {}): ChildProcess =>
    spawn(
      'sh',
      ['-c', 'ulimit -t "$0"; exec "$@"', `${Math.ceil(seconds)}`, process.execPath, HEAP, ...command],
      {
        cwd: copy,
        stdio: process.env.MUTATE_SHOW ? 'inherit' : 'ignore',
        env: { ...process.env, ...env },
      },
    );
  const ends = (child: ChildProcess) =>
    new Promise<boolean>((resolve) => child.once('exit', (code) => resolve(code === 0)));
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/mutate/vitest.config.ts'];
  let runs = 0;
  /** Starts tests under switch-runner.ts, which writes to `log`. */
  const startTests = (tests: readonly Asked[], asked: Omit<SwitchRun, 'log' | 'only'>, seconds: number) => {
    const run: SwitchRun = { ...asked, only: onlyOf(tests), log: join(folder, `log-${runs++}`) };
    const settings = join(folder, 'run.json');
    writeFileSync(settings, JSON.stringify(run));
    writeFileSync(run.log, '');
    const files = [...new Set(tests.map(fileOf))];
    const env = { MUTATE_TESTS: files.join(','), MUTATE_RUN: settings };
    return { child: start([...vitest, ...files], seconds, env), log: run.log };
  };
  return {
    write: (file, text) => writeFileSync(join(copy, file), text),
    passes: (tests, seconds) => ends(startTests(tests, { alive: [], places: [], dearest: 0 }, seconds).child),
    switched: async (tests, asked) => {
      const { child, log } = startTests(tests, asked, 100_000);
      const silence = SILENCE + latest(asked.dearest) / 1000;
      let heard = { bytes: 0, cpu: 0 };
      const watch = setInterval(() => {
        const now = { bytes: statSync(log).size, cpu: cpuOf(child) };
        if (now.bytes > heard.bytes) heard = now;
        if (now.cpu > heard.cpu + silence) child.kill('SIGKILL');
      }, 5_000);
      await ends(child);
      clearInterval(watch);
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as SwitchEvent);
    },
    buildDevice: (program) =>
      ends(start(['node_modules/tsx/dist/cli.mjs', 'scripts/build-wasm.ts', program], BUILD_SECONDS)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
