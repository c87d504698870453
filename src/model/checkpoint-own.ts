/**
 * Our own checkpoint: safetensors with metadata that say what a llama2.c file cannot (architecture, activation, training facts),
 * and the tokenizer inside. Tensors have the names of Meta's llama releases, whose rotary pairs are neighbours as ours are.
 *
 * Metadata, all strings: `esp32-llm` is the version of this form; `architecture`, a name of ARCHITECTURES; `activation`; `config` a JSON
 * object of sizes (and of the matrices that have biases, and the layers whose attention sees a window alone); `training` (optional) a JSON object of facts; `template` (optional) how conversations are written, a ChatTemplate; `tokenizer` (optional) one of `rules` and `special` tokens where they are not
 * llama2.c's. The tokenizer is three tensors: `tokenizer.pieces` U8, all pieces one behind the other; `tokenizer.offsets` U32
 * (vocabulary + 1), where each begins; `tokenizer.scores` F32 (vocabulary). A matrix may be I8, with a factor a row in NAME.scales F32
 * (rows): a quarter of the bytes, and what an int8 image is made of. The bias of X.weight is X.bias; learned positions are
 * `pos_embeddings.weight` (context, dim); per-layer embeddings, where the config says them, `layer_embeddings.N.weight`
 * (vocabulary, dim), N from 0 to the number of layers. A model that only answers requests has `grammar` U8, all
 * that it may say, as a board reads it; one that keeps to known words has `words` U8, the same.
 */
import { FailureError } from '../errors.ts';
import { type ChatTemplate, chatTemplateFrom } from './chat-template.ts';
import { checkConfig } from './config.ts';
import { readFloats, toHalf } from './floats.ts';
import { fromRows, toRows } from './rows.ts';
import { readSafetensors, type Safetensors, type StoredTensor, writeSafetensors } from './safetensors.ts';
import { createTokenizer, llama2cPieces, longestOf, type Tokenizer } from './tokenizer.ts';
import { rulesFrom, type SpecialTokens, specialFrom, type TokenizerRules } from './tokenizers/pieces.ts';
import {
  ARCHITECTURES,
  type Architecture,
  biasesOf,
  type LayerBiases,
  type LayerWeights,
  layerShape,
  MATRICES,
  type MatrixName,
  type Model,
  type ModelConfig,
  matricesOf,
  tablesOf,
  traitsOf,
} from './types.ts';

const VERSION = '1';
/** The key that makes a safetensors file ours. */
const MARK = 'esp32-llm';
const KEYS = [MARK, 'architecture', 'activation', 'config', 'tokenizer', 'template', 'training', 'format'];
const SIZES = [
  'dim',
  'hiddenDim',
  'layers',
  'heads',
  'kvHeads',
  'vocabulary',
  'context',
  'normEpsilon',
  'ropeTheta',
  'biases',
  'localLayers',
  'window',
  'layerEmbeddings',
  'int4Group',
  'int8Matrices',
];

/** Names of a layer's tensors behind `layers.N.`. */
const LAYER_NAMES: Readonly<Record<keyof LayerWeights, string>> = {
  attentionNorm: 'attention_norm.weight',
  wq: 'attention.wq.weight',
  wk: 'attention.wk.weight',
  wv: 'attention.wv.weight',
  wo: 'attention.wo.weight',
  ffnNorm: 'ffn_norm.weight',
  w1: 'feed_forward.w1.weight',
  w2: 'feed_forward.w2.weight',
  w3: 'feed_forward.w3.weight',
};

const layerTensor = (layer: number, kind: keyof LayerWeights): string =>
  `layers.${layer}.${LAYER_NAMES[kind]}`;
/** What stands behind a product of X.weight. */
const biasOf = (tensor: string): string => tensor.replace(/weight$/, 'bias');

/** The table whose rows are added behind so many layers. */
const tableOf = (behind: number): string => `layer_embeddings.${behind}.weight`;

const POSITIONS = 'pos_embeddings.weight';

/** Tensors that a layer has. */
const kindsOf = (config: ModelConfig): (keyof LayerWeights)[] => {
  const there: readonly string[] = ['attentionNorm', 'ffnNorm', ...matricesOf(config)];
  return (Object.keys(LAYER_NAMES) as (keyof LayerWeights)[]).filter((kind) => there.includes(kind));
};

