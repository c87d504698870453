/**
 * Where pulled files lie: the Hugging Face hub's cache layout (huggingface_hub documentation, "Understand caching"), so that a file
 * fetched by another tool is found and one fetched here is found by others.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub. */
export function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  if (env.HF_HUB_CACHE) return env.HF_HUB_CACHE;
  if (env.HF_HOME) return join(env.HF_HOME, 'hub');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface', 'hub');
}

/** Folder of a repository in the cache: `models--owner--name`. */
export function repositoryFolder(cache: string, repository: string): string {
  return join(cache, `models--${repository.replaceAll('/', '--')}`);
}

const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Folder of the files of a revision; undefined where nothing of it was ever fetched. */
export async function snapshotOf(folder: string, revision: string): Promise<string | undefined> {
  const commit = isCommit(revision)
    ? revision
    : await readFile(join(folder, 'refs', revision), 'utf8').catch(() => undefined);
  return commit === undefined ? undefined : join(folder, 'snapshots', commit.trim());
}

/** Path of a file of `revision` that is in the cache, if it is. */
export async function findCached(
  folder: string,
  revision: string,
  path: string,
): Promise<string | undefined> {
  const snapshot = await snapshotOf(folder, revision);
  const file = snapshot && join(snapshot, path);
  return file && (await exists(file)) ? file : undefined;
}

/** Puts a finished blob into the snapshot of `commit` and points `revision` at it; resolves to the snapshot's path. */
export async function linkSnapshot(
  folder: string,
  blob: string,
  { commit, revision, path }: { commit: string; revision: string; path: string },
): Promise<string> {
  const file = join(folder, 'snapshots', commit, path);
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  // Windows without developer mode refuses symbolic links; a copy serves as well, as in huggingface_hub.
  await symlink(relative(dirname(file), blob), file).catch(() => copyFile(blob, file));
  if (isCommit(revision)) return file;
  const reference = join(folder, 'refs', revision);
  await mkdir(dirname(reference), { recursive: true });
  await writeFile(`${reference}.new`, commit);
  await rename(`${reference}.new`, reference);
  return file;
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
