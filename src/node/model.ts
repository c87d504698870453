/** Models by path or name: the one that ships, files, and what `pull` or another tool fetched; each with its tokenizer. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import { readInput } from '../files.ts';
import type { PullOptions } from '../hub/index.ts';
import {
  loadCheckpoint,
  loadFolder,
  loadTokenizer,
  type Model,
  type OpenedModel,
  type ReadFile,
  type Tokenizer,
  tokenizerBeside,
  withoutEnding,
} from '../model/index.ts';

export type { OpenedModel };

const shipped = (name: string): string => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
/** The models that ship, their tokenizers inside, by name; a row each. Without a name the first one is meant. */
const SHIPPED: Readonly<Record<string, CheckpointFile>> = {
  stories: { path: shipped('stories.safetensors') },
  /** For boards with PSRAM. In the repository alone: the package stays small. */
  'stories-large': { path: shipped('stories-large.safetensors') },
  /** Of examples/home/home.yaml. */
  home: { path: shipped('home.safetensors') },
};
const DEFAULT = 'stories';
/** The names of the models that ship: what {@link openModel} takes beside paths. */
export const shippedNames: readonly string[] = Object.keys(SHIPPED);

/** What may be meant as the name of a model: no path, no ending. */
const PLAIN_NAME = /^[\w-]+$/;
/** Names of files that hold one alone. */
const TOKENIZER_FILE = /^tok.*\.bin$/;

/** A checkpoint's file or folder, and its tokenizer's where the two are known to belong together. */
export interface CheckpointFile {
  path: string;
  /** What the model is called, where the path does not say it well. */
  name?: string;
  tokenizer?: string;
}

const nameOf = (path: string): string => withoutEnding(basename(path));

/** The package's own small storyteller (models/README.md) with its tokenizer; a new copy at every call. */
export function shippedModel(): OpenedModel {
  const { path, tokenizer } = SHIPPED[DEFAULT];
  const model = loadCheckpoint(readFileSync(path), path);
  return { name: nameOf(path), model, tokenizer: findTokenizer({ path, tokenizer }, model) };
}

/**
 * A file or folder; a model that ships, by name; a name on the Hugging Face hub, which is fetched; else a name or a file that `pull` or
 * another tool put into the Hugging Face cache. @throws UsageError
 */
async function locate(model: string, options: PullOptions): Promise<CheckpointFile> {
  if (model === '' || existsSync(model)) return { path: model };
  if (Object.hasOwn(SHIPPED, model)) {
    const file = SHIPPED[model];
    if (existsSync(file.path)) return file;
    throw new UsageError(
      `${model} is not in the npm package, which stays small; get models/${basename(file.path)} from the repository of esp32-llm and name its path`,
    );
  }
  const { catalogue, findInCache, findPulled, isHubName, parseHubName, pullRepository } = await import(
    '../hub/index.ts'
  );
  if (isHubName(model)) {
    const { repository, file } = parseHubName(model);
    return { path: await pullRepository(model, options), name: nameOf(file ?? `${repository}.`) };
  }
  const name = model.replace(/\.bin$/, '');
  if (Object.hasOwn(catalogue, name)) {
    const pulled = await findPulled(name);
    if (pulled) return { path: pulled.model, tokenizer: pulled.tokenizer };
    throw new UsageError(`${model} does not exist, and ${name} is not fetched yet: esp32-llm pull ${name}`);
  }
  const cached = await findInCache(model);
  if (cached === undefined && PLAIN_NAME.test(model)) {
    throw new UsageError(
      `${model} is neither a file nor the name of a model; there are ${shippedNames.join(', ')}, and ${Object.keys(catalogue).join(', ')} to pull`,
    );
  }
  return { path: cached ?? model };
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const readIn =
  (folder: string): ReadFile =>
  (name) => {
    const path = join(folder, name);
    return existsSync(path) ? readInput(path, 'the checkpoint') : undefined;
  };

/** A file, with what lies beside it; or a folder. */
function load(path: string): Model {
  return isFolder(path)
    ? loadFolder({ names: readdirSync(path), read: readIn(path) }, path)
    : loadCheckpoint(readInput(path, 'the checkpoint'), path, readIn(dirname(path)));
}

/**
 * Reads a checkpoint: a path of a file or folder, the name of a model that ships (`stories`), a name on the hub (`hf:owner/name[@revision][/file]`), or a name that `pull` fetched;
 * the model that ships where none is given.
 * @throws UsageError where there is no such file, FailureError where it is damaged or of no known format
 */
export async function openCheckpoint(
  named?: string,
  options: PullOptions = {},
): Promise<CheckpointFile & Pick<OpenedModel, 'name' | 'model'>> {
  const located = await locate(named ?? DEFAULT, options);
  const { path, tokenizer, name = isFolder(path) ? basename(path) : nameOf(path) } = located;
  return { name, path, tokenizer, model: load(path) };
}

/**
 * Reads a checkpoint as {@link openCheckpoint} does, and its tokenizer: the one that is named, the one in the checkpoint, or one beside it.
 * @throws UsageError where a file is missing, FailureError where one is damaged
 */
export async function openModel(
  named?: string,
  namedTokenizer?: string,
  options: PullOptions = {},
): Promise<OpenedModel> {
  const { name, path, tokenizer: own, model } = await openCheckpoint(named, options);
  // A pulled model's tokenizer may be named as it is called there.
  const isOwn =
    namedTokenizer !== undefined && own && !existsSync(namedTokenizer) && namedTokenizer === basename(own);
  const given = isOwn ? own : namedTokenizer;
  const tokenizer =
    given === undefined
      ? findTokenizer({ path, tokenizer: own }, model)
      : loadTokenizer(readInput(given, 'the tokenizer'), model.config.vocabulary, given);
  return { name, model, tokenizer };
}

/** The tokenizer of a model, or one in a file of llama2.c's (`tokenizer.bin`, `tok512.bin`), of as many pieces as there are. */
export async function openTokenizer(named: string, options: PullOptions = {}): Promise<Tokenizer> {
  if (!TOKENIZER_FILE.test(basename(named))) return (await openModel(named, undefined, options)).tokenizer;
  const bytes = readInput(named, 'the tokenizer');
  return loadTokenizer(bytes, countPieces(bytes), named);
}

/** A longest length, then a score and a length before every piece. */
function countPieces(bytes: Buffer): number {
  let pieces = 0;
  for (let at = 4; at + 8 <= bytes.length; at += 8 + Math.max(0, bytes.readInt32LE(at + 4))) pieces++;
  return pieces;
}

/** The tokenizer in a checkpoint, the one it came with, or one beside it with as many pieces. @throws UsageError where none is */
export function findTokenizer({ path: modelPath, tokenizer: own }: CheckpointFile, model: Model): Tokenizer {
  const { vocabulary } = model.config;
  if (model.tokenizer) return model.tokenizer;
  if (own !== undefined) return loadTokenizer(readInput(own, 'the tokenizer'), vocabulary, own);
  const beside = tokenizerBeside(readIn(dirname(modelPath)), model);
  if (beside) return beside;
  throw new UsageError(
    `no tokenizer with ${vocabulary} pieces lies beside ${modelPath}: name it with --tokenizer FILE`,
  );
}
