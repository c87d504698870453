import fs, { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFolder, writeSafely } from './run-files.ts';

/** A disk with so many bytes left. */
const disk = { room: Number.POSITIVE_INFINITY };
const { writeSync } = fs;
const patch = (write: unknown): void => {
  fs.writeSync = write as typeof fs.writeSync;
  syncBuiltinESMExports();
};
patch((file: number, bytes: Uint8Array, at: number) => {
  const count = Math.min(bytes.length - at, disk.room);
  if (count === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  disk.room -= count;
  return writeSync(file, bytes, at, count);
});
afterAll(() => patch(writeSync));

const folder = mkdtempSync(join(tmpdir(), 'files-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes in several goes when the system takes less at a time', () => {
  const path = join(folder, 'new');
  writeSafely(path, 'some text');
  expect(readFileSync(path, 'utf8')).toBe('some text');
});

it('a disk that fills up while writing: one sentence, and the old file is whole', () => {
  const path = join(folder, 'checkpoint');
  writeFileSync(path, 'old');
  disk.room = 5;
  expect(() => writeSafely(path, 'a new and longer text')).toThrow(
    /the disk is full; free some space .*--resume/,
  );
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(existsSync(`${path}.part`)).toBe(false);
});

it('advises --resume only where there is something to resume', () => {
  const fresh = join(folder, 'fresh');
  makeFolder(fresh);
  disk.room = 5;
  expect(() => writeSafely(join(fresh, 'checkpoint.train'), 'the first save')).toThrow(
    /the disk is full; free some space and start again\.$/,
  );
  disk.room = Number.POSITIVE_INFINITY;
});

it('makes folders one above the other, and says what keeps it', () => {
  makeFolder(join(folder, 'a', 'b', 'c'));
  expect(existsSync(join(folder, 'a', 'b', 'c'))).toBe(true);
  expect(() => makeFolder(join(folder, 'checkpoint', 'below'))).toThrow(/it is a file, not a folder/);
  if (existsSync('/proc/self'))
    expect(() => makeFolder('/proc/nothing/there')).toThrow(
      /cannot write \/proc\/nothing: nothing can be made there/,
    );
});
