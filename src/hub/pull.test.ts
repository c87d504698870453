import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogue, findInCache, findPulled, pull, pullFile } from './index.ts';

const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7) & 255));
const sha256 = createHash('sha256').update(content).digest('hex');
const file = { repository: 'someone/models', path: 'folder/weights.bin' };

let server: Server;
let cache: string;
let env: NodeJS.ProcessEnv;
let requests: string[];
/** Close the connection after this many bytes of a GET. */
let breakAfter: number | undefined;
let status: number;
/** Say nothing to requests of this method, or nothing more after the first bytes. */
let stallIn: string | undefined;
/** The server knows nothing of ranges and sends all of the file each time. */
let ignoresRanges: boolean;

/** Bytes of unfinished downloads in the cache. */
function arrivedBytes(): number {
  const blobs = join(cache, 'models--someone--models', 'blobs');
  if (!existsSync(blobs)) return 0;
  const unfinished = readdirSync(blobs).filter((name) => name.endsWith('.incomplete'));
  return unfinished.reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
}

beforeEach(async () => {
  [requests, breakAfter, status, ignoresRanges, stallIn] = [[], undefined, 200, false, undefined];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.headers.range ?? 'all'}`);
    if (stallIn === 'HEAD') return response;
    if (status !== 200) return response.writeHead(status).end();
    response.setHeader('x-repo-commit', 'c0ffee');
    response.setHeader('x-linked-etag', `"${sha256}"`);
    if (request.method === 'HEAD') return response.end();
    const start = ignoresRanges ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length });
    if (stallIn === 'GET') return response.write(body.subarray(0, 1000));
    if (breakAfter === undefined) return response.end(body);
    response.write(body.subarray(0, breakAfter));
    // Hangs up once the bytes have reached the disk: until then they may be lost with the connection.
    const watch = setInterval(() => {
      if (arrivedBytes() === 0) return;
      clearInterval(watch);
      response.destroy();
    }, 5);
    return response;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cache = mkdtempSync(join(tmpdir(), 'hub-'));
  env = { HF_HUB_CACHE: cache, HF_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(cache, { recursive: true, force: true });
});

describe('pull', () => {
  it('fetches into the layout of the Hugging Face cache, once', async () => {
    const path = await pullFile({ ...file, sha256 }, { env });
    expect(readFileSync(path)).toEqual(content);
    expect(path).toBe(join(cache, 'models--someone--models', 'snapshots', 'c0ffee', 'folder', 'weights.bin'));
    expect(readFileSync(join(cache, 'models--someone--models', 'refs', 'main'), 'utf8')).toBe('c0ffee');
    expect(readdirSync(join(cache, 'models--someone--models', 'blobs'))).toEqual([sha256]);
    await pullFile({ ...file, sha256 }, { env });
    expect(requests).toEqual(['HEAD all', 'GET all']);
  });

  it('goes on where a broken transfer stopped', async () => {
    breakAfter = 1234;
    await expect(pullFile(file, { env })).rejects.toThrow(
      /broke off after \d+ of 5000 bytes; run the same command again/,
    );
    breakAfter = undefined;
    expect(readFileSync(await pullFile(file, { env }))).toEqual(content);
    expect(requests.at(-1)).toMatch(/^GET bytes=\d+-$/);
  });

  it('begins anew where the server sends all of the file instead of the rest', async () => {
    breakAfter = 1234;
    await expect(pullFile(file, { env })).rejects.toThrow(/broke off/);
    breakAfter = undefined;
    ignoresRanges = true;
    expect(readFileSync(await pullFile(file, { env }))).toEqual(content);
    expect(requests.at(-1)).toMatch(/^GET bytes=\d+-$/);
  });

  it('reports progress', async () => {
    const seen: number[] = [];
    await pullFile(file, { env, onProgress: () => (done, total) => seen.push(done / total!) });
    expect(seen.at(-1)).toBe(1);
  });

  it('refuses a file with another checksum and keeps nothing of it', async () => {
    await expect(pullFile({ ...file, sha256: 'a'.repeat(64) }, { env })).rejects.toThrow(
      /do not trust that source/,
    );
    expect(readdirSync(join(cache, 'models--someone--models', 'blobs'))).toEqual([]);
  });

  it('remembers the checksum of a file that has none pinned', async () => {
    const path = await pullFile(file, { env });
    writeFileSync(path, 'something else');
    await expect(pullFile(file, { env })).rejects.toThrow(/is expected; delete it and pull again/);
  });

  it('says so when the server has no such file, or there is no network', async () => {
    status = 404;
    await expect(pullFile(file, { env })).rejects.toThrow(/answered 404/);
    await expect(pullFile(file, { env: { ...env, HF_ENDPOINT: 'http://127.0.0.1:9' } })).rejects.toThrow(
      /cannot be reached/,
    );
    await expect(pullFile(file, { env: { ...env, HF_HUB_OFFLINE: '1' } })).rejects.toThrow(
      /HF_HUB_OFFLINE is set/,
    );
  });

  it.each([
    ['without an answer', 'HEAD', /has not answered for 1 s; try again later/],
    ['in the middle', 'GET', /has sent nothing for 1 s after \d+ of 5000 bytes; run the same command again/],
  ])('gives up a server that stalls %s', async (_what, method, sentence) => {
    stallIn = method;
    await expect(pullFile(file, { env, stallMs: 300 })).rejects.toThrow(sentence);
    stallIn = undefined;
    expect(readFileSync(await pullFile(file, { env }))).toEqual(content);
  });

  it.each(['notaurl', 'ftp://host', '/tmp'])('refuses the endpoint %s', async (endpoint) => {
    await expect(pullFile(file, { env: { ...env, HF_ENDPOINT: endpoint } })).rejects.toThrow(
      /is no web address; set it to one such as https:\/\/huggingface\.co/,
    );
  });

  it('finds what was pulled without asking anybody', async () => {
    await pullFile({ ...file, sha256 }, { env });
    requests.length = 0;
    expect(await findInCache('someone/models/folder/weights.bin', env)).toMatch(/c0ffee/);
    expect(await findInCache('someone/models/../../x', env)).toBeUndefined();
    expect(await findInCache('someone/models/other.bin', env)).toBeUndefined();
    expect(await findPulled('stories260K', env)).toBeUndefined();
    expect(requests).toEqual([]);
  });

  it('pins every file of its catalogue', () => {
    for (const { model, tokenizer } of Object.values(catalogue))
      for (const { sha256: pinned } of [model, tokenizer]) expect(pinned).toMatch(/^[0-9a-f]{64}$/);
  });

  it('knows its catalogue', async () => {
    expect(Object.keys(catalogue)).toContain('stories15M');
    await expect(pull('nothing', { env })).rejects.toThrow(/choose one of stories260K, stories15M/);
  });
});
