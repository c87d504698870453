/** The flash of a simulated board as a file that survives it. */
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FailureError, UsageError } from '../errors.ts';

const SECTOR_BYTES = 4096;
const ERASED = 0xff;
/** First byte of every image that the ROM boots. */
const IMAGE_MAGIC = 0xe9;

/** Contents of the file, or nothing where there is none yet; refuses what a board's flash cannot be, and where none can be kept. */
export function readFlashFile(path: string, flashBytes: number): Uint8Array {
  if (path === '') throw new UsageError('the flash file has an empty name; give it one with --flash FILE');
  if (!existsSync(path)) {
    explainSave(dirname(path), () => accessSync(dirname(path), constants.W_OK));
    return new Uint8Array(0);
  }
  const kind = statSync(path);
  if (kind.isDirectory())
    throw new UsageError(`${path} is a folder where the file of the flash is wanted; name a file in it`);
  if (!kind.isFile())
    throw new UsageError(`${path} is no file that could keep a flash; choose another --flash`);
  explainSave(path, () => accessSync(path, constants.R_OK | constants.W_OK));
  if (kind.size > flashBytes) {
    throw new UsageError(
      `${path}: holds ${kind.size} bytes and the board's flash ${flashBytes}; choose another --board or file`,
    );
  }
  const bytes = readFileSync(path);
  const isErased = bytes.subarray(0, SECTOR_BYTES).every((byte) => byte === ERASED);
  if (!isErased && bytes[0] !== IMAGE_MAGIC) {
    throw new UsageError(
      `${path} is no flash of a board: it begins neither with an image nor erased, and would be written over; choose another --flash`,
    );
  }
  return bytes;
}

/** Saves what changed since the last call: written aside, then renamed, so that a crash leaves the old or the new contents. */
export function createFlashSaver(path: string, flash: Uint8Array): () => boolean {
  let saved = Uint8Array.from(flash);
  return () => {
    if (Buffer.compare(saved, flash) === 0) return false;
    const contents = Uint8Array.from(flash);
    let end = contents.length;
    while (end > 0 && contents[end - 1] === ERASED) end--;
    const aside = `${path}.new`;
    explainSave(path, () => {
      try {
        writeFileSync(aside, contents.subarray(0, Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES));
        renameSync(aside, path);
      } catch (error) {
        rmSync(aside, { force: true });
        throw error;
      }
    });
    saved = contents;
    return true;
  };
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'part of the path is a file',
};

function explainSave(path: string, save: () => void): void {
  try {
    save();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new FailureError(
      `the flash of the board cannot be kept in ${path}: ${REASONS[code] ?? code}; choose another place with --flash FILE`,
    );
  }
}
