/** The flash of a simulated board as a file that survives it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';

const SECTOR_BYTES = 4096;
const ERASED = 0xff;

/** Contents of the file, or nothing where there is none yet. */
export function readFlashFile(path: string, flashBytes: number): Uint8Array {
  const bytes = existsSync(path) ? readFileSync(path) : new Uint8Array(0);
  if (bytes.length > flashBytes) {
    throw new UsageError(
      `${path}: holds ${bytes.length} bytes and the board's flash ${flashBytes}; choose another --board or file`,
    );
  }
  return bytes;
}

/** Saves what changed since the last call: written aside, then renamed, so that a crash leaves the old or the new contents. */
export function createFlashSaver(path: string, flash: Uint8Array): () => boolean {
  let saved = Uint8Array.from(flash);
  return () => {
    if (Buffer.compare(saved, flash) === 0) return false;
    saved = Uint8Array.from(flash);
    let end = saved.length;
    while (end > 0 && saved[end - 1] === ERASED) end--;
    writeFileSync(`${path}.new`, saved.subarray(0, Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES));
    renameSync(`${path}.new`, path);
    return true;
  };
}
