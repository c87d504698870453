/** When dist/ was built: a file whose date is the build's beginning, under its name only once the build has ended well. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';

/** What is younger than this file is not in dist/ yet. */
export const STAMP = 'dist/.built';
const UNFINISHED = 'dist/.building';

export function beginBuild(): void {
  mkdirSync('dist', { recursive: true });
  writeFileSync(UNFINISHED, '');
}

export const endBuild = (): void => renameSync(UNFINISHED, STAMP);
