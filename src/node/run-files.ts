import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
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

/** Makes a folder and those above it. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw explained(error, path);
  }
}

function withFile(path: string, mode: string, use: (file: number) => void): void {
  const file = openSync(path, mode);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and go on with --resume',
  EDQUOT: 'the disk quota is used up; free some space and go on with --resume',
  EFBIG: 'the file would be larger than is allowed; raise the limit and go on with --resume',
  EROFS: 'the disk is read-only; choose another --out',
  EACCES: 'writing is not permitted; choose another --out',
  ENOTDIR: 'part of the path is a file; choose another --out',
  EEXIST: 'it is a file, not a folder; choose another --out',
};

function explained(error: unknown, path: string): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = reasons[code];
  return reason ? new FailureError(`train: cannot write ${path}: ${reason}.`) : (error as Error);
}
