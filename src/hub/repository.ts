/** Checkpoints by the name of their repository on the Hugging Face hub: `hf:owner/name[@revision][/file]`. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { FailureError, UsageError } from '../errors.ts';
import { CONFIG_FILE, INDEX_FILE, shardsOf, TOKENIZER_FILE, WEIGHTS_FILE } from '../model/index.ts';
import { exists, hubCache, repositoryFolder, snapshotOf } from './cache.ts';
import { request } from './download.ts';
import { authorization, endpoint, type PullOptions, pullFile, REVISION, refuseOffline } from './pull.ts';

export interface HubName {
  /** "owner/name" */
  repository: string;
  /** Branch, tag, `refs/pr/N` or commit. */
  revision: string;
  /** Path inside the repository; without one, what the repository holds decides. */
  file?: string;
}

const PREFIX = 'hf:';
const FORM = /^hf:([\w.-]+\/[\w.-]+?)(?:@(refs\/\w+\/[\w.-]+|[\w.-]+))?(?:\/(.+))?$/;

export const isHubName = (text: string): boolean => text.startsWith(PREFIX);

/** @throws UsageError for what begins with `hf:` and is no such name */
export function parseHubName(text: string): HubName {
  const match = FORM.exec(text);
  const parts = [match?.[1], match?.[2], match?.[3]].flatMap((part) => part?.split('/') ?? []);
  if (!match || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new UsageError(
      `"${text}" names nothing on the hub; write hf:owner/name, hf:owner/name@revision or hf:owner/name/file`,
    );
  return { repository: match[1], revision: match[2] ?? REVISION, ...(match[3] ? { file: match[3] } : {}) };
}

/**
 * Fetches what of a repository a checkpoint needs, as far as the cache lacks it; resolves to the path of its file or folder.
 * @throws UsageError where a file must be named, FailureError where nothing is usable or the hub does not answer
 */
export async function pullRepository(text: string, options: PullOptions = {}): Promise<string> {
  const name = parseHubName(text);
  const env = options.env ?? process.env;
  const folder = repositoryFolder(hubCache(env), name.repository);
  const fetchFile = (path: string): Promise<string> =>
    pullFile({ repository: name.repository, revision: name.revision, path }, options);
  if (name.file !== undefined) {
    const path = await fetchFile(name.file);
    for (const beside of await companions(name.file, path)) await fetchFile(beside);
    return path;
  }
  const snapshot = await snapshotOf(folder, name.revision);
  const cached = snapshot && (await wholeCheckpoint(snapshot));
  if (cached) return cached;
  refuseOffline(env, text);
  const files = await listFiles(name, options);
  const main = choose(files, text);
  const path = await fetchFile(main);
  for (const beside of await companions(main, path)) await fetchFile(beside);
  return main === WEIGHTS_FILE || main === INDEX_FILE ? dirname(path) : path;
}

/** Which file of a repository is the checkpoint. */
function choose(files: readonly string[], text: string): string {
  const whole = [WEIGHTS_FILE, INDEX_FILE].find((file) => files.includes(file));
  if (whole) return whole;
  const ggufs = files.filter((file) => file.endsWith('.gguf'));
  if (ggufs.length === 1) return ggufs[0];
  if (ggufs.length > 1)
    throw new UsageError(
      `${text} has ${ggufs.length} GGUF files; name one: ${ggufs.map((file) => `${text}/${file}`).join(', ')}`,
    );
  const pickle = files.find((file) => /^pytorch_model.*\.bin$/.test(file));
  throw new FailureError(
    pickle
      ? `${text} has ${pickle}, a PyTorch pickle, and no safetensors; a converted copy may be at ${text}@refs/pr/1`
      : `${text} has neither ${WEIGHTS_FILE} nor a GGUF file; name another file of it`,
  );
}

/** What a checkpoint's file needs from beside it, by paths in the repository. `path`: where it lies here. */
async function companions(file: string, path: string): Promise<string[]> {
  const beside = (name: string): string => posix.join(posix.dirname(file), name);
  const shards = file.endsWith('.index.json')
    ? shardsOf(await readFile(path), (what) => {
        throw new FailureError(`${file}: ${what}`);
      })
    : [];
  const isPlain = !file.endsWith('.safetensors') && shards.length === 0;
  return isPlain ? [] : [CONFIG_FILE, TOKENIZER_FILE, ...shards].map(beside);
}

/** The checkpoint in a snapshot, if all of it is there. */
async function wholeCheckpoint(snapshot: string): Promise<string | undefined> {
  const files = await readdir(snapshot).catch(() => [] as string[]);
  const main = [WEIGHTS_FILE, INDEX_FILE].find((file) => files.includes(file));
  if (!main) {
    const ggufs = files.filter((file) => file.endsWith('.gguf'));
    return ggufs.length === 1 ? join(snapshot, ggufs[0]) : undefined;
  }
  const needed = await companions(main, join(snapshot, main));
  const there = await Promise.all(needed.map((file) => exists(join(snapshot, file))));
  return there.every((is) => is) ? snapshot : undefined;
}

/** The names of a repository's files. */
async function listFiles(
  { repository, revision }: HubName,
  { env = process.env, stallMs }: PullOptions,
): Promise<string[]> {
  const url = `${endpoint(env)}/api/models/${repository}/revision/${encodeURIComponent(revision)}`;
  const response = await request(url, { headers: authorization(env) }, stallMs);
  if (!response.ok)
    throw new FailureError(
      `${url} answered ${response.status} ${response.statusText}; is the name right, and may you see it (HF_TOKEN)?`,
    );
  const body: unknown = await response.json().catch(() => undefined);
  const siblings = (body as { siblings?: { rfilename?: unknown }[] } | undefined)?.siblings;
  if (!Array.isArray(siblings))
    throw new FailureError(
      `${url} does not answer like the Hugging Face hub (no list of files); check HF_ENDPOINT`,
    );
  return siblings.flatMap(({ rfilename }) => (typeof rfilename === 'string' ? [rfilename] : []));
}
