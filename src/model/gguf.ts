/** Checkpoints of llama.cpp: GGUF version 2 and 3 (ggml-org/ggml docs/gguf.md), llama and Qwen2, tokenizer inside. */
import { ggufMetadata } from 'hyllama';
import { FailureError } from '../errors.ts';
import { assemble, biasOf, pairsSideBySide, type Refuse, type TensorNames } from './assemble.ts';
import { checkConfig } from './config.ts';
import { BLOCK_FORMATS, formatName } from './gguf-blocks.ts';
import { ggufTemplate, type Metadata, readGgufTokenizer } from './gguf-tokenizer.ts';
import { MATRICES, type MatrixName, type Model, type ModelConfig } from './types.ts';

const MAGIC = 'GGUF';

/** In what the architectures differ that are llamas by their arithmetic. */
interface Kind {
  /** Whether the members of a rotary pair lie half a head apart; converters of the others have permuted wq, wk and their biases. */
  halfSplit: boolean;
}

/** By `general.architecture` (llama.cpp: `llama_model_rope_type`; convert_hf_to_gguf.py: `LlamaModel.permute`). */
const ARCHITECTURES: Readonly<Record<string, Kind>> = {
  llama: { halfSplit: false },
  qwen2: { halfSplit: true },
};

const DEFAULT_ALIGNMENT = 32;
/** Where the count of tensors and of keys ends. */
const PREAMBLE_BYTES = 24;

const NAMES: TensorNames = {
  tokenEmbedding: 'token_embd.weight',
  finalNorm: 'output_norm.weight',
  classifier: 'output.weight',
  layer: {
    attentionNorm: 'blk.N.attn_norm.weight',
    wq: 'blk.N.attn_q.weight',
    wk: 'blk.N.attn_k.weight',
    wv: 'blk.N.attn_v.weight',
    wo: 'blk.N.attn_output.weight',
    ffnNorm: 'blk.N.ffn_norm.weight',
    w1: 'blk.N.ffn_gate.weight',
    w2: 'blk.N.ffn_down.weight',
    w3: 'blk.N.ffn_up.weight',
  },
};

export const isGguf = (bytes: Uint8Array): boolean =>
  bytes.length >= PREAMBLE_BYTES && MAGIC === String.fromCharCode(...bytes.subarray(0, MAGIC.length));

interface TensorInfo {
  name: string;
  /** Innermost dimension first. */
  shape: bigint[];
  type: number;
  offset: bigint;
}

interface Header {
  metadata: Metadata;
  tensors: readonly TensorInfo[];
  /** Where the tensors' bytes begin. */
  dataStart: number;
}

/** Reads a GGUF file. @throws FailureError in one sentence naming what is wrong or not supported */
export function readGguf(bytes: Uint8Array, name: string): Model {
  const refuse: Refuse = (what) => {
    throw new FailureError(`${name}: ${what}`);
  };
  const header = readHeader(bytes, refuse);
  const architecture = architectureOf(header.metadata, refuse);
  const config = checkConfig(configOf(architecture, header.metadata, header.tensors, refuse), name);
  const left = new Set(header.tensors.map(({ name: tensor }) => tensor));
  const byName = new Map(header.tensors.map((info) => [info.name, info]));
  const types = new Set<string>();
  const model = assemble(
    config,
    NAMES,
    {
      has: (tensor) => byName.has(tensor),
      read(tensor, shape) {
        const info = byName.get(tensor) ?? refuse(`tensor ${tensor} is missing; the file is damaged`);
        left.delete(tensor);
        types.add(formatName(info.type));
        return readTensor(bytes, header.dataStart, info, shape, refuse);
      },
    },
    ARCHITECTURES[architecture]!.halfSplit ? pairsSideBySide(config.dim / config.heads) : undefined,
  );
  const unknown = [...left][0];
  if (unknown !== undefined) refuse(`has a tensor ${unknown}, and ${reasonFor(unknown)}`);
  const tokenizer = readGgufTokenizer(header.metadata, config.vocabulary, refuse);
  return {
    ...model,
    tokenizer,
    ...ggufTemplate(header.metadata, tokenizer),
    format: `GGUF version ${header.metadata.version} (${[...types].join(', ')})`,
  };
}

