/** A copy of the repository in which a mutant can be tried, and what its tests say. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

export interface Slot {
  /** Puts a file's text into the copy. */
  write(file: string, text: string): void;
  /** Runs test files, the first failure ends it. @returns whether all passed within the time */
  run(tests: readonly string[], milliseconds: number): Promise<'passed' | 'failed' | 'timeout'>;
  /** Runs test files that must pass. @returns milliseconds that each took */
  measure(tests: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Compiles a program of the device anew. @returns whether it could be compiled */
  buildDevice(program: string): Promise<boolean>;
  remove(): void;
}

/** @param files of the repository, from its root */
export function createSlot(root: string, files: readonly string[]): Slot {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mutate-')));
  const copy = join(folder, 'repository');
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const shared = join(root, '..', 'shared');
  if (existsSync(shared)) symlinkSync(shared, join(folder, 'shared'));

  const start = (command: readonly string[], milliseconds: number, env: NodeJS.ProcessEnv = {}) =>
    new Promise<'passed' | 'failed' | 'timeout'>((resolve) => {
      const child = spawn(process.execPath, command, {
        cwd: copy,
        stdio: 'ignore',
        detached: true, // a group of its own, so that a loop without end can be stopped with all its workers
        env: { ...process.env, ...env },
      });
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        process.kill(-child.pid!, 'SIGKILL');
      }, milliseconds);
      child.once('exit', (code) => {
        clearTimeout(timer);
        resolve(late ? 'timeout' : code === 0 ? 'passed' : 'failed');
      });
    });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/mutate/vitest.config.ts'];
  const order = (tests: readonly string[]) => ({ MUTATE_TESTS: tests.join(',') });
  return {
    write: (file, text) => writeFileSync(join(copy, file), text),
    run: (tests, milliseconds) => start([...vitest, ...tests], milliseconds, order(tests)),
    measure: async (tests) => {
      const report = join(folder, 'report.json');
      const command = [...vitest, '--reporter=json', `--outputFile=${report}`, ...tests];
      if ((await start(command, 1_800_000, order(tests))) !== 'passed')
        throw new Error(`mutate: not all of ${tests.join(', ')} pass without any mutant`);
      const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
        testResults: { name: string; startTime: number; endTime: number }[];
      };
      return new Map(
        testResults.map(({ name, startTime, endTime }) => [relative(copy, name), endTime - startTime]),
      );
    },
    buildDevice: async (program) =>
      (await start(['node_modules/tsx/dist/cli.mjs', 'scripts/build-wasm.ts', program], 120_000)) ===
      'passed',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
