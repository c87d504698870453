/** One file over HTTP into `<target>.incomplete`, going on where an earlier try broke off, then renamed in one step. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FailureError } from '../errors.ts';
import { sha256 } from './cache.ts';

export type Progress = (done: number, total: number | undefined) => void;

export interface DownloadOptions {
  headers?: Record<string, string>;
  /** Refuse the file unless it has this SHA-256 (hex). */
  expectedSha256?: string;
  onProgress?: Progress;
  /** Milliseconds without a byte after which a server counts as stalled. */
  stallMs?: number;
}

const STALL_MS = 30_000;

/** A clock that calls the request off unless it is fed. */
interface StallClock {
  signal: AbortSignal;
  feed(): void;
  stop(): void;
  readonly stalled: boolean;
}

function stallClock(milliseconds: number): StallClock {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const clock: StallClock = {
    signal: controller.signal,
    stalled: false,
    feed() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        Object.assign(clock, { stalled: true });
        controller.abort();
      }, milliseconds);
    },
    stop: () => clearTimeout(timer),
  };
  clock.feed();
  return clock;
}

const seconds = (milliseconds: number): string => `${Math.max(1, Math.round(milliseconds / 1000))} s`;

/** One sentence for whatever kept a request from being answered. */
export function networkError(url: string, error: unknown): FailureError {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  const reason = cause?.code ?? cause?.message ?? message;
  return new FailureError(
    `${new URL(url).host} cannot be reached (${reason}): there is no network, or it blocks the host; try again, or copy the file here by hand`,
  );
}

/** `fetch` whose failures are one sentence; a server that does not answer is one. */
export async function request(url: string, init?: RequestInit, stallMs = STALL_MS): Promise<Response> {
  const clock = stallClock(stallMs);
  try {
    return await fetch(url, { ...init, signal: clock.signal });
  } catch (error) {
    throw clock.stalled ? stalledError(url, stallMs) : networkError(url, error);
  } finally {
    clock.stop();
  }
}

const stalledError = (url: string, stallMs: number): FailureError =>
  new FailureError(
    `${new URL(url).host} has not answered for ${seconds(stallMs)}; try again later, or copy the file here by hand`,
  );

/** Fetches `url` to `target`. @throws FailureError, leaving what has arrived for the next try */
export async function download(url: string, target: string, options: DownloadOptions = {}): Promise<void> {
  const partial = `${target}.incomplete`;
  await mkdir(dirname(target), { recursive: true });
  const have = await stat(partial).then(
    ({ size }) => size,
    () => 0,
  );
  const headers = { ...options.headers, ...(have > 0 ? { Range: `bytes=${have}-` } : {}) };
  const response = await request(url, { headers }, options.stallMs);
  if (response.status === 416) return finish(partial, target, url, options); // all of it is here already
  if (!response.ok || !response.body) {
    throw new FailureError(
      `${url} answered ${response.status} ${response.statusText}; the file may have moved`,
    );
  }
  const resumed = response.status === 206;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const start = resumed ? have : 0;
  const total = Number.isNaN(length) ? undefined : start + length;
  const { onProgress, stallMs = STALL_MS } = options;
  await receive(response, partial, { start, total, resumed, url, onProgress, stallMs });
  await finish(partial, target, url, options);
}

interface Transfer {
  start: number;
  total: number | undefined;
  resumed: boolean;
  url: string;
  onProgress?: Progress;
  stallMs: number;
}

async function receive(
  response: Response,
  partial: string,
  { start, total, resumed, url, onProgress, stallMs }: Transfer,
): Promise<void> {
  let done = start;
  const clock = stallClock(stallMs);
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      done += chunk.length;
      clock.feed();
      onProgress?.(done, total);
      next(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
  try {
    const file = createWriteStream(partial, { flags: resumed ? 'a' : 'w' });
    await pipeline(body, counter, file, { signal: clock.signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).path || (error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw error;
    const what = clock.stalled ? `has sent nothing for ${seconds(stallMs)}` : 'broke off';
    throw new FailureError(
      `${url} ${what} after ${done} of ${total ?? '?'} bytes; run the same command again to go on from there`,
    );
  } finally {
    clock.stop();
  }
  if (total !== undefined && done !== total) {
    throw new FailureError(
      `${url} broke off after ${done} of ${total} bytes; run the same command again to go on from there`,
    );
  }
}

async function finish(
  partial: string,
  target: string,
  url: string,
  { expectedSha256 }: DownloadOptions,
): Promise<void> {
  if (expectedSha256) {
    const actual = await sha256(partial);
    if (actual !== expectedSha256) {
      await rm(partial);
      throw new FailureError(
        `${url} gave a file with SHA-256 ${actual} where ${expectedSha256} is expected; it was deleted: do not trust that source`,
      );
    }
  }
  const handle = await open(partial, 'r+');
  await handle.sync();
  await handle.close();
  await rename(partial, target);
}
