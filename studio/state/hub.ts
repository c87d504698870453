/** A model from the Hugging Face hub, asked for by name: loaded when somebody asks. */
import { FailureError } from '../../src/errors.ts';
import { chooseCheckpoint, companionsOf, filesOf, isIndex } from '../../src/hub/files.ts';
import { fileAddress, listAddress, parseHubName } from '../../src/hub/names.ts';
import { formatBytes } from '../texts/index.ts';
import type { ModelSource, NamedFile } from '../worker/protocol.ts';

const HUB = 'https://huggingface.co';

/** @throws FailureError in one sentence for whatever the hub or the network does */
async function ask(url: string): Promise<Response> {
  const response = await fetch(url).catch(() => {
    throw new FailureError(
      `${new URL(url).host} did not answer, or does not let a page read this (CORS): there is no network, or something blocks the host; fetch the files yourself and drop them here`,
    );
  });
  if (!response.ok)
    throw new FailureError(
      `${url} answered ${response.status} ${response.statusText}`.trimEnd() +
        '; is the name right, and is it public?',
    );
  return response;
}

async function download(url: string, name: string, onProgress: (text: string) => void): Promise<Blob> {
  const { body } = await ask(url);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  const reader = body!.getReader();
  for (;;) {
    const read = await reader.read().catch(() => {
      throw new FailureError(`the connection broke off in the middle of ${name}; try again`);
    });
    if (read.done) return new Blob(parts);
    parts.push(read.value);
    done += read.value.length;
    onProgress(`${name}: ${formatBytes(done)}`);
  }
}

/** The files of a checkpoint, whatever folder of the repository they lie in. @throws UsageError, FailureError */
export async function fetchRepository(
  text: string,
  onProgress: (text: string) => void,
): Promise<ModelSource> {
  const name = parseHubName(text);
  const files: NamedFile[] = [];
  const fetchFile = async (path: string): Promise<Blob> => {
    const file = await download(fileAddress(HUB, name, path), path, onProgress);
    files.push({ name: path.slice(path.lastIndexOf('/') + 1), file });
    return file;
  };
  const list = listAddress(HUB, name);
  const main = name.file ?? chooseCheckpoint(filesOf(await (await ask(list)).json(), list), text);
  const first = await fetchFile(main);
  const index = isIndex(main) ? new Uint8Array(await first.arrayBuffer()) : undefined;
  for (const beside of companionsOf(main, index)) await fetchFile(beside);
  return { kind: 'files', name: name.repository.split('/')[1], files };
}
