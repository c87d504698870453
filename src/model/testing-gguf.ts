/** GGUF files for tests, written by the format's description (ggml-org/ggml docs/gguf.md). */
import { BLOCK_FORMATS } from './gguf-blocks.ts';
import type { StoredTensor } from './safetensors.ts';
import { MATRICES, type MatrixName, type Model, type ModelConfig, matrixShape } from './types.ts';

/** Values of metadata by the type that they are stored as. */
export type Value =
  | { u32: number }
  | { f32: number }
  | { bool: boolean }
  | { text: string }
  | { texts: readonly string[] }
  | { f32s: ArrayLike<number> }
  | { i32s: ArrayLike<number> };

export interface GgufTensor {
  type: number;
  /** Outermost dimension first. */
  shape: readonly number[];
  bytes: Uint8Array;
}

const utf8 = new TextEncoder();
const ALIGNMENT = 32;

class Writer {
  private readonly parts: Uint8Array[] = [];
  length = 0;
  add(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }
  number(size: number, put: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    put(new DataView(bytes.buffer));
    return this.add(bytes);
  }
  u32(value: number): this {
    return this.number(4, (view) => view.setUint32(0, value, true));
  }
  i32(value: number): this {
    return this.number(4, (view) => view.setInt32(0, value, true));
  }
  f32(value: number): this {
    return this.number(4, (view) => view.setFloat32(0, value, true));
  }
  u64(value: number): this {
    return this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }
  text(value: string): this {
    const bytes = utf8.encode(value);
    return this.u64(bytes.length).add(bytes);
  }
  pad(): this {
    return this.add(new Uint8Array(-this.length & (ALIGNMENT - 1)));
  }
  get bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

function writeValue(writer: Writer, value: Value): void {
  if ('u32' in value) writer.u32(4).u32(value.u32);
  else if ('f32' in value) writer.u32(6).f32(value.f32);
  else if ('bool' in value) writer.u32(7).add(Uint8Array.of(value.bool ? 1 : 0));
  else if ('text' in value) writer.u32(8).text(value.text);
  else if ('texts' in value) {
    writer.u32(9).u32(8).u64(value.texts.length);
    for (const text of value.texts) writer.text(text);
  } else if ('f32s' in value) {
    writer.u32(9).u32(6).u64(value.f32s.length);
    for (const number of Array.from(value.f32s)) writer.f32(number);
  } else {
    writer.u32(9).u32(5).u64(value.i32s.length);
    for (const number of Array.from(value.i32s)) writer.i32(number);
  }
}

/** A file of these keys and tensors. */
export function ggufBytes(
  metadata: Readonly<Record<string, Value>>,
  tensors: Readonly<Record<string, GgufTensor>>,
  version = 3,
): Uint8Array {
  const header = new Writer().add(utf8.encode('GGUF')).u32(version);
  header.u64(Object.keys(tensors).length).u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    header.text(key);
    writeValue(header, value);
  }
  const data = new Writer();
  for (const [name, { type, shape, bytes }] of Object.entries(tensors)) {
    header.text(name).u32(shape.length);
    for (const size of shape.toReversed()) header.u64(size);
    header.u32(type).u64(data.length);
    data.add(bytes).pad();
  }
  return header.pad().add(data.bytes).bytes;
}

/** Names as llama.cpp's converter gives them. */
const LAYER_TENSORS = {
  wq: 'attn_q',
  wk: 'attn_k',
  wv: 'attn_v',
  wo: 'attn_output',
  w1: 'ffn_gate',
  w2: 'ffn_down',
  w3: 'ffn_up',
} as const;

const tensor = (values: Float32Array, ...shape: number[]): GgufTensor => ({
  type: 0,
  shape,
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
});

/** A model's tensors as they are, F32. */
export function ggufTensors({ config, weights }: Model): Record<string, GgufTensor> {
  const { dim, vocabulary } = config;
  const layers = weights.layers.flatMap((layer, index) => [
    [`blk.${index}.attn_norm.weight`, tensor(layer.attentionNorm, dim)],
    [`blk.${index}.ffn_norm.weight`, tensor(layer.ffnNorm, dim)],
    ...MATRICES.map((kind) => [
      `blk.${index}.${LAYER_TENSORS[kind]}.weight`,
      tensor(layer[kind], ...matrixShape(config, kind)),
    ]),
    ...Object.entries(weights.biases?.[index] ?? {}).map(([kind, values]) => [
      `blk.${index}.${LAYER_TENSORS[kind as MatrixName]}.bias`,
      tensor(values, values.length),
    ]),
  ]);
  return Object.fromEntries([
    ['token_embd.weight', tensor(weights.tokenEmbedding, vocabulary, dim)],
    ...layers,
    ['output_norm.weight', tensor(weights.finalNorm, dim)],
    ...(config.sharedClassifier ? [] : [['output.weight', tensor(weights.classifier, vocabulary, dim)]]),
  ]);
}

