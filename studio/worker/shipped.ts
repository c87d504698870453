/** What lies beside the page: the model that ships, device programs, results made ahead. Each is fetched once. */
import { type DeviceProgramName, type DevicePrograms, devicePrograms } from '../../src/device-programs.ts';
import { FailureError } from '../../src/errors.ts';
import { loadCheckpoint, type OpenedModel } from '../../src/model/index.ts';
import { FIRST_STORY } from '../state/first-story.ts';
import { createResults, type ResultStore, readResults } from './results.ts';

/** Where the page's own folder is, seen from a script in its `assets/`. */
const HOME = new URL('../', self.location.href);

async function fetchBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(path, HOME)).catch(() => undefined);
  if (!response?.ok)
    throw new FailureError(
      `${path} did not come (${response ? `the server answers ${response.status}` : 'no connection'}); load the page again`,
    );
  return new Uint8Array(await response.arrayBuffer());
}

const files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

function shippedFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = files.get(path);
  if (known) return known;
  const coming = fetchBytes(path);
  files.set(path, coming);
  coming.catch(() => files.delete(path)); // asked for again, it may come
  return coming;
}

/** The device programs of these names, as the rooms take them. */
export async function programsOf(...names: DeviceProgramName[]): Promise<DevicePrograms> {
  const entries = names.map(async (name) => [name, await shippedFile(`device/${name}`)] as const);
  return devicePrograms(Object.fromEntries(await Promise.all(entries)));
}

/** Operators of the trainer. */
export const compiledKernels = async (path: string): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await shippedFile(path));

export const SHIPPED_MODEL = FIRST_STORY.model;

export async function openShipped(): Promise<OpenedModel> {
  const model = loadCheckpoint(await shippedFile(`models/${SHIPPED_MODEL}.safetensors`), SHIPPED_MODEL);
  return { name: SHIPPED_MODEL, model, tokenizer: model.tokenizer! };
}

async function openResults(): Promise<ResultStore> {
  try {
    const packed = new Blob([await shippedFile('results.gz')]).stream();
    const whole = new Response(packed.pipeThrough(new DecompressionStream('gzip')));
    return createResults(readResults(new Uint8Array(await whole.arrayBuffer())));
  } catch {
    return createResults(); // everything can be computed anew
  }
}

let results: Promise<ResultStore> | undefined;

export const sharedResults = (): Promise<ResultStore> => (results ??= openResults());
