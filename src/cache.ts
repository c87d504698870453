/** Results kept between runs: who builds or simulates takes a {@link Cache}, and who has files brings one. */
import { latin1, latin1Bytes } from './bytes.ts';

/** What a result follows from, all of it but the code that computes it. */
export type CacheKey = readonly (string | Uint8Array)[];

/** May forget anything at any time; what it gives is what was put, whole, by the same version of the code. */
export interface Cache {
  get(key: CacheKey): Uint8Array | undefined;
  put(key: CacheKey, result: Uint8Array): void;
}

/** A cache that remembers nothing. */
export const noCache: Cache = { get: () => undefined, put: () => {} };

/** JSON has no word for these: an object of one field, named after the class, stands for each. */
const toJson = (_: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return { $bytes: latin1(value) };
  if (value instanceof Map) return { $map: [...value] };
  return value instanceof Set ? { $set: [...value] } : value;
};

const fromJson = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const { $bytes, $map, $set } = value as { $bytes?: string; $map?: [unknown, unknown][]; $set?: unknown[] };
  if ($bytes !== undefined) return latin1Bytes($bytes);
  if ($map !== undefined) return new Map($map);
  return $set === undefined ? value : new Set($set);
};

/** What `compute` gives, from the cache if it is there. It is made of plain objects, arrays, texts, numbers, bytes, maps and sets. */
export function cached<Result>(cache: Cache, key: CacheKey, compute: () => Result): Result {
  const known = cache.get(key);
  if (known) return JSON.parse(new TextDecoder().decode(known), fromJson) as Result;
  const result = compute();
  cache.put(key, new TextEncoder().encode(JSON.stringify(result, toJson)));
  return result;
}
