/** Where tests and benchmarks find the files that are handed around beside the repository; absent on a plain clone. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of `../shared/<name>`, or undefined (with a line on stderr saying what is left out) where it is not there. */
export function sharedPath(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../shared/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  process.stderr.write(`not found: ../shared/${name}; what needs it is skipped\n`);
  return undefined;
}

/** Bytes of `../shared/<name>`, if it is there. */
export function sharedBytes(name: string): Uint8Array | undefined {
  const path = sharedPath(name);
  return path === undefined ? undefined : readFileSync(path);
}
