/**
 * Checkpoints as Hugging Face's transformers keep them: safetensors (one file, or several with an index), config.json, tokenizer.json.
 * Llama architecture. Rotary pairs lie half a head apart there; rows of wq and wk are put side by side, as ours are.
 */
import { FailureError } from '../errors.ts';
import { assemble, type Refuse, type TensorNames } from './assemble.ts';
import { checkConfig } from './config.ts';
import { readFloats } from './floats.ts';
import { readTokenizerJson } from './hugging-face-tokenizer.ts';
import { type Json, object, parseObject } from './json-values.ts';
import { readSafetensors, type StoredTensor } from './safetensors.ts';
import { ACTIVATIONS, type Activation, type MatrixName, type Model, type ModelConfig } from './types.ts';

/** The files of a checkpoint by their names; undefined for one that is not there. */
export type ReadFile = (name: string) => Uint8Array | undefined;

export const CONFIG_FILE = 'config.json';
export const TOKENIZER_FILE = 'tokenizer.json';
export const WEIGHTS_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

const ARCHITECTURE = 'llama';

const NAMES: TensorNames = {
  tokenEmbedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  classifier: 'lm_head.weight',
  layer: {
    attentionNorm: 'model.layers.N.input_layernorm.weight',
    wq: 'model.layers.N.self_attn.q_proj.weight',
    wk: 'model.layers.N.self_attn.k_proj.weight',
    wv: 'model.layers.N.self_attn.v_proj.weight',
    wo: 'model.layers.N.self_attn.o_proj.weight',
    ffnNorm: 'model.layers.N.post_attention_layernorm.weight',
    w1: 'model.layers.N.mlp.gate_proj.weight',
    w2: 'model.layers.N.mlp.down_proj.weight',
    w3: 'model.layers.N.mlp.up_proj.weight',
  },
};

/** Tables of frequencies that old checkpoints carry along; the config says them better. */
const isFrequencies = (tensor: string): boolean => tensor.endsWith('.rotary_emb.inv_freq');

/** Reads a checkpoint whose weights are in `weights`. @throws FailureError in one sentence naming what is wrong or not supported */
export function readHuggingFace(weights: readonly string[], readFile: ReadFile, name: string): Model {
  const refuse: Refuse = (what) => {
    throw new FailureError(`${name}: ${what}`);
  };
  const json = (file: string): Json =>
    parseObject(readFile(file) ?? refuse(`${file} is missing beside it`)) ??
    refuse(`${file} is no JSON object`);
  const settings = json(CONFIG_FILE);
  const config = checkConfig(configOf(settings, refuse), name);
  const tensors = new Map<string, StoredTensor>();
  for (const file of weights) {
    const bytes = readFile(file) ?? refuse(`${file} is missing beside it`);
    for (const [tensor, stored] of readSafetensors(bytes, `${name}, ${file}`).tensors)
      tensors.set(tensor, stored);
  }
  const types = new Set([...tensors.values()].map(({ dtype }) => dtype));
  const left = new Set([...tensors.keys()].filter((tensor) => !isFrequencies(tensor)));
  if (config.sharedClassifier) left.delete(NAMES.classifier);
  const headSize = config.dim / config.heads;
  const model = assemble(
    config,
    NAMES,
    {
      has: (tensor) => tensors.has(tensor) && !(config.sharedClassifier && tensor === NAMES.classifier),
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
    (kind, matrix) => (isRotated(kind) ? neighbours(matrix, config.dim, headSize) : matrix),
  );
  const unknown = [...left][0];
  if (unknown !== undefined)
    refuse(
      `has a tensor ${unknown}, and ${unknown.endsWith('.bias') ? 'biases are not supported' : 'a llama model has none such'}`,
    );
  return {
    ...model,
    tokenizer: readTokenizerJson(
      json(TOKENIZER_FILE),
      { start: number(settings.bos_token_id), end: number(settings.eos_token_id) },
      config.vocabulary,
      (what) => refuse(`${TOKENIZER_FILE}: ${what}`),
    ),
    format: `Hugging Face ${ARCHITECTURE} (safetensors, ${[...types].join(', ')})`,
  };
}

const isRotated = (kind: MatrixName): boolean => kind === 'wq' || kind === 'wk';
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Rows i and i + headSize / 2 of each head become rows 2i and 2i + 1. */
function neighbours(matrix: Float32Array, columns: number, headSize: number): Float32Array {
  const out = new Float32Array(matrix.length);
  const half = headSize / 2;
  for (let row = 0; row * columns < matrix.length; row++) {
    const within = row % headSize;
    const from = row - within + (within >> 1) + (within & 1 ? half : 0);
    out.set(matrix.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return out;
}

/** Settings that change the arithmetic, and the values that mean ours. */
const ONLY: Readonly<Record<string, readonly unknown[]>> = {
  attention_bias: [false],
  mlp_bias: [false],
  pretraining_tp: [1],
  partial_rotary_factor: [1],
  sliding_window: [null],
  quantization_config: [null],
};

function configOf(settings: Json, refuse: Refuse): ModelConfig {
  const type = settings.model_type;
  if (type !== ARCHITECTURE)
    refuse(
      `the architecture ${String(type)} of ${CONFIG_FILE} is not supported; supported is ${ARCHITECTURE}`,
    );
  for (const [key, values] of Object.entries(ONLY))
    if (settings[key] !== undefined && !values.includes(settings[key]))
      refuse(`${CONFIG_FILE} says ${key} = ${JSON.stringify(settings[key])}, which is not supported`);
  const size = (key: string, usual?: number): number =>
    number(settings[key] ?? usual) ?? refuse(`${CONFIG_FILE} has no ${key}`);
  const [dim, heads] = [size('hidden_size'), size('num_attention_heads')];
  if (size('head_dim', dim / heads) !== dim / heads)
    refuse(
      `${CONFIG_FILE} says head_dim = ${size('head_dim')}, not ${dim} / ${heads}, which is not supported`,
    );
  const activation = String(settings.hidden_act ?? 'silu');
  if (!(ACTIVATIONS as readonly string[]).includes(activation))
    refuse(`the activation ${activation} is not supported; supported are ${ACTIVATIONS.join(', ')}`);
  const rope = object(settings.rope_parameters) ?? object(settings.rope_scaling);
  const scaling = rope?.rope_type ?? rope?.type ?? 'default';
  if (scaling !== 'default')
    refuse(`its rotary positions are scaled (${String(scaling)}), which is not supported`);
  return {
    dim,
    hiddenDim: size('intermediate_size'),
    layers: size('num_hidden_layers'),
    heads,
    kvHeads: size('num_key_value_heads', heads),
    vocabulary: size('vocab_size'),
    context: size('max_position_embeddings', 2048),
    sharedClassifier: settings.tie_word_embeddings === true,
    activation: activation as Activation,
    normEpsilon: size('rms_norm_eps', 1e-6),
    ropeTheta: size('rope_theta', number(rope?.rope_theta) ?? 10000),
  };
}

/** Names of the files that hold the weights, of a checkpoint in several. */
export function shardsOf(index: Uint8Array, refuse: Refuse): string[] {
  const map = object(parseObject(index)?.weight_map) ?? refuse(`${INDEX_FILE} has no weight_map`);
  const files = [...new Set(Object.values(map))];
  const strange = files.find((file) => typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file));
  if (strange !== undefined) refuse(`${INDEX_FILE} names a file ${JSON.stringify(strange)}`);
  return files as string[];
}
