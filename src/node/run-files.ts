import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FailureError } from '../errors.ts';

/**
 * Writes a file so that after a crash or a power loss either the old content or the new one is there: a
 * temporary file, synced, renamed over the target, and the folder synced.
 * @throws FailureError when the disk is full; the old file is untouched then
 */
export function writeSafely(path: string, content: Uint8Array | string): void {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.part`;
  try {
    withFile(temporary, 'w', (file) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    });
    renameSync(temporary, path);
    if (process.platform !== 'win32') withFile(dirname(path), 'r', fsyncSync);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw explained(error, path);
  }
}

/** Makes a folder and those above it, one by one: Node's own recursion hides a read-only disk behind ENOENT, and has no end below /proc. */
export function makeFolder(path: string): void {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return;
    throw explained(Object.assign(new Error(), { code: 'EEXIST' }), path);
  }
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explained(error, path);
  }
}

export function withFile(path: string, mode: string, use: (file: number) => void): void {
  const file = openSync(path, mode);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: 'the disk quota is used up; free some space',
  EFBIG: 'the file would be larger than is allowed; raise the limit',
  EROFS: 'the disk is read-only; choose another --out',
  EACCES: 'writing is not permitted; choose another --out',
  EPERM: 'writing is not permitted; choose another --out',
  ENOENT: 'nothing can be made there; choose another --out',
  ENOTDIR: 'part of the path is a file; choose another --out',
  EEXIST: 'it is a file, not a folder; choose another --out',
  EIO: 'the disk does not work; choose another --out',
};

/** Says why; what has become of the run, its trainer says. */
export function explained(error: unknown, path: string): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!Object.hasOwn(reasons, code)) return error as Error;
  return new FailureError(`train: cannot write ${path}: ${reasons[code]}.`);
}
