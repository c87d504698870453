/**
 * Checkpoints as Hugging Face's transformers keep them: safetensors (one file, or several with an index), config.json, tokenizer.json.
 * Where rotary pairs lie half a head apart there, rows of wq and wk are put side by side, as ours are.
 */
import { FailureError } from '../errors.ts';
import { assemble, pairsSideBySide, type Refuse } from './assemble.ts';
import { templateOf } from './chat-shapes.ts';
import { checkConfig } from './config.ts';
import { readFloats } from './floats.ts';
import { CONFIG_FILE, FAMILIES, type Family, number } from './hugging-face-families.ts';
import { readTokenizerJson } from './hugging-face-tokenizer.ts';
import { type Json, list, object, parseObject } from './json-values.ts';
import { readSafetensors, type StoredTensor } from './safetensors.ts';
import type { Model } from './types.ts';

/** The files of a checkpoint by their names; undefined for one that is not there. */
export type ReadFile = (name: string) => Uint8Array | undefined;

export { CONFIG_FILE };
export const TOKENIZER_FILE = 'tokenizer.json';
/** Where a chat template may be; in newer folders it is a file of its own. */
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';
export const TEMPLATE_FILE = 'chat_template.jinja';
export const WEIGHTS_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** Reads a checkpoint whose weights are in `weights`. @throws FailureError in one sentence naming what is wrong or not supported */
export function readHuggingFace(weights: readonly string[], readFile: ReadFile, name: string): Model {
  const refuse: Refuse = (what) => {
    throw new FailureError(`${name}: ${what}`);
  };
  const json = (file: string): Json =>
    parseObject(readFile(file) ?? refuse(`${file} is missing beside it`)) ??
    refuse(`${file} is no JSON object`);
  const settings = json(CONFIG_FILE);
  const type = String(settings.model_type ?? refuse(`${CONFIG_FILE} has no model_type`));
  const { names, configOf, isSpare, halfSplit } = familyOf(type, refuse);
  const config = checkConfig(configOf(settings, refuse), name);
  const tensors = new Map<string, StoredTensor>();
  for (const file of weights) {
    const bytes = readFile(file) ?? refuse(`${file} is missing beside it`);
    for (const [tensor, stored] of readSafetensors(bytes, `${name}, ${file}`).tensors)
      tensors.set(tensor, stored);
  }
  const types = new Set([...tensors.values()].map(({ dtype }) => dtype));
  const left = new Set([...tensors.keys()].filter((tensor) => !isSpare(tensor)));
  if (config.sharedClassifier) left.delete(names.classifier);
  const model = assemble(
    config,
    names,
    {
      has: (tensor) => tensors.has(tensor) && !(config.sharedClassifier && tensor === names.classifier),
      read(tensor, shape) {
        const stored = tensors.get(tensor) ?? refuse(`tensor ${tensor} is missing`);
        if (stored.shape.length !== shape.length || stored.shape.some((size, i) => size !== shape[i]))
          refuse(
            `tensor ${tensor} has the shape (${stored.shape.join(', ')}) where ${CONFIG_FILE} calls for (${shape.join(', ')})`,
          );
        left.delete(tensor);
        return readFloats(tensor, stored, refuse);
      },
    },
    halfSplit ? pairsSideBySide(config.dim / config.heads) : undefined,
  );
  const unknown = [...left][0];
  if (unknown !== undefined)
    refuse(
      `has a tensor ${unknown}, and ${unknown.endsWith('.bias') ? `${CONFIG_FILE} says nothing of biases there` : `a model of type ${type} has none such`}`,
    );
  const tokens = json(TOKENIZER_FILE);
  const tokenizer = readTokenizerJson(
    tokens,
    { start: number(settings.bos_token_id), end: number(settings.eos_token_id) },
    config.vocabulary,
    (what) => refuse(`${TOKENIZER_FILE}: ${what}`),
  );
  return {
    ...model,
    tokenizer,
    ...templateOf(templateProgram(readFile), { ids: addedTokens(tokens), ...tokenizer.special }),
    format: `Hugging Face ${type} (safetensors, ${[...types].join(', ')})`,
  };
}

/** The program that writes conversations: the default one, where there are several. */
function templateProgram(readFile: ReadFile): string | undefined {
  const file = readFile(TEMPLATE_FILE);
  if (file) return new TextDecoder().decode(file);
  const settings = readFile(TOKENIZER_CONFIG_FILE);
  const found = settings && parseObject(settings)?.chat_template;
  const named = list(found).map(object);
  const program = named.find((one) => one?.name === 'default')?.template ?? found;
  return typeof program === 'string' ? program : undefined;
}

const addedTokens = (tokens: Json): Map<string, number> =>
  new Map(
    list(tokens.added_tokens).map((token): [string, number] => [
      String(object(token)?.content),
      Number(object(token)?.id),
    ]),
  );

function familyOf(type: string, refuse: Refuse): Family {
  if (Object.hasOwn(FAMILIES, type)) return FAMILIES[type]!;
  return refuse(
    `the architecture ${type} of ${CONFIG_FILE} is not supported; supported are ${Object.keys(FAMILIES).join(', ')}`,
  );
}

/** Names of the files that hold the weights, of a checkpoint in several. */
export function shardsOf(index: Uint8Array, refuse: Refuse): string[] {
  const map = object(parseObject(index)?.weight_map) ?? refuse(`${INDEX_FILE} has no weight_map`);
  const files = [...new Set(Object.values(map))];
  const strange = files.find((file) => typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file));
  if (strange !== undefined) refuse(`${INDEX_FILE} names a file ${JSON.stringify(strange)}`);
  return files as string[];
}
