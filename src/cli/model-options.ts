/** `--model` and `--tokenizer`: shared by every verb that takes a model; without them, the model that ships. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { FailureError, UsageError } from '../errors.ts';
import { loadCheckpoint, loadTokenizer, type Model, type Tokenizer } from '../model/index.ts';
import { readInput } from './files.ts';

export interface ModelOptions {
  model?: string;
  tokenizer?: string;
}

export interface LoadedModel {
  /** File name of the checkpoint without its ending. */
  name: string;
  model: Model;
  tokenizer: Tokenizer;
}

const SHIPPED_MODEL = fileURLToPath(new URL('../../models/tinystories.bin', import.meta.url));
const SHIPPED_TOKENIZER = fileURLToPath(new URL('../../models/tokenizer.bin', import.meta.url));
/** Names under which a checkpoint's tokenizer usually lies beside it. */
const TOKENIZER_NAMES = ['tokenizer.bin', 'tok512.bin', 'tok4096.bin'];

/** Adds the two options to a verb. */
export function modelOptions(command: Command): Command {
  return command
    .option(
      '--model <file>',
      'checkpoint: .safetensors of esp32-llm, GGUF, llama2.c .bin, or a name that pull fetched (default: the model that ships)',
    )
    .option(
      '--tokenizer <file>',
      'its llama2.c tokenizer.bin (default: the one in the checkpoint or beside it)',
    );
}

/** A checkpoint's file, and its tokenizer's where the two are known to belong together. */
export interface Located {
  path: string;
  tokenizer?: string;
}

/** A file; else a name or a file that `pull` or another tool put into the Hugging Face cache. @throws UsageError */
async function locate(model: string): Promise<Located> {
  if (model === '' || existsSync(model)) return { path: model };
  const { catalogue, findInCache, findPulled } = await import('../hub/index.ts');
  const name = model.replace(/\.bin$/, '');
  if (Object.hasOwn(catalogue, name)) {
    const pulled = await findPulled(name);
    if (pulled) return { path: pulled.model, tokenizer: pulled.tokenizer };
    throw new UsageError(`${model} does not exist, and ${name} is not fetched yet: esp32-llm pull ${name}`);
  }
  return { path: (await findInCache(model)) ?? model };
}

/** Reads a checkpoint; the model that ships when none is named. */
export async function openModel(
  named?: string,
): Promise<{ name: string; path: string; tokenizer?: string; model: Model }> {
  if (named === undefined && !existsSync(SHIPPED_MODEL)) {
    throw new UsageError(
      'no model ships with this checkout yet: name one with --model FILE --tokenizer FILE',
    );
  }
  const { path, tokenizer } =
    named === undefined ? { path: SHIPPED_MODEL, tokenizer: SHIPPED_TOKENIZER } : await locate(named);
  return {
    name: basename(path).replace(/\.[^.]*$/, ''),
    path,
    tokenizer,
    model: loadCheckpoint(readInput(path, 'the checkpoint'), path),
  };
}

/** Reads a checkpoint and its tokenizer. */
export async function openModelAndTokenizer(options: ModelOptions): Promise<LoadedModel> {
  const { name, path, tokenizer: own, model } = await openModel(options.model);
  const { vocabulary } = model.config;
  const given = options.tokenizer;
  // A pulled model's tokenizer may be named as it is called there.
  const isOwn = given !== undefined && own && !existsSync(given) && given === basename(own);
  const named = isOwn ? own : given;
  const tokenizer =
    named === undefined
      ? findTokenizer({ path, tokenizer: own }, model)
      : loadTokenizer(readInput(named, 'the tokenizer'), vocabulary, named);
  return { name, model, tokenizer };
}

/** The tokenizer in a checkpoint, the one it came with, or one beside it with as many pieces. @throws UsageError where none is */
export function findTokenizer(
  { path: modelPath, tokenizer: own }: Located,
  { config: { vocabulary }, tokenizer }: Model,
): Tokenizer {
  if (tokenizer) return tokenizer;
  if (own !== undefined) return loadTokenizer(readInput(own, 'the tokenizer'), vocabulary, own);
  const candidates = TOKENIZER_NAMES.map((name) => join(dirname(modelPath), name));
  for (const path of candidates.filter((candidate) => existsSync(candidate))) {
    try {
      return loadTokenizer(readInput(path, 'the tokenizer'), vocabulary, path);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error; // another model's tokenizer: look on
    }
  }
  throw new UsageError(
    `no tokenizer with ${vocabulary} pieces lies beside ${modelPath}: name it with --tokenizer FILE`,
  );
}
