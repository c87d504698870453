/** Files that a command line names: whatever keeps them from being read or written is one sentence. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, type Stats, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FailureError, UsageError } from './errors.ts';

/** A file descriptor instead of a path: standard input. */
const STDIN = 0;
const CHUNK = 1 << 16;
/** More than any checkpoint for this chip; a pipe that goes on beyond it has no end. */
const LONGEST_STREAM = 2 ** 30;

const READ_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read; check its permissions',
  EPERM: 'may not be read; check its permissions',
  ENOTDIR: 'lies below something that is not a folder; check the path',
  EMFILE: 'cannot be opened: too many files are open',
  ENAMETOOLONG: 'is too long for a file name; check the path',
  ELOOP: 'is a link that leads to itself; check the path',
  ENXIO: 'is no file; check the path',
};

const WRITE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'it is not permitted; choose another place or check its permissions',
  EPERM: 'it is not permitted; choose another place or check its permissions',
  EROFS: 'the disk is read-only; choose another place',
  ENOSPC: 'the disk is full; free some space or choose another place',
  EDQUOT: 'the disk quota is used up; free some space or choose another place',
  ENOTDIR: 'part of the path is a file; choose another place',
  EEXIST: 'there is something else of that name; choose another',
  EISDIR: 'it is a folder; give the name of a file',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long; choose another',
};

/**
 * The contents of a file; `-` is standard input.
 * @param what the file is wanted for, as "the checkpoint"
 */
export function readInput(path: string, what: string): Buffer {
  if (path === '') throw new UsageError(`${what} has an empty name; give the path of a file`);
  try {
    const file = path === '-' ? STDIN : openSync(path, 'r');
    try {
      return readOpened(file, path, what);
    } finally {
      if (file !== STDIN) closeSync(file);
    }
  } catch (error) {
    throw readError(error, path, what);
  }
}

function readOpened(file: number, path: string, what: string): Buffer {
  const kind = fstatSync(file);
  if (kind.isDirectory())
    throw new UsageError(`${path} is a folder where ${what} is wanted; name a file in it`);
  if (file !== STDIN && isDevice(kind)) throw new UsageError(`${path} is a device and no file; give ${what}`);
  return kind.isFile() ? readFileSync(file) : readStream(file, path, what);
}

/** A terminal is read to its end as well, as by any tool. */
const isDevice = (kind: Stats): boolean => kind.isCharacterDevice() || kind.isBlockDevice();

/** Pipes, and standard input whatever it is. */
function readStream(file: number, path: string, what: string): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const bytes = readWaiting(file, chunk);
    if (bytes === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, bytes));
    total += bytes;
    if (total > LONGEST_STREAM)
      throw new FailureError(`${path === '-' ? 'standard input' : path} does not end; give ${what}`);
  }
}

/** Standard input may be set not to block: then it says EAGAIN until something comes. */
function readWaiting(file: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(file, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function readError(error: unknown, path: string, what: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (code === 'ENOENT') return new UsageError(`${path} does not exist; check the path of ${what}`);
  if (code === 'EISDIR')
    return new UsageError(`${path} is a folder where ${what} is wanted; name a file in it`);
  if (code === 'ERR_FS_FILE_TOO_LARGE')
    return new FailureError(`${path} is larger than 2 GB, too large for ${what}`);
  return new FailureError(`${path} ${READ_ERRORS[code] ?? `cannot be read (${code})`}`);
}

/** The contents of a file as UTF-8 text. */
export function readText(path: string, what: string): string {
  const bytes = readInput(path, what);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof RangeError || (error as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG')
      throw new FailureError(
        `${path} is too large to be text here (${bytes.length} bytes); give a part of it`,
      );
    throw new UsageError(`${path} is not UTF-8 text; convert it, or give another file`);
  }
}

/** Writes a file, whole or not at all as far as the system allows. */
export function writeOutput(path: string, contents: Uint8Array | string): void {
  if (path === '') throw new UsageError('the file to be written has an empty name; give it one');
  explainWriting(path, () => writeFileSync(path, contents));
}

/** Runs what writes to `path`; errors of the system become one sentence. */
export function explainWriting<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw writeError(error, path);
  }
}

/** The sentence for an error of the system in writing to `path`; any other error as it is. */
export function writeError(error: unknown, path: string): unknown {
  const { code, path: place = path } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof FailureError) return error;
  if (code === 'ENOENT')
    return new UsageError(`${place} cannot be written: there is no folder ${dirname(place)}; make it first`);
  return new FailureError(`${place} cannot be written: ${WRITE_ERRORS[code] ?? code}`);
}

/** Runs what deals with the contents of a file; its sentence gets the file's name in front. */
export async function naming<T>(file: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isSentence = error instanceof FailureError || error instanceof UsageError;
    if (isSentence && !error.message.includes(file)) error.message = `${file}: ${error.message}`;
    throw error;
  }
}
