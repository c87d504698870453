/** Fetches catalogue entries from the Hugging Face hub into its cache. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, UsageError } from '../errors.ts';
import { exists, findCached, hubCache, linkSnapshot, repositoryFolder, sha256 } from './cache.ts';
import { catalogue, type RemoteFile } from './catalogue.ts';
import { download, type Progress, request } from './download.ts';

export interface PullOptions {
  /** HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and the cache variables are read from here. */
  env?: NodeJS.ProcessEnv;
  onProgress?: (file: string) => Progress;
}

export interface Pulled {
  model: string;
  tokenizer: string;
}

const DEFAULT_ENDPOINT = 'https://huggingface.co';
const REVISION = 'main';

/** Fetches a model by name; what is in the cache is not asked for again. Resolves to the paths of its files. */
export async function pull(name: string, options: PullOptions = {}): Promise<Pulled> {
  const entry = catalogue[name];
  if (!entry)
    throw new UsageError(
      `no model called ${name} is known: choose one of ${Object.keys(catalogue).join(', ')}`,
    );
  return { model: await pullFile(entry.model, options), tokenizer: await pullFile(entry.tokenizer, options) };
}

/** Fetches one file and checks its SHA-256: the pinned one, or the one remembered from the first time. */
export async function pullFile(
  file: RemoteFile,
  { env = process.env, onProgress }: PullOptions,
): Promise<string> {
  const cache = hubCache(env);
  const path = file.repository
    ? await pullFromHub(file, cache, env, onProgress)
    : await pullFromAddress(file, cache, env, onProgress);
  await remember(
    join(cache, 'esp32-llm-sha256.json'),
    `${file.repository ?? ''}/${file.path}`,
    path,
    file.sha256,
  );
  return path;
}

function refuseOffline(env: NodeJS.ProcessEnv, what: string): void {
  if (env.HF_HUB_OFFLINE && env.HF_HUB_OFFLINE !== '0') {
    throw new FailureError(
      `${what} is not in the cache and HF_HUB_OFFLINE is set; unset it to fetch the file`,
    );
  }
}

async function pullFromHub(
  { repository, path, sha256: expectedSha256 }: RemoteFile,
  cache: string,
  env: NodeJS.ProcessEnv,
  onProgress: PullOptions['onProgress'],
): Promise<string> {
  const folder = repositoryFolder(cache, repository!);
  const cached = await findCached(folder, REVISION, path);
  if (cached) return cached;
  refuseOffline(env, `${repository}/${path}`);
  const url = `${(env.HF_ENDPOINT || DEFAULT_ENDPOINT).replace(/\/$/, '')}/${repository}/resolve/${REVISION}/${path}`;
  const headers: Record<string, string> = env.HF_TOKEN ? { Authorization: `Bearer ${env.HF_TOKEN}` } : {};
  const { commit, etag } = await metadata(url, headers);
  const blob = join(folder, 'blobs', etag);
  if (!(await exists(blob)))
    await download(url, blob, { headers, expectedSha256, onProgress: onProgress?.(path) });
  return linkSnapshot(folder, blob, { commit, revision: REVISION, path });
}

/** Commit and content tag that the hub gives for a file, before the redirect to its storage. */
async function metadata(
  url: string,
  headers: Record<string, string>,
): Promise<{ commit: string; etag: string }> {
  const response = await request(url, { method: 'HEAD', redirect: 'manual', headers });
  if (response.status >= 400)
    throw new FailureError(
      `${url} answered ${response.status} ${response.statusText}; the file may have moved`,
    );
  const commit = response.headers.get('x-repo-commit');
  const tag = response.headers.get('x-linked-etag') ?? response.headers.get('etag');
  const etag = tag?.replace(/^W\//, '').replaceAll('"', '');
  // Both become file names below the cache.
  if (!commit || !etag || !/^[\w-]+$/.test(commit) || !/^[\w-]+$/.test(etag)) {
    throw new FailureError(
      `${url} does not answer like the Hugging Face hub (no commit or etag); check HF_ENDPOINT`,
    );
  }
  return { commit, etag };
}

async function pullFromAddress(
  { path: url, sha256: expectedSha256 }: RemoteFile,
  cache: string,
  env: NodeJS.ProcessEnv,
  onProgress: PullOptions['onProgress'],
): Promise<string> {
  const name = new URL(url).pathname.split('/').at(-1)!;
  const target = join(cache, 'esp32-llm', new URL(url).host, name);
  if (await exists(target)) return target;
  refuseOffline(env, url);
  await download(url, target, { expectedSha256, onProgress: onProgress?.(name) });
  return target;
}

/** Compares with the pinned or the remembered checksum; remembers the first one seen. */
async function remember(book: string, key: string, path: string, pinned: string | undefined): Promise<void> {
  const actual = await sha256(path);
  const known: Record<string, string> = JSON.parse(await readFile(book, 'utf8').catch(() => '{}'));
  const expected = pinned ?? known[key];
  if (expected && expected !== actual) {
    throw new FailureError(
      `${path} has SHA-256 ${actual} where ${expected} is expected; delete it and pull again`,
    );
  }
  if (!expected) await writeFile(book, `${JSON.stringify({ ...known, [key]: actual }, null, 2)}\n`);
}
