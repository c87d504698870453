/**
 * Files that tests, generators and benchmarks read: `data/` of this repository (instruction table's source, vectors, golden stories),
 * and what is handed around beside it (`../shared`: models and texts of others), which a plain clone does not have.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Text of a file, unpacked where its name ends in .gz. @throws as readFileSync does */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

/** Path of `data/<name>`. */
export const dataPath = (name: string): string =>
  fileURLToPath(new URL(`../../data/${name}`, import.meta.url));

/** Text of `data/<name>`; `<name>.gz` is unpacked. */
export const dataText = (name: string): string => readText(dataPath(name));

/** Bytes of `data/<name>`. */
export const dataBytes = (name: string): Uint8Array => readFileSync(dataPath(name));

/** A story of our own tinystories: what was asked for, and the token ids that came (the first BOS not, the prompt's included). */
export interface GoldenStory {
  readonly prompt: string;
  readonly temperature: number;
  readonly topp: number;
  readonly seed: number;
  readonly steps: number;
  readonly tokens: readonly number[];
}

/** Told by llama2.c's run.c in float32, from our model: a program that nobody here wrote. */
export const runCGoldens = (): GoldenStory[] => JSON.parse(dataText('goldens/run-c.json')).stories;

/** Told in the chip's integer arithmetic, on the host. */
export const int8Goldens = (): (GoldenStory & { readonly digest: string; readonly text: string })[] =>
  JSON.parse(dataText('goldens/int8.json')).stories;

/** Bits per byte and nats per token of our own tinystories on the texts of `int8Goldens`. */
export const goldenEvaluation = (): Record<
  'float32' | 'int8',
  { readonly natsPerToken: number; readonly bitsPerByte: number }
> => JSON.parse(dataText('goldens/int8.json')).evaluation;

/** Path of `../shared/<name>`, or undefined (with a line on stderr saying what is left out) where it is not there. */
export function sharedPath(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../shared/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  process.stderr.write(`not found: ../shared/${name}; what needs it is skipped\n`);
  return undefined;
}

/** Bytes of `../shared/<name>`, if it is there. */
export function sharedBytes(name: string): Uint8Array | undefined {
  const path = sharedPath(name);
  return path === undefined ? undefined : readFileSync(path);
}
