/** `npm run bundle && npx tsx examples/browser/serve.ts`: the page on this machine, with the model that ships. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
};

/** Where the page finds what it asks for. */
const PLACES = { '/esp32-llm/': '../../out/browser/', '/device/': '../../dist/device/', '/': './' };

/** Files that stand for others, by path; absolute paths or URLs. */
export type Replacements = Readonly<Record<string, string | URL>>;

const SHIPPED: Replacements = {
  '/models/model.bin': new URL('../../models/stories.safetensors', import.meta.url),
};

/** Serves the page on 127.0.0.1, on any free port unless one is named; resolves to the server and the page's address. */
export function servePage(
  files: Replacements = SHIPPED,
  port = 0,
): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.replace(/\/$/, '/index.html');
    const [prefix, folder] = Object.entries(PLACES).find(([start]) => path.startsWith(start))!;
    try {
      const body = readFileSync(files[path] ?? new URL(folder + path.slice(prefix.length), import.meta.url));
      response.setHeader('content-type', TYPES[path.split('.').at(-1)!] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      resolve({ server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await servePage();
  console.log(`${address} (Ctrl-C ends it)`);
}
