/** A training run in the page's own file system (OPFS): in memory for the trainer, who wants files at once, and written behind its back. */
import type { RunStorage } from '../../src/train/index.ts';
import type { RunRequest, SavedRun } from './protocol.ts';

const FOLDER = 'training';
const REQUEST = 'request.json';

export interface KeptRun {
  storage: RunStorage;
  /** What was asked for, if a run is there that can go on. */
  saved(): SavedRun | undefined;
  text(): string;
  keep(request: RunRequest): void;
  /** Everything is on the disk, as far as the browser keeps files for this page. */
  flushed(): Promise<void>;
  forget(): Promise<void>;
}

/** Undefined where the browser has no such file system, or keeps none in this window. */
async function openFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return undefined;
  }
}

async function readAll(folder: FileSystemDirectoryHandle | undefined): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const handles = (folder as unknown as { values?(): AsyncIterable<FileSystemHandle> })?.values?.();
  if (!handles) return files;
  for await (const handle of handles) {
    if (handle.kind !== 'file') continue;
    const file = await (handle as FileSystemFileHandle).getFile();
    files.set(handle.name, new Uint8Array(await file.arrayBuffer()));
  }
  return files;
}

let opening: Promise<KeptRun> | undefined;

export const openRun = (): Promise<KeptRun> => (opening ??= open());

async function open(): Promise<KeptRun> {
  const folder = await openFolder();
  const files = await readAll(folder);
  let writing: Promise<void> = Promise.resolve();
  const write = (name: string, content: Uint8Array): void => {
    const bytes = Uint8Array.from(content);
    files.set(name, bytes);
    writing = writing
      .then(async () => {
        const handle = await folder?.getFileHandle(name, { create: true });
        const stream = await handle?.createWritable();
        await stream?.write(bytes);
        await stream?.close();
      })
      .catch(() => {}); // no room, or no permission: the run goes on in memory
  };
  const request = (): RunRequest | undefined => {
    const bytes = files.get(REQUEST);
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as RunRequest);
  };
  const storage: RunStorage = {
    name: 'this browser',
    has: (name) => files.has(name),
    read: (name) => files.get(name)!,
    write: (name, content) =>
      write(name, typeof content === 'string' ? new TextEncoder().encode(content) : content),
  };
  return {
    storage,
    saved() {
      const asked = request();
      if (!asked || files.size < 2) return undefined;
      const { text, ...rest } = asked;
      return { ...rest, characters: text.length };
    },
    text: () => request()?.text ?? '',
    keep: (asked) => write(REQUEST, new TextEncoder().encode(JSON.stringify(asked))),
    flushed: () => writing,
    async forget() {
      await writing;
      for (const name of files.keys()) await folder?.removeEntry(name).catch(() => {});
      files.clear();
    },
  };
}
