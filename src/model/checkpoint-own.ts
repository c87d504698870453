/**
 * Our own checkpoint: safetensors with metadata that say what a llama2.c file cannot (architecture, activation, training facts),
 * and the tokenizer inside. Tensors have the names of Meta's llama releases, whose rotary pairs are neighbours as ours are.
 *
 * Metadata, all strings: `esp32-llm` is the version of this form; `architecture`; `activation`; `config` a JSON object of sizes;
 * `training` (optional) a JSON object of facts. The tokenizer is three tensors: `tokenizer.pieces` U8, all pieces one behind the
 * other; `tokenizer.offsets` U32 (vocabulary + 1), where each begins; `tokenizer.scores` F32 (vocabulary).
 */
import { FailureError } from '../errors.ts';
import { checkConfig } from './config.ts';
import { readSafetensors, type Safetensors, type StoredTensor, writeSafetensors } from './safetensors.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';
import {
  ACTIVATIONS,
  type Activation,
  type LayerWeights,
  MATRICES,
  type MatrixName,
  type Model,
  type ModelConfig,
  matrixShape,
} from './types.ts';

const VERSION = '1';
/** The key that makes a safetensors file ours. */
const MARK = 'esp32-llm';
const ARCHITECTURE = 'llama';
const KEYS = [MARK, 'architecture', 'activation', 'config', 'training', 'format'];
const SIZES = ['dim', 'hiddenDim', 'layers', 'heads', 'kvHeads', 'vocabulary', 'context'] as const;

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

const shapeOf = (config: ModelConfig, kind: keyof LayerWeights): readonly number[] =>
  (MATRICES as readonly string[]).includes(kind) ? matrixShape(config, kind as MatrixName) : [config.dim];

/** Whether a file begins as one of ours does: safetensors whose metadata carry our mark. */
export const isOwn = ({ metadata }: Safetensors): boolean => Object.hasOwn(metadata, MARK);

type Refuse = (what: string) => never;

/** Reads one of our checkpoints. @throws FailureError in one sentence naming what is wrong */
export function readOwn(bytes: Uint8Array, name: string): Model {
  const file = readSafetensors(bytes, name);
  const refuse: Refuse = (what) => {
    throw new FailureError(`${name}: ${what}`);
  };
  if (!isOwn(file)) {
    refuse(
      `is a safetensors file without the metadata of esp32-llm (a checkpoint of another program?); give one that esp32-llm train wrote`,
    );
  }
  const { config, training } = readMetadata(file.metadata, name, refuse);
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
  const weights = (tensor: string, shape: readonly number[]): Float32Array =>
    readFloats(tensor, take(tensor, shape), refuse);

  const { dim, vocabulary } = config;
  const tokenEmbedding = weights('tok_embeddings.weight', [vocabulary, dim]);
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const kinds = Object.keys(LAYER_NAMES) as (keyof LayerWeights)[];
    const tensors = kinds.map((kind) => [kind, weights(layerTensor(layer, kind), shapeOf(config, kind))]);
    return Object.fromEntries(tensors) as LayerWeights;
  });
  const finalNorm = weights('norm.weight', [dim]);
  const classifier = config.sharedClassifier ? tokenEmbedding : weights('output.weight', [vocabulary, dim]);
  const tokenizer = readTokenizer(config, file, take, refuse);
  if (left.size > 0) refuse(`tensor ${[...left][0]} is unknown; a newer esp32-llm may have written it`);
  return {
    config,
    weights: { tokenEmbedding, layers, finalNorm, classifier },
    tokenizer,
    ...(training ? { training } : {}),
    format: `esp32-llm version ${VERSION} (safetensors, ${dtypesOf(file)})`,
  };
}

function dtypesOf({ tensors }: Safetensors): string {
  const weights = [...tensors].filter(([name]) => !name.startsWith('tokenizer.'));
  return [...new Set(weights.map(([, { dtype }]) => dtype))].join(', ');
}