/** Whether a file begins as one of ours does: safetensors whose metadata carry our mark. */
export const isOwn = ({ metadata }: Safetensors): boolean => Object.hasOwn(metadata, MARK);

type Refuse = (what: string) => never;

const isList = (value: unknown, is: (item: unknown) => boolean): boolean =>
  value === undefined || (Array.isArray(value) && value.every(is));
const isNames = (value: unknown): boolean => isList(value, (item) => MATRICES.includes(item as MatrixName));
const isNumbers = (value: unknown): boolean => isList(value, Number.isInteger);

/** Of the metadata: what the pieces alone don't say. */
interface TokenizerFacts {
  rules: TokenizerRules;
  special: SpecialTokens;
}

/** Reads one of our checkpoints. @throws FailureError in one sentence naming what is wrong */
export function readOwn(bytes: Uint8Array, name: string): Model {
  const file = readSafetensors(bytes, name);
  const refuse: Refuse = (what) => {
    throw new FailureError(`${name}: ${what}`);
  };
  const { config, training, template, facts } = readMetadata(file.metadata, name, refuse);
  const left = new Set(file.tensors.keys());
  const take = (tensor: string, shape: readonly number[]): StoredTensor => {
    const found = file.tensors.get(tensor) ?? refuse(`tensor ${tensor} is missing; the file is damaged`);
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i])) {
      refuse(
        `tensor ${tensor} has the shape (${found.shape.join(', ')}) where the config calls for (${shape.join(', ')})`,
      );
    }
    left.delete(tensor);
    return found;
  };
  const weights = (tensor: string, shape: readonly number[]): Float32Array => {
    const stored = take(tensor, shape);
    if (stored.dtype !== 'I8' || shape.length !== 2) return readFloats(tensor, stored, refuse);
    const scales = `${tensor}.scales`;
    return fromRows(stored.bytes, readFloats(scales, take(scales, [shape[0]]), refuse));
  };

  const read = readWeights(config, weights);
  const tokenizer = readTokenizer(config, facts, file, take, refuse);
  const bytesOf = (tensor: string): Uint8Array | undefined => {
    const found = file.tensors.get(tensor)?.bytes;
    if (found !== undefined) take(tensor, [found.length]);
    return found?.slice();
  };
  const grammar = bytesOf('grammar');
  const words = bytesOf('words');
  if (left.size > 0) refuse(`tensor ${[...left][0]} is unknown; a newer esp32-llm may have written it`);
  return {
    config,
    weights: read,
    tokenizer,
    ...(grammar ? { grammar } : {}),
    ...(words ? { words } : {}),
    ...(training ? { training } : {}),
    ...(template ? { template } : {}),
    format: `esp32-llm version ${VERSION} (safetensors, ${dtypesOf(file)})`,
  };
}

function dtypesOf({ tensors }: Safetensors): string {
  const weights = [...tensors].filter(([name]) => !/^(tokenizer\.|(grammar|words)$)/.test(name));
  return [...new Set(weights.map(([, { dtype }]) => dtype))].join(', ');
}

