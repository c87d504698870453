/** Training with Node's files and threads. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { UsageError } from '../errors.ts';
import {
  fusesMultiplyAdd,
  hasRelaxedSimd,
  type MultiplyAdd,
  outputNames,
  type RunStorage,
  type StartThread,
  type Teacher,
  type TextSource,
  type TrainMachinery,
  type TrainOptions,
  type TrainResult,
  train,
} from '../train/index.ts';
import { shippedPrograms, shippedTrainingKernels } from './device-programs.ts';
import { openModel, openTokenizer } from './model.ts';
import { makeFolder, writeSafely } from './run-files.ts';
import { folderScratch } from './scratch.ts';
import { startWorker } from './worker.ts';

export interface TrainFilesOptions
  extends Omit<
    TrainOptions,
    | 'text'
    | 'validation'
    | 'teachers'
    | 'grow'
    | 'tokenizer'
    | 'scratch'
    | 'storage'
    | 'programs'
    | keyof TrainMachinery
  > {
  /** Path of the text, or of several: UTF-8, documents parted by `separator`; in files whose names end in .jsonl a JSON value a line. */
  text: string | readonly string[];
  /** Folder for the model, its tokenizer, the curve, samples and the checkpoint. */
  out: string;
  /** Path of a second text that is only measured. */
  validation?: string;
  /** Models to learn from as well, by path or name. */
  teachers?: readonly string[];
  /** A smaller model to begin with, by path or name. */
  grow?: string;
  /** Path of a tokenizer.bin, or name of a model that has it. */
  tokenizer?: string;
  /**
   * Folder for what is made once for a text (its tokens, what teachers predict) and stays there for other runs; default: `out`, and gone
   * when the run has finished.
   */
  cache?: string;
}

export interface TrainFilesResult extends TrainResult {
  /** Path of the checkpoint, tokenizer included. */
  model: string;
  /** Path of the tokenizer alone, as llama2.c has it. */
  tokenizer: string;
}

/** Trains a model on a text file; see {@link train}. @throws UsageError and FailureError as there, and for files that cannot be read or written */
export async function trainFiles({
  text,
  out,
  validation,
  teachers = [],
  grow,
  tokenizer,
  cache,
  ...rest
}: TrainFilesOptions): Promise<TrainFilesResult> {
  const scratch = folderScratch(cache ?? out);
  const result = await train({
    ...rest,
    ...trainMachinery(),
    text: [text].flat().map(textFile),
    validation: validation === undefined ? undefined : textFile(validation),
    teachers: await Promise.all(teachers.map(openTeacher)),
    grow: grow === undefined ? undefined : await openTeacher(grow),
    tokenizer: tokenizer === undefined ? undefined : await openTokenizer(tokenizer),
    scratch,
    storage: folderStorage(out),
    programs: shippedPrograms,
  });
  if (result.finished && cache === undefined) scratch.clear();
  return { ...result, model: join(out, outputNames.checkpoint), tokenizer: join(out, outputNames.tokenizer) };
}

async function openTeacher(name: string): Promise<Teacher> {
  const { model, tokenizer } = await openModel(name);
  return { name, model: { ...model, tokenizer } };
}

/**
 * The operators that ship, on Node's worker threads. Node 20 has relaxed SIMD behind a flag of V8's, which counts for all that is
 * compiled after it was set, workers included.
 */
export function trainMachinery(): TrainMachinery {
  if (!hasRelaxedSimd()) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const compiled = (multiplyAdd: MultiplyAdd) => new WebAssembly.Module(shippedTrainingKernels(multiplyAdd));
  return {
    kernels: { plain: compiled('plain'), fused: fusesMultiplyAdd() ? compiled('fused') : undefined },
    startThread,
  };
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder; name a file in it',
  EACCES: 'may not be read; check its permissions',
};

/** Bytes of a text that are in memory at a time. */
const BLOCK = 1 << 22;

/** A file that is read in parts; a pipe, which can be read but once, all at once. */
function textFile(path: string): TextSource {
  const form = /\.(jsonl|ndjson)$/.test(path) ? 'jsonl' : 'text';
  try {
    const file = openSync(path, 'r');
    const isFile = fstatSync(file).isFile();
    closeSync(file);
    return { name: path, form, bytes: isFile ? () => blocksOf(path) : readFileSync(path) };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new UsageError(`train: the text ${path} ${UNREADABLE[code] ?? 'cannot be read'}.`);
  }
}

function* blocksOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    const block = new Uint8Array(BLOCK);
    for (let count = readSync(file, block); count > 0; count = readSync(file, block))
      yield block.subarray(0, count);
  } finally {
    closeSync(file);
  }
}

/** Files in a folder, which is made with the first of them. */
function folderStorage(folder: string): RunStorage {
  return {
    name: folder,
    has: (file) => existsSync(join(folder, file)),
    read: (file) => new Uint8Array(readFileSync(join(folder, file))),
    write(file, content) {
      makeFolder(folder);
      writeSafely(join(folder, file), content);
    },
  };
}

const startThread: StartThread = (task) => {
  const worker = startWorker('train-worker', task);
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve({ ended }));
    worker.once('error', reject);
  });
};
