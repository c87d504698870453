/** The studio (a folder of files, `npm run build:studio`) on this machine's own address, with the headers that let it use all cores. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FailureError } from '../errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

const HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

/** Where `npm run build:studio` puts it. */
const SHIPPED = fileURLToPath(new URL('../../dist/studio/', import.meta.url));

export interface StudioOptions {
  /** 0, the default: any free one. */
  port?: number;
  folder?: string;
}

export interface ServedStudio {
  /** As `http://127.0.0.1:4711/`. */
  address: string;
  close(): Promise<void>;
}

/** Serves on 127.0.0.1 only. @throws FailureError where the studio is not built or the port is taken */
export async function serveStudio({ port = 0, folder = SHIPPED }: StudioOptions = {}): Promise<ServedStudio> {
  if (!existsSync(join(folder, 'index.html')))
    throw new FailureError(
      `${folder} holds no studio: in a clone of the repository, npm run build:studio makes it`,
    );
  const server = createServer((request, response) => void answer(folder, request.url ?? '/', response));
  await listen(server, port);
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code ?? error.message})`;
      reject(new FailureError(`port ${port} ${why}; choose another one with --port`));
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });

async function answer(folder: string, url: string, response: ServerResponse): Promise<void> {
  const path = fileOf(folder, url);
  if (!path) {
    response.writeHead(404, HEADERS).end();
    return;
  }
  const body = await readFile(path).catch(() => undefined);
  if (!body) response.writeHead(500, HEADERS).end();
  else {
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(body);
  }
}

/** The file that an address names, if it lies in the folder. */
function fileOf(folder: string, url: string): string | undefined {
  try {
    const { pathname } = new URL(url, 'http://localhost');
    const path = join(folder, decodeURIComponent(pathname).replace(/\/$/, '/index.html'));
    const isInside = path.startsWith(join(folder, sep));
    return isInside && statSync(path, { throwIfNoEntry: false })?.isFile() ? path : undefined;
  } catch {
    return undefined; // a broken escape, or a zero byte
  }
}