const reasonFor = (tensor: string): string =>
  tensor.endsWith('.bias')
    ? 'its first layer has none such'
    : tensor.includes('rope')
      ? 'scaled rotary frequencies are not supported'
      : 'a llama model of the kind supported here has none such';

function readHeader(bytes: Uint8Array, refuse: Refuse): Header {
  const damaged = (what: string): never => refuse(`${what}; the file is damaged, fetch or export it again`);
  const version = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true);
  if (version !== 2 && version !== 3) refuse(`is GGUF version ${version}; supported are 2 and 3`);
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const buffer = isWhole ? bytes.buffer : Uint8Array.from(bytes).buffer;
  let read: ReturnType<typeof ggufMetadata>;
  try {
    read = ggufMetadata(buffer as ArrayBuffer);
  } catch (error) {
    return damaged(`its header ends too early or says nonsense (${(error as Error).message})`);
  }
  const tensors: TensorInfo[] = read.tensorInfos;
  if (tensors.length === 0) damaged('has no tensors');
  const { metadata } = read;
  const alignment = Number(metadata['general.alignment'] ?? DEFAULT_ALIGNMENT);
  if (!Number.isInteger(alignment) || alignment < 1) damaged(`aligns its tensors to ${alignment} bytes`);
  const end = endOfTensorInfos(bytes, tensors);
  if (end === undefined) return damaged('its table of tensors is not where it should be');
  return { metadata, tensors, dataStart: Math.ceil(end / alignment) * alignment };
}

/** The header's reader does not say where it stopped: the table of tensors, written again, is found in the file. */
function endOfTensorInfos(bytes: Uint8Array, tensors: readonly TensorInfo[]): number | undefined {
  const table = new Uint8Array(
    tensors.reduce((sum, { name, shape }) => sum + name.length + 8 * shape.length + 24, 0),
  );
  const view = new DataView(table.buffer);
  let at = 0;
  for (const { name, shape, type, offset } of tensors) {
    view.setBigUint64(at, BigInt(name.length), true);
    table.set(
      Uint8Array.from(name, (character) => character.charCodeAt(0)),
      at + 8,
    );
    at += 8 + name.length;
    view.setUint32(at, shape.length, true);
    at += 4;
    for (const size of shape) {
      view.setBigUint64(at, size, true);
      at += 8;
    }
    view.setUint32(at, type, true);
    view.setBigUint64(at + 4, offset, true);
    at += 12;
  }
  for (let start = PREAMBLE_BYTES; start + table.length <= bytes.length; start++) {
    let same = 0;
    while (same < table.length && bytes[start + same] === table[same]) same++;
    if (same === table.length) return start + table.length;
  }
  return undefined;
}

const KNOWN_KEYS = [
  'context_length',
  'embedding_length',
  'block_count',
  'feed_forward_length',
  'vocab_size',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.layer_norm_rms_epsilon',
  'attention.key_length',
  'attention.value_length',
  'rope.dimension_count',
  'rope.freq_base',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scale_linear',
  'tensor_data_layout',
];

function architectureOf(metadata: Metadata, refuse: Refuse): string {
  const architecture = String(metadata['general.architecture']);
  if (Object.hasOwn(ARCHITECTURES, architecture)) return architecture;
  const known = Object.keys(ARCHITECTURES).join(', ');
  return refuse(`the architecture ${architecture} is not supported in GGUF; supported are ${known}`);
}