function readMetadata(
  metadata: Readonly<Record<string, string>>,
  name: string,
  refuse: Refuse,
): { config: ModelConfig; training?: Record<string, unknown> } {
  if (metadata[MARK] !== VERSION) {
    refuse(
      `is version ${metadata[MARK]} of esp32-llm's checkpoint and ${VERSION} is known here; update esp32-llm`,
    );
  }
  const unknown = Object.keys(metadata).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) refuse(`metadata ${unknown} is unknown; a newer esp32-llm may have written it`);
  if (metadata.architecture !== ARCHITECTURE) {
    refuse(`has the architecture ${metadata.architecture}; supported is ${ARCHITECTURE}`);
  }
  const { activation } = metadata;
  if (!(ACTIVATIONS as readonly string[]).includes(activation)) {
    refuse(`has the activation ${activation}; supported are ${ACTIVATIONS.join(', ')}`);
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
  const strange = Object.keys(sizes).find((key) => !(SIZES as readonly string[]).includes(key));
  if (strange !== undefined) refuse(`config ${strange} is unknown; a newer esp32-llm may have written it`);
  if (typeof sharedClassifier !== 'boolean') refuse('config sharedClassifier is neither true nor false');
  const config = { ...sizes, sharedClassifier, activation: activation as Activation } as ModelConfig;
  return {
    config: checkConfig(config, name),
    ...(metadata.training === undefined ? {} : { training: object('training') }),
  };
}

/** Elements of a tensor as singles, by its type. */
const DECODERS: Readonly<Record<string, (view: DataView, index: number) => number>> = {
  F32: (view, index) => view.getFloat32(4 * index, true),
  F16: (view, index) => fromHalf(view.getUint16(2 * index, true)),
  BF16: (view, index) => fromBrain(view.getUint16(2 * index, true)),
};

/** IEEE half precision. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const word = new DataView(new ArrayBuffer(4));
/** The upper half of a single. */
function fromBrain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

function readFloats(tensor: string, { dtype, shape, bytes }: StoredTensor, refuse: Refuse): Float32Array {
  const decode = Object.hasOwn(DECODERS, dtype) ? DECODERS[dtype] : undefined;
  if (!decode)
    return refuse(
      `tensor ${tensor} has the type ${dtype}; supported are ${Object.keys(DECODERS).join(', ')}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < out.length; i++) {
    out[i] = decode(view, i);
    if (!Number.isFinite(out[i])) {
      refuse(`tensor ${tensor} holds ${out[i]} at element ${i}; the weights are damaged, export them again`);
    }
  }
  return out;
}

/** Reads the pieces and their scores. */
function readTokenizer(
  { vocabulary }: ModelConfig,
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
  return createTokenizer(pieces, scores, Math.max(1, ...pieces.map(({ length }) => length)));
}

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Writes a model with its tokenizer; `training`: facts about how it came to be. Singles are stored as they are. */
export function writeOwn(
  model: Model,
  tokenizer: Tokenizer,
  training?: Readonly<Record<string, unknown>>,
): Uint8Array {
  const { config, weights } = model;
  const { activation, ...sizes } = config;
  const { dim, vocabulary } = config;
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, dtype: string, shape: readonly number[], data: ArrayBufferView): void => {
    tensors.set(name, { dtype, shape, bytes: bytesOf(data) });
  };
  add('tok_embeddings.weight', 'F32', [vocabulary, dim], weights.tokenEmbedding);
  weights.layers.forEach((layer, index) => {
    for (const kind of Object.keys(LAYER_NAMES) as (keyof LayerWeights)[]) {
      add(layerTensor(index, kind), 'F32', shapeOf(config, kind), layer[kind]);
    }
  });
  add('norm.weight', 'F32', [dim], weights.finalNorm);
  if (!config.sharedClassifier) add('output.weight', 'F32', [vocabulary, dim], weights.classifier);

  const offsets = new Uint32Array(vocabulary + 1);
  tokenizer.vocabulary.forEach((piece, id) => {
    offsets[id + 1] = offsets[id] + piece.length;
  });
  const pieces = new Uint8Array(offsets[vocabulary]);
  for (const [id, piece] of tokenizer.vocabulary.entries()) pieces.set(piece, offsets[id]);
  add('tokenizer.offsets', 'U32', [vocabulary + 1], offsets);
  add('tokenizer.scores', 'F32', [vocabulary], tokenizer.scores);
  add('tokenizer.pieces', 'U8', [pieces.length], pieces); // last: its length need not be a multiple of 4

  const metadata: Record<string, string> = {
    [MARK]: VERSION,
    format: 'pt', // what Hugging Face's loaders look for
    architecture: ARCHITECTURE,
    activation,
    config: JSON.stringify(sizes),
    ...(training ? { training: JSON.stringify(training) } : {}),
  };
  return writeSafetensors({ metadata, tensors });
}
