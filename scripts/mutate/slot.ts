/** A copy of the repository in which a mutant can be tried, and what its tests say. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Slot {
  /** Puts a file's text into the copy. */
  write(file: string, text: string): void;
  /** Runs test files, the first failure ends it. @returns whether all passed within the time */
  run(tests: readonly string[], milliseconds: number): Promise<'passed' | 'failed' | 'timeout'>;
  /** Compiles the device program anew. @returns whether it could be compiled */
  buildDevice(): Promise<boolean>;
  remove(): void;
}

/** @param files of the repository, from its root */
export function createSlot(root: string, files: readonly string[]): Slot {
  const folder = mkdtempSync(join(tmpdir(), 'mutate-'));
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
  return {
    write: (file, text) => writeFileSync(join(copy, file), text),
    run: (tests, milliseconds) =>
      start(
        ['node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/mutate/vitest.config.ts', ...tests],
        milliseconds,
        { MUTATE_TESTS: tests.join(',') },
      ),
    buildDevice: async () =>
      (await start(['node_modules/tsx/dist/cli.mjs', 'scripts/build-wasm.ts'], 120_000)) === 'passed',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