/** Matrices that have a bias: those of the first layer; that the others are alike is seen when they are read. */
function biasesIn(tensors: readonly TensorInfo[]): readonly MatrixName[] {
  const names = new Set(tensors.map(({ name }) => name));
  return MATRICES.filter((matrix) => names.has(biasOf(NAMES.layer[matrix]!).replace('N', '0')));
}

function configOf(
  architecture: string,
  metadata: Metadata,
  tensors: readonly TensorInfo[],
  refuse: Refuse,
): ModelConfig {
  const prefix = `${architecture}.`;
  const strange = Object.keys(metadata).find(
    (key) => key.startsWith(prefix) && !KNOWN_KEYS.includes(key.slice(prefix.length)),
  );
  if (strange !== undefined)
    refuse(`${strange} = ${String(metadata[strange])} is not supported: a model of another kind`);
  const number = (key: string, usual?: number): number => {
    const value = metadata[prefix + key] ?? usual;
    if (typeof value === 'number') return value;
    return typeof value === 'bigint'
      ? Number(value)
      : refuse(`${prefix}${key} is missing; the file is damaged`);
  };
  const [dim, heads] = [number('embedding_length'), number('attention.head_count')];
  const headSize = dim / heads;
  for (const key of ['rope.dimension_count', 'attention.key_length', 'attention.value_length'])
    if (number(key, headSize) !== headSize)
      refuse(`${prefix}${key} is ${number(key)} and its heads have ${headSize} components: not supported`);
  const scaling = metadata[`${prefix}rope.scaling.type`] ?? 'none';
  const factor = number('rope.scaling.factor', number('rope.scale_linear', 1));
  if (scaling !== 'none' && !(scaling === 'linear' && factor === 1))
    refuse(`its rotary positions are scaled (${String(scaling)}), which is not supported`);
  const embedding = tensors.find(({ name }) => name === NAMES.tokenEmbedding);
  const biases = biasesIn(tensors);
  return {
    dim,
    hiddenDim: number('feed_forward_length'),
    layers: number('block_count'),
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    vocabulary: Number(
      embedding?.shape[1] ?? refuse(`tensor ${NAMES.tokenEmbedding} is missing; the file is damaged`),
    ),
    context: number('context_length'),
    sharedClassifier: false,
    activation: 'silu',
    normEpsilon: number('attention.layer_norm_rms_epsilon'),
    ropeTheta: number('rope.freq_base', 10000),
    ...(biases.length > 0 ? { biases } : {}),
  };
}

function readTensor(
  bytes: Uint8Array,
  dataStart: number,
  { name, shape, type, offset }: TensorInfo,
  wanted: readonly number[],
  refuse: Refuse,
): Float32Array {
  const found = shape.map(Number).reverse();
  if (found.length !== wanted.length || found.some((size, i) => size !== wanted[i]))
    refuse(
      `tensor ${name} has the shape (${found.join(', ')}) where the config calls for (${wanted.join(', ')})`,
    );
  const format = BLOCK_FORMATS[type];
  if (!format) {
    const known = Object.values(BLOCK_FORMATS).map((each) => each.name);
    return refuse(
      `tensor ${name} has the type ${formatName(type)}, which is not supported; supported are ${known.join(', ')}`,
    );
  }
  const out = new Float32Array(wanted.reduce((a, b) => a * b, 1));
  if (found.at(-1)! % format.weights !== 0)
    refuse(
      `tensor ${name} has rows of ${found.at(-1)} where ${format.name} goes by ${format.weights}; the file is damaged`,
    );
  const start = dataStart + Number(offset);
  const size = (out.length / format.weights) * format.bytes;
  if (start + size > bytes.length)
    refuse(
      `tensor ${name} ends at byte ${start + size} and the file at ${bytes.length}; fetch or export it again`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, size);
  for (let block = 0; block * format.weights < out.length; block++)
    format.read(view, block * format.bytes, out, block * format.weights);
  const bad = out.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    refuse(`tensor ${name} holds ${out[bad]} at element ${bad}; the weights are damaged, export them again`);
  return out;
}
