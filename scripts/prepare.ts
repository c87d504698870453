/**
 * Builds `dist/` where it is missing or older than what it is made from. npm runs this after an install, before the tests, and once more
 * when `npx` first meets the checkout: those should not rebuild what is there.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { STAMP } from './stamp.ts';

const SOURCES = ['src', 'device', 'scripts', 'models', 'package-lock.json', 'package.json', 'tsconfig.json'];

/** Latest modification of a path or below it, in milliseconds: a folder's is when a file came or went. 0 where there is nothing. */
function latest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => latest(join(path, name))));
}

if (latest(STAMP) <= Math.max(...[...SOURCES, 'tsconfig.build.json'].map(latest))) {
  const { status } = spawnSync('npm', ['run', 'build'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
