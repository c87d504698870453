/**
 * Results kept between runs in files: those that ship in dist/results/, made by `npm run build`, and those of earlier runs in the user's
 * cache folder. A file is named by what its result follows from, the code included; it is written whole or not at all, by as many
 * processes at once as there are, and says itself whether it is damaged. Nothing depends on it: whatever fails, nothing is remembered.
 */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cache, CacheKey } from '../cache.ts';

/** Bytes that the user's folder may take; the results that were not used for longest go first. */
const LARGEST = 32 << 20;
/** A result that is used is marked so, but not more often than this: milliseconds. */
const STALE_MARK = 86_400_000;
const SUM_BYTES = 32;
const ENDING = '.bin';

const dist = fileURLToPath(new URL('../', import.meta.url));

/** XDG_CACHE_HOME or what the system has in its place, with `esp32-llm` below. */
export function userCacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'esp32-llm');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'esp32-llm', 'Cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'esp32-llm');
  return join(homedir(), '.cache', 'esp32-llm');
}

/** What names this build of the package; undefined where the sources run as they are, which may change at any time. */
export function buildId(): string | undefined {
  try {
    return readFileSync(join(dist, 'build-id'), 'utf8');
  } catch {
    return undefined;
  }
}

/** Where results that ship are, next to the code. */
export const shippedResults = join(dist, 'results');

const sumOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function nameOf(version: string, key: CacheKey): string {
  const hash = createHash('sha256').update(version);
  for (const part of key) hash.update(`/${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 40) + ENDING;
}

function readResult(path: string): Uint8Array | undefined {
  try {
    const bytes = readFileSync(path);
    const result = bytes.subarray(SUM_BYTES);
    if (sumOf(result).equals(bytes.subarray(0, SUM_BYTES))) return new Uint8Array(result);
  } catch {
    // Not there, or not to be read.
  }
  return undefined;
}

function markUsed(path: string): void {
  try {
    const now = Date.now();
    if (now - statSync(path).mtimeMs > STALE_MARK) utimesSync(path, now / 1000, now / 1000);
  } catch {
    // Another process has taken it away.
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It may be in use (Windows), or below something that is no folder.
  }
}

/** Takes away what is beyond {@link LARGEST}, and what a process that was ended left half-written. */
function trim(folder: string, largest: number): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? [{ path, bytes: stats.size, used: stats.mtimeMs }] : [];
  });
  files.sort((one, other) => other.used - one.used);
  let total = 0;
  for (const { path, bytes, used } of files) {
    total += bytes;
    const left = !path.endsWith(ENDING) && Date.now() - used > STALE_MARK;
    if (total > largest || left) remove(path);
  }
}

export interface FileCacheOptions {
  /** Names the code whose results these are. */
  version: string;
  folder: string;
  /** Looked into first, never written. */
  shipped?: string;
  /** Bytes. */
  largest?: number;
}

/** A cache of files in `folder`, which is made where it is missing. */
export function createFileCache({ version, folder, shipped, largest = LARGEST }: FileCacheOptions): Cache {
  return {
    get(key) {
      const name = nameOf(version, key);
      const ready = shipped && readResult(join(shipped, name));
      if (ready) return ready;
      const path = join(folder, name);
      const result = readResult(path);
      if (result) markUsed(path);
      return result;
    },
    put(key, result) {
      const path = join(folder, nameOf(version, key));
      const half = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(half, Buffer.concat([sumOf(result), result]));
        renameSync(half, path);
        trim(folder, largest);
      } catch {
        remove(half);
      }
    },
  };
}

/** The package's own cache: of this build, in the user's cache folder. It remembers nothing where the sources run as they are. */
export function userCache(): Cache | undefined {
  const version = buildId();
  return version === undefined
    ? undefined
    : createFileCache({ version, folder: userCacheFolder(), shipped: shippedResults });
}
