/** A host as there are many: files compressed, no headers of ours; over a line with a rate and a delay. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface Line {
  name: string;
  /** Bits a second that all requests share; undefined: as many as go through. */
  rate?: number;
  /** Milliseconds before an answer begins. */
  delay: number;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};
/** What hosts compress on their way. */
const COMPRESSED = new Set(['.html', '.js', '.css', '.json', '.svg', '.wasm']);

const CHUNK = 4096;
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function serveOver({ rate, delay }: Line, folder: string) {
  /** When the line is free again. */
  let free = 0;
  const send = async (body: Buffer, response: ServerResponse): Promise<void> => {
    for (let at = 0; at < body.length; at += CHUNK) {
      const chunk = body.subarray(at, at + CHUNK);
      if (rate !== undefined) {
        free = Math.max(free, performance.now()) + (8 * 1000 * chunk.length) / rate;
        await wait(free - performance.now());
      }
      response.write(chunk);
    }
    response.end();
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname.replace(/\/$/, '/index.html');
    const file = await readFile(join(folder, path)).catch(() => undefined);
    await wait(delay);
    const kind = extname(path);
    const isCompressed = COMPRESSED.has(kind);
    response.writeHead(file ? 200 : 404, {
      'content-type': TYPES[kind] ?? 'application/octet-stream',
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    });
    await send(file ? (isCompressed ? gzipSync(file) : file) : Buffer.alloc(0), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
