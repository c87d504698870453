/**
 * Builds `dist/` where it is missing or older than what it is made from. npm runs this after an install, and once more when `npx` first
 * meets the checkout: that one should not rebuild what is there.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['src', 'device', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const STAMP = join('dist', '.built');

/** Latest modification below a path, in milliseconds; 0 where there is nothing. */
function latest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => latest(join(path, name))));
}

if (latest(STAMP) <= Math.max(...SOURCES.map(latest))) {
  const { status } = spawnSync('npm', ['run', 'build'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(STAMP, '');
}
