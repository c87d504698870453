import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataBytes } from '../testing/shared-files.ts';
import { parseHubName, pullRepository } from './index.ts';

const COMMIT = 'c0ffee'.repeat(7).slice(0, 40);
const LLAMA = [
  'config.json',
  'tokenizer.json',
  'model.safetensors.index.json',
  'model-00001-of-00002.safetensors',
  'model-00002-of-00002.safetensors',
];

/** Repositories of a hub: files by revision. */
let hub: Record<string, Record<string, Uint8Array>>;
let requests: string[];
let server: Server;
let cache: string;
let env: NodeJS.ProcessEnv;

/** A server shaped like the hub: `/api/models/R/revision/V` lists, `/R/resolve/V/F` gives files. */
beforeEach(async () => {
  const llama = Object.fromEntries(LLAMA.map((file) => [file, dataBytes(`goldens/llama/${file}`)]));
  const gguf = dataBytes('goldens/llama/model.gguf');
  hub = {
    'someone/llama@main': {
      ...llama,
      'README.md': Buffer.from('hello'),
      'pytorch_model.bin': Buffer.from('no'),
    },
    'someone/one@main': { 'model.gguf': gguf, 'README.md': Buffer.from('hello') },
    'someone/two@main': { 'a-q4.gguf': gguf, 'a-q8.gguf': gguf },
    'someone/pickle@main': { 'pytorch_model.bin': gguf, 'config.json': llama['config.json'] },
    'someone/pickle@refs/pr/1': llama,
    'someone/folders@v2': Object.fromEntries(LLAMA.map((file) => [`inner/${file}`, llama[file]])),
  };
  requests = [];
  server = createServer((request, response) => {
    const [, path] = /^([^?]*)/.exec(request.url!)!;
    requests.push(`${request.method} ${path}`);
    const list = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(path);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    const [, repository, revision, name] = (list ?? file)!;
    const files = hub[`${repository}@${decodeURIComponent(revision)}`];
    if (list && files)
      return response.end(
        JSON.stringify({ sha: COMMIT, siblings: Object.keys(files).map((rfilename) => ({ rfilename })) }),
      );
    const body = files?.[decodeURIComponent(name ?? '')];
    if (!body) return response.writeHead(404).end();
    response.setHeader('x-repo-commit', COMMIT);
    response.setHeader('x-linked-etag', `"${createHash('sha256').update(body).digest('hex')}"`);
    response.writeHead(200, { 'content-length': body.length });
    return response.end(request.method === 'HEAD' ? undefined : body);
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

describe('hf: names', () => {
  it.each([
    ['hf:a/b', { repository: 'a/b', revision: 'main' }],
    ['hf:a/b.c-d@v1.0', { repository: 'a/b.c-d', revision: 'v1.0' }],
    ['hf:a/b/x.gguf', { repository: 'a/b', revision: 'main', file: 'x.gguf' }],
    ['hf:a/b@refs/pr/1', { repository: 'a/b', revision: 'refs/pr/1' }],
    ['hf:a/b@refs/pr/1/in/x.gguf', { repository: 'a/b', revision: 'refs/pr/1', file: 'in/x.gguf' }],
  ])('%s', (text, name) => {
    expect(parseHubName(text)).toEqual(name);
  });
  it.each(['hf:', 'hf:a', 'hf:a/b@', 'hf:a/b/../../x', 'hf:../b', 'hf:a/b//c'])('%s is none', (text) => {
    expect(() => parseHubName(text)).toThrow(/names nothing on the hub; write hf:owner\/name/);
  });
});

describe('a repository', () => {
  it('gives the folder of its checkpoint, without what nobody needs; the second time from the cache', async () => {
    const path = await pullRepository('hf:someone/llama', { env });
    expect(path).toBe(join(cache, 'models--someone--llama', 'snapshots', COMMIT));
    for (const file of LLAMA) expect(existsSync(join(path, file)), file).toBe(true);
    expect(existsSync(join(path, 'README.md'))).toBe(false);
    expect(existsSync(join(path, 'pytorch_model.bin'))).toBe(false);
    const before = requests.length;
    expect(await pullRepository('hf:someone/llama', { env: { ...env, HF_HUB_OFFLINE: '1' } })).toBe(path);
    expect(requests.length).toBe(before);
  });
  it('gives its only GGUF file, and asks which of several', async () => {
    const path = await pullRepository('hf:someone/one', { env });
    expect(readFileSync(realpathSync(path))).toEqual(dataBytes('goldens/llama/model.gguf'));
    await expect(pullRepository('hf:someone/two', { env })).rejects.toThrow(
      /has 2 GGUF files; name one: hf:someone\/two\/a-q4.gguf, hf:someone\/two\/a-q8.gguf/,
    );
    expect(await pullRepository('hf:someone/two/a-q8.gguf', { env })).toMatch(/a-q8\.gguf$/);
  });
  it('has revisions, and files in folders bring their companions', async () => {
    await expect(pullRepository('hf:someone/pickle', { env })).rejects.toThrow(
      /a PyTorch pickle.*@refs\/pr\/1/,
    );
    const path = await pullRepository('hf:someone/pickle@refs/pr/1', { env });
    expect(existsSync(join(path, 'tokenizer.json'))).toBe(true);
    const file = await pullRepository('hf:someone/folders@v2/inner/model.safetensors.index.json', { env });
    for (const name of LLAMA) expect(existsSync(join(file, '..', name)), name).toBe(true);
  });
  it('that is not there or cannot be reached is a sentence', async () => {
    await expect(pullRepository('hf:someone/nothing', { env })).rejects.toThrow(
      /answered 404.*is the name right/,
    );
    const offline = { ...env, HF_HUB_OFFLINE: '1' };
    await expect(pullRepository('hf:someone/one', { env: offline })).rejects.toThrow(/HF_HUB_OFFLINE is set/);
  });
});