function readMetadata(
  metadata: Readonly<Record<string, string>>,
  name: string,
  refuse: Refuse,
): {
  config: ModelConfig;
  training?: Record<string, unknown>;
  template?: ChatTemplate;
  facts?: TokenizerFacts;
} {
  if (metadata[MARK] !== VERSION) {
    refuse(
      `is version ${metadata[MARK]} of esp32-llm's checkpoint and ${VERSION} is known here; update esp32-llm`,
    );
  }
  const unknown = Object.keys(metadata).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) refuse(`metadata ${unknown} is unknown; a newer esp32-llm may have written it`);
  const { architecture, activation } = metadata;
  if (!Object.hasOwn(ARCHITECTURES, architecture))
    refuse(`has the architecture ${architecture}; supported are ${Object.keys(ARCHITECTURES).join(', ')}`);
  const activations: readonly string[] = ARCHITECTURES[architecture as Architecture].activations;
  if (!activations.includes(activation)) {
    refuse(`has the activation ${activation}; supported are ${activations.join(', ')}`);
  }
  const object = (key: string): Record<string, unknown> => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(metadata[key]);
    } catch {
      parsed = undefined;
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      refuse(`metadata ${key} is not a JSON object; the file is damaged`);
    }
    return parsed as Record<string, unknown>;
  };
  const { sharedClassifier, ...sizes } = object('config');
  const strange = Object.keys(sizes).find((key) => !SIZES.includes(key));
  if (strange !== undefined) refuse(`config ${strange} is unknown; a newer esp32-llm may have written it`);
  if (typeof sharedClassifier !== 'boolean') refuse('config sharedClassifier is neither true nor false');
  if (!isNames(sizes.biases) || !isNames(sizes.int8Matrices) || !isNumbers(sizes.localLayers))
    refuse(
      'config biases, int8Matrices or localLayers is no list of what belongs there; the file is damaged',
    );
  const config = {
    ...sizes,
    sharedClassifier,
    activation,
    ...(architecture === 'llama' ? {} : { architecture }),
  } as ModelConfig;
  const facts = metadata.tokenizer === undefined ? undefined : object('tokenizer');
  const rules = facts && rulesFrom(facts.rules);
  const special = facts && specialFrom(facts.special, config.vocabulary);
  if (facts && !(rules && special))
    refuse('metadata tokenizer is not one that is known here; a newer esp32-llm may have written it');
  const template =
    metadata.template === undefined ? undefined : chatTemplateFrom(object('template'), config.vocabulary);
  if (typeof template === 'string') refuse(`its template ${template}`);
  return {
    config: checkConfig(config, name),
    ...(template ? { template: template as ChatTemplate } : {}),
    ...(rules && special ? { facts: { rules, special } } : {}),
    ...(metadata.training === undefined ? {} : { training: object('training') }),
  };
}

/** Reads all that was learned. */
function readWeights(
  config: ModelConfig,
  weights: (tensor: string, shape: readonly number[]) => Float32Array,
): Model['weights'] {
  const { dim, vocabulary, context } = config;
  const { layerNorm, rotary } = traitsOf(config);
  const tokenEmbedding = weights('tok_embeddings.weight', [vocabulary, dim]);
  const positions = rotary ? undefined : weights(POSITIONS, [context, dim]);
  const kinds = kindsOf(config);
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const tensors = kinds.map((kind) => [kind, weights(layerTensor(layer, kind), layerShape(config, kind))]);
    return { w3: new Float32Array(0), ...Object.fromEntries(tensors) } as LayerWeights;
  });
  const biased = biasesOf(config);
  const biases = layers.map((_, layer): LayerBiases => {
    const read = (kind: keyof LayerWeights): Float32Array =>
      weights(biasOf(layerTensor(layer, kind)), [layerShape(config, kind)[0]]);
    return Object.fromEntries(biased.map((kind) => [kind, read(kind)]));
  });
  const tables = Array.from({ length: tablesOf(config) }, (_, i) => weights(tableOf(i), [vocabulary, dim]));
  const finalNorm = weights('norm.weight', [dim]);
  const finalNormBias = layerNorm ? weights('norm.bias', [dim]) : undefined;
  const classifier = config.sharedClassifier ? tokenEmbedding : weights('output.weight', [vocabulary, dim]);
  return {
    tokenEmbedding,
    layers,
    finalNorm,
    classifier,
    ...(tables.length > 0 ? { layerEmbeddings: tables } : {}),
    ...(biased.length > 0 ? { biases } : {}),
    ...(finalNormBias ? { finalNormBias } : {}),
    ...(positions ? { positions } : {}),
  };
}

/** Reads the pieces and their scores. */
function readTokenizer(
  { vocabulary }: ModelConfig,
  facts: TokenizerFacts | undefined,
  file: Safetensors,
  take: (tensor: string, shape: readonly number[]) => StoredTensor,
  refuse: Refuse,
): Tokenizer {
  const typed = (tensor: string, dtype: string, shape: readonly number[]): StoredTensor => {
    const found = take(tensor, shape);
    if (found.dtype !== dtype) refuse(`tensor ${tensor} has the type ${found.dtype}, not ${dtype}`);
    return found;
  };
  const all = file.tensors.get('tokenizer.pieces')?.bytes ?? new Uint8Array(0);
  typed('tokenizer.pieces', 'U8', [all.length]);
  const offsets = typed('tokenizer.offsets', 'U32', [vocabulary + 1]).bytes;
  const scores = readFloats('tokenizer.scores', typed('tokenizer.scores', 'F32', [vocabulary]), refuse);
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const at = (id: number): number => view.getUint32(4 * id, true);
  if (at(0) !== 0 || at(vocabulary) !== all.length) refuse('tokenizer.offsets do not cover tokenizer.pieces');
  const pieces = Array.from({ length: vocabulary }, (_, id) => {
    if (at(id + 1) < at(id)) refuse(`tokenizer.offsets go back at piece ${id}`);
    return all.slice(at(id), at(id + 1));
  });
  return createTokenizer({ ...llama2cPieces(pieces, scores, longestOf(pieces)), ...facts });
}