/** Names of transformers' tensors of a llama, as llama.cpp's converter changes them. */
const RENAMED: readonly (readonly [from: RegExp, to: string])[] = [
  [/^model\.embed_tokens\./, 'token_embd.'],
  [/^model\.norm\./, 'output_norm.'],
  [/^lm_head\./, 'output.'],
  [/^model\.layers\.(\d+)\./, 'blk.$1.'],
  [/\.self_attn\.([qkv])_proj\./, '.attn_$1.'],
  [/\.self_attn\.o_proj\./, '.attn_output.'],
  [/\.mlp\.(gate|up|down)_proj\./, '.ffn_$1.'],
  [/\.input_layernorm\./, '.attn_norm.'],
  [/\.post_attention_layernorm\./, '.ffn_norm.'],
];

const F16 = 1;

/** transformers' tensors, F16, under their names in GGUF and otherwise as they are: what the converter makes of a Qwen2. */
export const renamedTensors = (tensors: ReadonlyMap<string, StoredTensor>): Record<string, GgufTensor> =>
  Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, bytes }]) => {
      if (dtype !== 'F16') throw new Error(`${name} is ${dtype}`);
      const renamed = RENAMED.reduce((text, [from, to]) => text.replace(from, to), name);
      return [renamed, { type: F16, shape, bytes }];
    }),
  );

/** The keys of a model, without a tokenizer's. */
export function ggufConfig(config: ModelConfig, architecture = 'llama'): Record<string, Value> {
  const sizes: Record<string, Value> = {
    context_length: { u32: config.context },
    embedding_length: { u32: config.dim },
    block_count: { u32: config.layers },
    feed_forward_length: { u32: config.hiddenDim },
    'attention.head_count': { u32: config.heads },
    'attention.head_count_kv': { u32: config.kvHeads },
    'attention.layer_norm_rms_epsilon': { f32: config.normEpsilon ?? 1e-5 },
    'rope.dimension_count': { u32: config.dim / config.heads },
    'rope.freq_base': { f32: config.ropeTheta ?? 10000 },
  };
  return {
    'general.architecture': { text: architecture },
    'general.name': { text: 'tiny “llama”' },
    ...Object.fromEntries(Object.entries(sizes).map(([key, value]) => [`${architecture}.${key}`, value])),
  };
}

/** What of a tokenizer.json the tests of GGUF need. */
export interface ByteLevelJson {
  model: { vocab: Record<string, number>; merges: (string | string[])[] };
  added_tokens: { id: number }[];
}

/** A byte-level tokenizer.json as the converter writes it, its text cut as `pre`. */
export function ggufByteLevel(
  { model, added_tokens: added }: ByteLevelJson,
  pre: string,
): Record<string, Value> {
  const tokens = Object.entries(model.vocab).toSorted((a, b) => a[1] - b[1]);
  const special = new Set(added.map(({ id }) => id));
  return {
    'tokenizer.ggml.model': { text: 'gpt2' },
    'tokenizer.ggml.pre': { text: pre },
    'tokenizer.ggml.tokens': { texts: tokens.map(([token]) => token) },
    'tokenizer.ggml.token_type': { i32s: tokens.map(([, id]) => (special.has(id) ? 3 : 1)) },
    'tokenizer.ggml.merges': { texts: model.merges.map((merge) => [merge].flat().join(' ')) },
    'tokenizer.ggml.bos_token_id': { u32: 0 },
    'tokenizer.ggml.eos_token_id': { u32: special.size - 1 },
  };
}

/** SentencePiece's pieces: <unk>, <s>, </s>, the bytes, then `words`, the first of which merges first. */
export function ggufVocabulary(words: readonly string[]): Record<string, Value> {
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...words];
  return {
    'tokenizer.ggml.model': { text: 'llama' },
    'tokenizer.ggml.tokens': { texts: tokens },
    'tokenizer.ggml.scores': { f32s: tokens.map((_, id) => (id < 259 ? 0 : 258 - id)) },
    'tokenizer.ggml.token_type': {
      i32s: tokens.map((_, id) => (id < 1 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)),
    },
    'tokenizer.ggml.bos_token_id': { u32: 1 },
    'tokenizer.ggml.eos_token_id': { u32: 2 },
    'tokenizer.ggml.unknown_token_id': { u32: 0 },
  };
}

/** Bytes of so many weights in a format, all blocks from `block`. */
export function repeatBlock(type: number, weights: number, block: Uint8Array): GgufTensor['bytes'] {
  return Buffer.concat(new Array(weights / BLOCK_FORMATS[type].weights).fill(block));
}
