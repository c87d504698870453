/**
 * Files that tests, generators and benchmarks read: `data/` of this repository (instruction table's source, vectors, golden stories),
 * and what is handed around beside it (`../shared`: models and texts of others), which a plain clone does not have.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Text of a file, unpacked where its name ends in .gz. @throws as readFileSync does */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

/** Text of `data/<name>`; `<name>.gz` is unpacked. */
export const dataText = (name: string): string =>
  readText(fileURLToPath(new URL(`../../data/${name}`, import.meta.url)));

/** Path of `../shared/<name>`, or undefined (with a line on stderr saying what is left out) where it is not there. */
export function sharedPath(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../shared/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  process.stderr.write(`not found: ../shared/${name}; what needs it is skipped\n`);
  return undefined;
}

/** Bytes of `../shared/<name>`, if it is there. */
export function sharedBytes(name: string): Uint8Array | undefined {
  const path = sharedPath(name);
  return path === undefined ? undefined : readFileSync(path);
}
