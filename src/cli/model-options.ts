/** `--model` and `--tokenizer`: shared by every verb that takes a model; without them, the model that ships. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { FailureError, UsageError } from '../errors.ts';
import { loadCheckpoint, loadTokenizer, type Model, type Tokenizer } from '../model/index.ts';

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
      'checkpoint: .safetensors of esp32-llm, or llama2.c .bin (default: the model that ships)',
    )
    .option(
      '--tokenizer <file>',
      'its llama2.c tokenizer.bin (default: the one in the checkpoint or beside it)',
    );
}

/** Reads a checkpoint; the model that ships when none is named. */
export function openModel(path = SHIPPED_MODEL): { name: string; path: string; model: Model } {
  if (path === SHIPPED_MODEL && !existsSync(path)) {
    throw new UsageError(
      'no model ships with this checkout yet: name one with --model FILE --tokenizer FILE',
    );
  }
  return {
    name: basename(path).replace(/\.[^.]*$/, ''),
    path,
    model: loadCheckpoint(readFileSync(path), path),
  };
}

/** Reads a checkpoint and its tokenizer. */
export function openModelAndTokenizer(options: ModelOptions): LoadedModel {
  const { name, path, model } = openModel(options.model);
  const { vocabulary } = model.config;
  if (options.tokenizer) {
    const tokenizer = loadTokenizer(readFileSync(options.tokenizer), vocabulary, options.tokenizer);
    return { name, model, tokenizer };
  }
  return { name, model, tokenizer: findTokenizer(path, model) };
}

/** The tokenizer in a checkpoint, or one beside it with as many pieces. @throws UsageError where none is */
export function findTokenizer(modelPath: string, { config: { vocabulary }, tokenizer }: Model): Tokenizer {
  if (tokenizer) return tokenizer;
  const candidates =
    modelPath === SHIPPED_MODEL
      ? [SHIPPED_TOKENIZER]
      : TOKENIZER_NAMES.map((name) => join(dirname(modelPath), name));
  for (const path of candidates.filter((candidate) => existsSync(candidate))) {
    try {
      return loadTokenizer(readFileSync(path), vocabulary, path);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error; // another model's tokenizer: look on
    }
  }
  throw new UsageError(
    `no tokenizer with ${vocabulary} pieces lies beside ${modelPath}: name it with --tokenizer FILE`,
  );
}
