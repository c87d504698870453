/** What test files of one process keep for one another: programs compiled and code translated once (that kept code is the same: src/chip/core/kept.test.ts). */
import { createHash } from 'node:crypto';
import type { Cache, CacheKey } from '../cache.ts';

const results = new Map<string, Uint8Array>();

function nameOf(key: CacheKey): string {
  const hash = createHash('sha1');
  for (const part of key) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** Holds what was put last, for who hands it on himself: translations that a board of the same image need not make again. */
export function keepLast(): Cache & { readonly last: Uint8Array | undefined } {
  let last: Uint8Array | undefined;
  return {
    get: () => undefined,
    put: (_, result) => {
      last = result;
    },
    get last() {
      return last;
    },
  };
}

export const kept: Cache = {
  get: (key) => results.get(nameOf(key)),
  put: (key, result) => void results.set(nameOf(key), result),
};

const objects = new Map<string, unknown>();

/** What was made under this name, or is now. */
export function once<Made>(name: string, make: () => Made): Made {
  if (!objects.has(name)) objects.set(name, make());
  return objects.get(name) as Made;
}

/** For who changes the code that made it (scripts/mutate). */
export function forget(): void {
  results.clear();
  objects.clear();
}
