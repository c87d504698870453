/** Fetches catalogue entries from the Hugging Face hub into its cache. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FailureError, UsageError } from '../errors.ts';
import { exists, findCached, hubCache, linkSnapshot, repositoryFolder, sha256 } from './cache.ts';
import { catalogue, type RemoteFile } from './catalogue.ts';
import { download, type Progress, request } from './download.ts';
import { fileAddress, REVISION } from './names.ts';

export interface PullOptions {
  /** HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and the cache variables are read from here. */
  env?: NodeJS.ProcessEnv;
  onProgress?: (file: string) => Progress;
  /** Milliseconds without a byte after which a server counts as stalled; default 30,000. */
  stallMs?: number;
}

export interface Pulled {
  model: string;
  tokenizer: string;
}

const DEFAULT_ENDPOINT = 'https://huggingface.co';

/** Fetches a model by name; what is in the cache is not asked for again. Resolves to the paths of its files. */
export async function pull(name: string, options: PullOptions = {}): Promise<Pulled> {
  const entry = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
  if (!entry)
    throw new UsageError(
      `no model called ${name} is known: choose one of ${Object.keys(catalogue).join(', ')}`,
    );
  return { model: await pullFile(entry.model, options), tokenizer: await pullFile(entry.tokenizer, options) };
}

/** The paths of a model that was pulled before; undefined where a file of it is missing. Asks no network. */
export async function findPulled(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Pulled | undefined> {
  const entry = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
  const model = entry && (await findFile(entry.model, env));
  const tokenizer = entry && (await findFile(entry.tokenizer, env));
  return model && tokenizer ? { model, tokenizer } : undefined;
}

/** A file of the cache named as `owner/name/path`, whoever fetched it. */
export async function findInCache(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const match = /^([\w.-]+\/[\w.-]+)\/(.+)$/.exec(name);
  const isPlain = match && !match[0].split('/').includes('..');
  return isPlain ? findFile({ repository: match[1], path: match[2] }, env) : undefined;
}

async function findFile(
  { repository, revision = REVISION, path }: RemoteFile,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const cache = hubCache(env);
  if (repository) return findCached(repositoryFolder(cache, repository), revision, path);
  const target = addressTarget(cache, path);
  return (await exists(target)) ? target : undefined;
}

/** Where a file from a plain address lies. */
const addressTarget = (cache: string, url: string): string =>
  join(cache, 'esp32-llm', new URL(url).host, new URL(url).pathname.split('/').at(-1)!);

/** Fetches one file and checks its SHA-256: the pinned one, or the one remembered from the first time. */
export async function pullFile(
  file: RemoteFile,
  { env = process.env, ...options }: PullOptions,
): Promise<string> {
  const cache = hubCache(env);
  const path = file.repository
    ? await pullFromHub(file, cache, env, options)
    : await pullFromAddress(file, cache, env, options);
  await remember(
    join(cache, 'esp32-llm-sha256.json'),
    `${file.repository ?? ''}${file.revision ? `@${file.revision}` : ''}/${file.path}`,
    path,
    file.sha256,
  );
  return path;
}

/** Where the hub is, without a slash at the end. @throws UsageError for an HF_ENDPOINT that is no web address */
export function endpoint(env: NodeJS.ProcessEnv): string {
  const text = env.HF_ENDPOINT || DEFAULT_ENDPOINT;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError(
      `HF_ENDPOINT is "${text}", which is no web address; set it to one such as ${DEFAULT_ENDPOINT}, or unset it`,
    );
  return text.replace(/\/+$/, '');
}

/** What a request shows of who asks. */
export const authorization = (env: NodeJS.ProcessEnv): Record<string, string> =>
  env.HF_TOKEN ? { Authorization: `Bearer ${env.HF_TOKEN}` } : {};

export function refuseOffline(env: NodeJS.ProcessEnv, what: string): void {
  if (env.HF_HUB_OFFLINE && env.HF_HUB_OFFLINE !== '0') {
    throw new FailureError(
      `${what} is not in the cache and HF_HUB_OFFLINE is set; unset it to fetch the file`,
    );
  }
}

async function pullFromHub(
  { repository, revision = REVISION, path, sha256: expectedSha256 }: RemoteFile,
  cache: string,
  env: NodeJS.ProcessEnv,
  { onProgress, stallMs }: PullOptions,
): Promise<string> {
  const folder = repositoryFolder(cache, repository!);
  const cached = await findCached(folder, revision, path);
  if (cached) return cached;
  refuseOffline(env, `${repository}/${path}`);
  const url = fileAddress(endpoint(env), { repository: repository!, revision }, path);
  const headers = authorization(env);
  const { commit, etag } = await metadata(url, headers, stallMs);
  const blob = join(folder, 'blobs', etag);
  if (!(await exists(blob)))
    await download(url, blob, { headers, expectedSha256, onProgress: onProgress?.(path), stallMs });
  return linkSnapshot(folder, blob, { commit, revision, path });
}

/** Commit and content tag that the hub gives for a file, before the redirect to its storage. */
async function metadata(
  url: string,
  headers: Record<string, string>,
  stallMs: number | undefined,
): Promise<{ commit: string; etag: string }> {
  const response = await request(url, { method: 'HEAD', redirect: 'manual', headers }, stallMs);
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
  { onProgress, stallMs }: PullOptions,
): Promise<string> {
  const target = addressTarget(cache, url);
  if (await exists(target)) return target;
  refuseOffline(env, url);
  await download(url, target, { expectedSha256, onProgress: onProgress?.(basename(target)), stallMs });
  return target;
}

/** Compares with the pinned or the remembered checksum; remembers the first one seen. */
async function remember(book: string, key: string, path: string, pinned: string | undefined): Promise<void> {
  const actual = await sha256(path);
  const known = await readBook(book);
  const expected = pinned ?? known[key];
  if (expected && expected !== actual) {
    throw new FailureError(
      `${path} has SHA-256 ${actual} where ${expected} is expected; delete it and pull again`,
    );
  }
  if (!expected) await writeFile(book, `${JSON.stringify({ ...known, [key]: actual }, null, 2)}\n`);
}

/** Checksums seen before; a book that is damaged remembers nothing. */
async function readBook(book: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(book, 'utf8'));
  } catch {
    return {};
  }
}
