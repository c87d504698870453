/**
 * `npm run docs`: the reference of all entries into docs/api/, by typedoc. Typedoc does not take the TypeScript that this repository is
 * written in (7), so both live in a folder of their own, docs/reference/, and are installed there when they are wanted.
 */
import { spawnSync } from 'node:child_process';

const folder = 'docs/reference';

function run(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

run('npm', 'ci', '--no-audit', '--no-fund', '--prefer-offline');
run('npx', 'typedoc');
