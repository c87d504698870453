/** Checkpoints by the name of their repository on the Hugging Face hub: `hf:owner/name[@revision][/file]`. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FailureError } from '../errors.ts';
import { INDEX_FILE, WEIGHTS_FILE } from '../model/index.ts';
import { exists, hubCache, repositoryFolder, snapshotOf } from './cache.ts';
import { request } from './download.ts';
import { chooseCheckpoint, companionsOf, filesOf, isIndex } from './files.ts';
import { type HubName, listAddress, parseHubName } from './names.ts';
import { authorization, endpoint, type PullOptions, pullFile, refuseOffline } from './pull.ts';

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
  const main = chooseCheckpoint(files, text);
  const path = await fetchFile(main);
  for (const beside of await companions(main, path, files)) await fetchFile(beside);
  return main === WEIGHTS_FILE || main === INDEX_FILE ? dirname(path) : path;
}

/** What a checkpoint's file needs from beside it. `path`: where it lies here. */
const companions = async (file: string, path: string, there?: readonly string[]): Promise<string[]> =>
  companionsOf(file, isIndex(file) ? await readFile(path) : undefined, there);

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
  const url = listAddress(endpoint(env), { repository, revision });
  const response = await request(url, { headers: authorization(env) }, stallMs);
  if (!response.ok)
    throw new FailureError(
      `${url} answered ${response.status} ${response.statusText}; is the name right, and may you see it (HF_TOKEN)?`,
    );
  return filesOf(await response.json().catch(() => undefined), url);
}
