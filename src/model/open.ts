/** Checkpoints by the files that are there: in a folder, or chosen together. Whoever has files hands them in by name. */
import { FailureError, UsageError } from '../errors.ts';
import { loadCheckpoint, loadCheckpointFolder } from './checkpoint.ts';
import { INDEX_FILE, type ReadFile, TOKENIZER_FILE, WEIGHTS_FILE } from './hugging-face.ts';
import type { Tokenizer } from './tokenizer.ts';
import { loadTokenizer } from './tokenizer-file.ts';
import type { Model } from './types.ts';

/** Files of one folder. */
export interface Files {
  names: readonly string[];
  read: ReadFile;
}

/** A model and what it speaks with. */
export interface OpenedModel {
  /** File name of the checkpoint without its ending. */
  name: string;
  model: Model;
  tokenizer: Tokenizer;
}

/** Names under which a checkpoint's tokenizer usually lies beside it. */
const TOKENIZER_NAMES = ['tokenizer.bin', 'tok512.bin', 'tok4096.bin'];
const isTokenizer = (name: string): boolean => /^tok[^/]*\.bin$/.test(name) || name === TOKENIZER_FILE;
const isCheckpoint = (name: string): boolean =>
  /\.(bin|gguf|safetensors|safetensors\.index\.json)$/.test(name) && !isTokenizer(name);

export const withoutEnding = (name: string): string => name.replace(/\.[^.]*$/, '');

/**
 * A folder as transformers write it, or one with a single GGUF file in it.
 * @param name what messages call it
 * @throws UsageError where it holds none, or several GGUF files
 */
export function loadFolder({ names, read }: Files, name: string): Model {
  const [gguf, ...more] = names.filter((file) => file.endsWith('.gguf'));
  const isOther = names.some((file) => /^model\.safetensors/.test(file));
  if (gguf === undefined || isOther) return loadCheckpointFolder(read, name);
  if (more.length > 0) throw new UsageError(`${name} has ${1 + more.length} GGUF files; name one of them`);
  return loadCheckpoint(read(gguf)!, `${name}/${gguf}`, read);
}

/** A tokenizer under one of the usual names that has as many pieces as the model, if one is there. */
export function tokenizerBeside(read: ReadFile, { config }: Model): Tokenizer | undefined {
  return firstFitting(TOKENIZER_NAMES, read, config.vocabulary);
}

function firstFitting(names: readonly string[], read: ReadFile, vocabulary: number): Tokenizer | undefined {
  for (const name of names) {
    const bytes = read(name);
    if (!bytes) continue;
    try {
      return loadTokenizer(bytes, vocabulary, name);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error; // another model's tokenizer: look on
    }
  }
  return undefined;
}

/**
 * The one checkpoint among files that were chosen together, with the tokenizer in it or among them.
 * @param name what a folder of transformers' is to be called
 * @throws UsageError where there is none, or several, or no tokenizer; FailureError where a file is damaged
 */
export function openTogether({ names, read }: Files, name = 'model'): OpenedModel {
  const isFolder = [WEIGHTS_FILE, INDEX_FILE].some((file) => names.includes(file));
  const [file, ...more] = names.filter(isCheckpoint);
  if (file === undefined)
    throw new UsageError(
      `${names.join(', ') || 'nothing'}: there is no checkpoint among this; choose a .safetensors, .gguf or llama2.c .bin file, or a folder of Hugging Face's`,
    );
  if (!isFolder && more.length > 0)
    throw new UsageError(`${[file, ...more].join(', ')} are several checkpoints; choose one of them`);
  const model = isFolder ? loadCheckpointFolder(read, name) : loadCheckpoint(read(file)!, file, read);
  const { vocabulary } = model.config;
  const tokenizer = model.tokenizer ?? firstFitting(names.filter(isTokenizer), read, vocabulary);
  if (!tokenizer)
    throw new UsageError(
      `${file} brings no tokenizer; choose its tokenizer.bin or tokenizer.json of ${vocabulary} pieces together with it`,
    );
  return { name: isFolder ? name : withoutEnding(file), model, tokenizer };
}
