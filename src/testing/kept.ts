/** What test files of one process keep for one another: programs compiled and code translated once (that kept code is the same: src/chip/core/kept.test.ts). */
import { createHash } from 'node:crypto';
import type { Cache, CacheKey } from '../cache.ts';

const results = new Map<string, Uint8Array>();

function nameOf(key: CacheKey): string {
  const hash = createHash('sha1');
  for (const part of key) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

export const kept: Cache = {
  get: (key) => results.get(nameOf(key)),
  put: (key, result) => void results.set(nameOf(key), result),
};
