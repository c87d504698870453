/**
 * Compiled programs and translations that the studio's build has made ahead for its first story, in one file, and those of this visit: as
 * the {@link Cache} that builds and simulations take.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Cache, CacheKey } from '../../src/cache.ts';

/** What one visit may keep, in bytes: the oldest goes first. */
const LARGEST = 48 << 20;
const HEADER_BYTES = 4;

function nameOf(key: CacheKey): string {
  const hash = sha256.create();
  for (const part of key) {
    const bytes = typeof part === 'string' ? utf8ToBytes(part) : part;
    hash.update(utf8ToBytes(`/${bytes.length}:`)).update(bytes);
  }
  return bytesToHex(hash.digest()).slice(0, 40);
}

/** Under which a whole image is kept. `model`: what names the model, its contents included. */
export const imageKey = (
  model: string,
  {
    board,
    precision = 'own',
    context = 'longest',
  }: { board: string; precision?: string; context?: number | 'longest' },
): CacheKey => ['image', model, board, precision, String(context)];

export interface ResultStore extends Cache {
  /** Everything that is in it, for {@link readResults}. */
  pack(): Uint8Array<ArrayBuffer>;
}

export function createResults(known: ReadonlyMap<string, Uint8Array> = new Map()): ResultStore {
  const results = new Map(known);
  let total = [...results.values()].reduce((sum, { length }) => sum + length, 0);
  const forget = (name: string): void => {
    total -= results.get(name)?.length ?? 0;
    results.delete(name);
  };
  return {
    get: (key) => results.get(nameOf(key)),
    put(key, result) {
      const name = nameOf(key);
      forget(name);
      results.set(name, result);
      total += result.length;
      for (const oldest of results.keys()) {
        if (total <= LARGEST) break;
        forget(oldest);
      }
    },
    pack() {
      const sizes = JSON.stringify([...results].map(([name, { length }]) => [name, length]));
      const head = utf8ToBytes(sizes);
      const body = [...results.values()];
      const packed = new Uint8Array(
        body.reduce((sum, { length }) => sum + length, HEADER_BYTES + head.length),
      );
      new DataView(packed.buffer).setUint32(0, head.length, true);
      packed.set(head, HEADER_BYTES);
      let at = HEADER_BYTES + head.length;
      for (const bytes of body) {
        packed.set(bytes, at);
        at += bytes.length;
      }
      return packed;
    },
  };
}

/** What {@link ResultStore.pack} gave. */
export function readResults(packed: Uint8Array<ArrayBuffer>): Map<string, Uint8Array> {
  const headBytes = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  let at = HEADER_BYTES + headBytes;
  const sizes = JSON.parse(new TextDecoder().decode(packed.subarray(HEADER_BYTES, at))) as [string, number][];
  return new Map(
    sizes.map(([name, length]) => {
      const bytes = packed.subarray(at, at + length);
      at += length;
      return [name, bytes] as const;
    }),
  );
}
