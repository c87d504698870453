/** Checkpoints for tests: small ones made here, our own tinystories, and those of others where they are. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sharedPath } from '../testing/shared-files.ts';
import { loadCheckpoint, loadCheckpointFolder } from './checkpoint.ts';
import type { Tokenizer } from './tokenizer.ts';
import { loadTokenizer } from './tokenizer-file.ts';
import { type Model, type ModelConfig, parameterCount, tablesOf } from './types.ts';

export interface TestCheckpoint {
  readonly name: string;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** Paths, for what takes files. */
  readonly files: { readonly model: string; readonly tokenizer: string };
}

/** Loads at the first call. */
function checkpoint(name: string, model: string, tokenizer: string): () => TestCheckpoint {
  let loaded: TestCheckpoint | undefined;
  return () => {
    if (loaded) return loaded;
    const read = loadCheckpoint(readFileSync(model));
    loaded = {
      name,
      model: read,
      tokenizer: loadTokenizer(readFileSync(tokenizer), read.config.vocabulary),
      files: { model, tokenizer },
    };
    return loaded;
  };
}

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../data/tinystories/${name}`, import.meta.url));

/** A small storyteller of our own, for int8: dim 64, hidden 144, 5 layers, 4 heads (2 for keys and values), 1024 pieces. */
export const loadTinyStories = checkpoint(
  'tinystories',
  fixture('tinystories.bin'),
  fixture('tokenizer.bin'),
);

/** karpathy's stories260K (dim 64, hidden 172, 5 layers, 8 heads, 512 pieces), or undefined on a plain clone. */
export const loadStories260K: (() => TestCheckpoint) | undefined = (() => {
  const [model, tokenizer] = [sharedPath('models/stories260K.bin'), sharedPath('models/tok512.bin')];
  return model && tokenizer ? checkpoint('stories260K', model, tokenizer) : undefined;
})();

const goldenModels = new Map<string, Model>();

/** A small random model of another architecture, as transformers keeps it: `gpt-neo` or `qwen2` (data/goldens). */
export function goldenModel(name: string): Model {
  const model = goldenModels.get(name) ?? loadCheckpointFolder((file) => goldenFile(`${name}/${file}`), name);
  goldenModels.set(name, model);
  return model;
}

const goldenFile = (path: string): Uint8Array | undefined => {
  const file = new URL(`../../data/goldens/${path}`, import.meta.url);
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
};

/** A small real model: stories260K where it is there, else our own tinystories. */
export const loadSmallModel: () => TestCheckpoint = loadStories260K ?? loadTinyStories;

/** A model with per-layer embeddings, random ones of about that magnitude. */
export function withLayerEmbeddings(model: Model, magnitude = 0.3): Model {
  const config = { ...model.config, layerEmbeddings: true as const };
  const { vocabulary, dim } = config;
  let state = 1;
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (magnitude * state) / 2 ** 31;
  };
  const layerEmbeddings = Array.from({ length: tablesOf(config) }, () =>
    Float32Array.from({ length: vocabulary * dim }, draw),
  );
  return { ...model, config, weights: { ...model.weights, layerEmbeddings } };
}

/** A llama2.c version 0 file whose weights count up by a thousandth. */
export function version0Bytes(config: ModelConfig): Uint8Array {
  const rope = config.context * (config.dim / config.heads);
  const floats = parameterCount(config) + rope;
  const bytes = new Uint8Array(28 + 4 * floats);
  const vocabulary = config.sharedClassifier ? config.vocabulary : -config.vocabulary;
  const { dim, hiddenDim, layers, heads, kvHeads, context } = config;
  new Int32Array(bytes.buffer, 0, 7).set([dim, hiddenDim, layers, heads, kvHeads, vocabulary, context]);
  new Float32Array(bytes.buffer, 28).set(Float32Array.from({ length: floats }, (_, i) => (i % 200) / 1000));
  return bytes;
}

/** A model so small that it only babbles (weights of `version0Bytes`, pieces of `babblerTokenizerBytes`). */
export const BABBLER: ModelConfig = {
  dim: 16,
  hiddenDim: 16,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  vocabulary: 320,
  context: 64,
  sharedClassifier: true,
  activation: 'silu',
};

/** Its tokenizer.bin: control pieces, the 256 bytes, then letters; all scores are equal. */
export const babblerTokenizerBytes = (): Uint8Array =>
  tokenizerFile(
    BABBLER.vocabulary,
    ['<unk>', '<s>', '</s>'],
    (id) => String.fromCharCode(0x20 + id - 259),
    () => 0,
  );

/** A llama2.c tokenizer.bin: control pieces, the 256 bytes, then words that differ. */
export const tokenizerBytes = (pieces: number): Uint8Array =>
  tokenizerFile(
    pieces,
    ['<unk>', '\n<s>\n', '\n</s>\n'],
    (id) => ` ${id.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)}`,
    (id) => -id,
  );

function tokenizerFile(
  pieces: number,
  control: readonly string[],
  wordOf: (id: number) => string,
  scoreOf: (id: number) => number,
): Uint8Array {
  const names = Array.from({ length: pieces }, (_, id) => {
    if (id < 3) return control[id]!;
    return id < 259 ? `<0x${(id - 3).toString(16).toUpperCase().padStart(2, '0')}>` : wordOf(id);
  });
  const chunks = names.map((name, id) => {
    const bytes = Buffer.from(name, 'latin1');
    const head = new DataView(new ArrayBuffer(8));
    head.setFloat32(0, scoreOf(id), true);
    head.setInt32(4, bytes.length, true);
    return Buffer.concat([new Uint8Array(head.buffer), bytes]);
  });
  const longest = Math.max(...names.map(({ length }) => length));
  return Buffer.concat([Uint8Array.of(longest, 0, 0, 0), ...chunks]);
}

/** A model of 3.3 million parameters, more than the chip's SRAM holds (the shape of doryiii's stories3M); its weights mean nothing. */
export function largeModel(): { model: Model; tokenizer: Tokenizer } {
  const config: ModelConfig = {
    dim: 192,
    hiddenDim: 512,
    layers: 6,
    heads: 6,
    kvHeads: 2,
    vocabulary: 4096,
    context: 512,
    sharedClassifier: true,
    activation: 'silu',
  };
  return {
    model: loadCheckpoint(version0Bytes(config)),
    tokenizer: loadTokenizer(tokenizerBytes(config.vocabulary), config.vocabulary),
  };
}

/** A ReLU model, wide enough for its zeros to be left out, with weights drawn at random. */
export function reluModel(context: number): Model {
  const config = {
    dim: 128,
    hiddenDim: 200,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    vocabulary: 300,
    context,
    sharedClassifier: true,
    activation: 'relu' as const,
  };
  const empty = loadCheckpoint(version0Bytes(config));
  let state = 1;
  const draw = (scale: number) => (values: Float32Array) =>
    void values.forEach((_, i) => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      values[i] = scale * ((state >>> 8) / 2 ** 23 - 1);
    });
  draw(1)(empty.weights.tokenEmbedding);
  empty.weights.finalNorm.fill(1);
  for (const { attentionNorm, ffnNorm, ...matrices } of empty.weights.layers) {
    Object.values(matrices).forEach(draw(0.15));
    attentionNorm.fill(1);
    ffnNorm.fill(1);
  }
  return { ...empty, config };
}
