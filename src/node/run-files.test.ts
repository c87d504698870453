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
    /cannot write .*checkpoint: the disk is full; free some space\.$/,
  );
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(existsSync(`${path}.part`)).toBe(false);
  disk.room = Number.POSITIVE_INFINITY;
});

it('a read-only disk is called one, the folder made or not', () => {
  const { mkdirSync, openSync } = fs;
  const refuse = () => {
    throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
  };
  Object.assign(fs, { mkdirSync: refuse, openSync: refuse });
  syncBuiltinESMExports();
  try {
    expect(() => makeFolder(join(folder, 'new-one'))).toThrow(
      /the disk is read-only; choose another --out\.$/,
    );
    expect(() => writeSafely(join(folder, 'loss.svg'), 'x')).toThrow(/the disk is read-only/);
  } finally {
    Object.assign(fs, { mkdirSync, openSync });
    syncBuiltinESMExports();
  }
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
