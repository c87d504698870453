import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileCache, userCacheFolder } from './cache.ts';

const root = mkdtempSync(join(tmpdir(), 'cache-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++), 'not', 'there', 'yet');
});
const bytes = (length: number, value = 1) => new Uint8Array(length).fill(value);
const files = () => readdirSync(folder).map((name) => join(folder, name));

describe('results kept in files', () => {
  it('come back under the same key and version, and no other', () => {
    const cache = createFileCache({ version: 'a', folder });
    expect(cache.get(['k'])).toBeUndefined();
    cache.put(['k', bytes(3)], bytes(100));
    expect(cache.get(['k', bytes(3)])).toEqual(bytes(100));
    expect(cache.get(['k', bytes(4)])).toBeUndefined();
    expect(cache.get(['k'])).toBeUndefined();
    expect(createFileCache({ version: 'b', folder }).get(['k', bytes(3)])).toBeUndefined();
    expect(createFileCache({ version: 'a', folder }).get(['k', bytes(3)])).toEqual(bytes(100));
  });

  it('keys are told apart part by part', () => {
    const cache = createFileCache({ version: 'a', folder });
    cache.put(['ab', 'c'], bytes(1));
    expect(cache.get(['a', 'bc'])).toBeUndefined();
    expect(cache.get(['abc'])).toBeUndefined();
  });

  it('are gone where a file is cut short or changed, and can be put again', () => {
    const cache = createFileCache({ version: 'a', folder });
    for (const damage of [
      (whole: Buffer) => whole.subarray(0, -1),
      (whole: Buffer) => whole.subarray(0, 10),
      () => Buffer.alloc(0),
      (whole: Buffer) => {
        whole[50] ^= 1;
        return whole;
      },
    ]) {
      cache.put(['k'], bytes(100));
      const [path] = files();
      writeFileSync(path, damage(readFileSync(path)));
      expect(cache.get(['k'])).toBeUndefined();
    }
    cache.put(['k'], bytes(100));
    expect(cache.get(['k'])).toEqual(bytes(100));
  });

  it('take no more than they may, the least used going first', () => {
    const cache = createFileCache({ version: 'a', folder, largest: 1000 });
    for (let i = 0; i < 5; i++) {
      cache.put([String(i)], bytes(300, i));
      for (const path of files()) {
        const { mtimeMs } = statSync(path);
        utimesSync(path, mtimeMs / 1000 - 10, mtimeMs / 1000 - 10);
      }
    }
    expect(files().length).toBe(3);
    expect([0, 1, 2, 3, 4].map((i) => cache.get([String(i)])?.[0])).toEqual([undefined, undefined, 2, 3, 4]);
  });

  it('what an ended process left half-written goes in time', () => {
    const cache = createFileCache({ version: 'a', folder });
    cache.put(['k'], bytes(1));
    const left = join(folder, 'abc.bin.123.xyz');
    writeFileSync(left, 'half');
    cache.put(['k'], bytes(2));
    expect(files()).toContain(left); // it may be under way
    utimesSync(left, 0, 0);
    cache.put(['k'], bytes(3));
    expect(files()).not.toContain(left);
  });

  it('a folder that cannot be is no failure', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const cache = createFileCache({ version: 'a', folder: join(file, 'below') });
    cache.put(['k'], bytes(1));
    expect(cache.get(['k'])).toBeUndefined();
  });

  it('those that ship are found first and never written', () => {
    const shipped = join(root, 'shipped');
    createFileCache({ version: 'a', folder: shipped }).put(['k'], bytes(7));
    const before = readdirSync(shipped);
    const cache = createFileCache({ version: 'a', folder, shipped });
    expect(cache.get(['k'])).toEqual(bytes(7));
    cache.put(['other'], bytes(8));
    expect(readdirSync(shipped)).toEqual(before);
  });
});

it('the folder is where the system keeps caches', () => {
  expect(userCacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe(join('/x', 'esp32-llm'));
  expect(userCacheFolder({}, 'linux')).toMatch(/\.cache.esp32-llm$/);
  expect(userCacheFolder({}, 'darwin')).toMatch(/Library.Caches.esp32-llm$/);
  expect(userCacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'esp32-llm', 'Cache'));
});