/** Whether a tokenizer is as llama2.c has them, which need not be said. */
const isLlama2c = ({ vocabulary, scores, rules, special }: Tokenizer): boolean => {
  const usual = llama2cPieces(vocabulary, scores);
  return JSON.stringify([rules, special]) === JSON.stringify([usual.rules, usual.special]);
};

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** How matrices are stored: as they are, as halves, or as bytes with a scale a row. */
export type StoredMatrices = 'F32' | 'F16' | 'I8';

/** Writes a model with its tokenizer; `training`: facts about how it came to be. */
export function writeOwn(
  model: Model,
  tokenizer: Tokenizer,
  training?: Readonly<Record<string, unknown>>,
  matrices: StoredMatrices = 'F32',
): Uint8Array {
  const { config, weights } = model;
  const { activation, architecture = 'llama', ...sizes } = config;
  const { dim, vocabulary, context } = config;
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, dtype: string, shape: readonly number[], data: ArrayBufferView): void => {
    tensors.set(name, { dtype, shape, bytes: bytesOf(data) });
  };
  const addWeights = (name: string, shape: readonly number[], data: Float32Array): void => {
    if (matrices === 'F32' || shape.length !== 2) {
      add(name, 'F32', shape, data);
      return;
    }
    if (matrices === 'F16') {
      add(name, matrices, shape, Uint16Array.from(data, toHalf));
      return;
    }
    const { bytes, scales } = toRows(data, shape[0]);
    add(name, matrices, shape, bytes);
    add(`${name}.scales`, 'F32', [shape[0]], scales);
  };
  addWeights('tok_embeddings.weight', [vocabulary, dim], weights.tokenEmbedding);
  if (weights.positions) add(POSITIONS, 'F32', [context, dim], weights.positions);
  weights.layers.forEach((layer, index) => {
    for (const kind of kindsOf(config))
      addWeights(layerTensor(index, kind), layerShape(config, kind), layer[kind]);
    for (const [kind, bias] of Object.entries(weights.biases?.[index] ?? {}))
      addWeights(biasOf(layerTensor(index, kind as keyof LayerWeights)), [bias.length], bias);
  });
  for (const [i, table] of (weights.layerEmbeddings ?? []).entries())
    addWeights(tableOf(i), [vocabulary, dim], table);
  addWeights('norm.weight', [dim], weights.finalNorm);
  if (weights.finalNormBias) addWeights('norm.bias', [dim], weights.finalNormBias);
  if (!config.sharedClassifier) addWeights('output.weight', [vocabulary, dim], weights.classifier);

  const offsets = new Uint32Array(vocabulary + 1);
  tokenizer.vocabulary.forEach((piece, id) => {
    offsets[id + 1] = offsets[id] + piece.length;
  });
  const pieces = new Uint8Array(offsets[vocabulary]);
  for (const [id, piece] of tokenizer.vocabulary.entries()) pieces.set(piece, offsets[id]);
  add('tokenizer.offsets', 'U32', [vocabulary + 1], offsets);
  add('tokenizer.scores', 'F32', [vocabulary], tokenizer.scores);
  // Bytes come last: their number need not be a multiple of 4, unless more follows.
  if (model.words) add('words', 'U8', [model.words.length], model.words);
  if (model.grammar) add('grammar', 'U8', [model.grammar.length], model.grammar);
  add('tokenizer.pieces', 'U8', [pieces.length], pieces);

  const metadata: Record<string, string> = {
    [MARK]: VERSION,
    format: 'pt', // what Hugging Face's loaders look for
    architecture,
    activation,
    config: JSON.stringify(sizes),
    ...(isLlama2c(tokenizer)
      ? {}
      : { tokenizer: JSON.stringify({ rules: tokenizer.rules, special: tokenizer.special }) }),
    ...(training ? { training: JSON.stringify(training) } : {}),
    ...(model.template ? { template: JSON.stringify(model.template) } : {}),
  };
  return writeSafetensors({ metadata, tensors });
}
