/** What a language model is here: a llama2-style decoder (RMSNorm, RoPE, grouped-query attention, gated feed-forward). */
import type { Tokenizer } from './tokenizer.ts';

/** What stands between the gate and the product of the feed-forward: act(W1 x) * (W3 x). */
export const ACTIVATIONS = ['silu', 'relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** Blueprint of a model. All sizes are counts of elements. */
export interface ModelConfig {
  dim: number;
  hiddenDim: number;
  layers: number;
  heads: number;
  kvHeads: number;
  vocabulary: number;
  /** Longest sequence in tokens. */
  context: number;
  /** True where the classifier is the token embedding itself (tied). */
  sharedClassifier: boolean;
  activation: Activation;
  /** What RMSNorm adds to the mean square; absent: {@link NORM_EPSILON}. */
  normEpsilon?: number;
  /** Base of RoPE's frequencies; absent: {@link ROPE_THETA}. */
  ropeTheta?: number;
}

/** llama2.c's, which its files don't say. */
export const NORM_EPSILON = 1e-5;
export const ROPE_THETA = 10000;

/** One layer's weights, matrices row-major as (out, in). */
export interface LayerWeights {
  attentionNorm: Float32Array; // (dim)
  wq: Float32Array; // (dim, dim)
  wk: Float32Array; // (kvDim, dim)
  wv: Float32Array; // (kvDim, dim)
  wo: Float32Array; // (dim, dim)
  ffnNorm: Float32Array; // (dim)
  w1: Float32Array; // (hidden, dim)
  w2: Float32Array; // (dim, hidden)
  w3: Float32Array; // (hidden, dim)
}

/** Everything learned; read-only. */
export interface ModelWeights {
  tokenEmbedding: Float32Array; // (vocabulary, dim)
  layers: LayerWeights[];
  finalNorm: Float32Array; // (dim)
  classifier: Float32Array; // (vocabulary, dim); the token embedding itself when shared
}

/** An int8 tensor in Q8_0 form: `value[i] = values[i] * scales[floor(i / groupSize)]`. */
export interface GroupTensor {
  values: Int8Array;
  scales: Float32Array;
}

/** The int8 groups of a llama2.c version 2 checkpoint, by the names of {@link LayerWeights}. */
export interface GroupWeights {
  groupSize: number;
  tokenEmbedding: GroupTensor;
  layers: Record<MatrixName, GroupTensor>[];
  classifier: GroupTensor;
}

/** The matrices of a layer, in the order in which llama2.c stores them. */
export const MATRICES = ['wq', 'wk', 'wv', 'wo', 'w1', 'w2', 'w3'] as const;
export type MatrixName = (typeof MATRICES)[number];

/** A checkpoint in memory. */
export interface Model {
  config: ModelConfig;
  weights: ModelWeights;
  /** Present when the checkpoint was already quantised (Q8_0, groups within rows); `weights` then holds the values it stands for. */
  groups?: GroupWeights;
  /** Where the checkpoint brings its own. */
  tokenizer?: Tokenizer;
  /** All that it may say, packed for the chip, where it was taught nothing else (src/contract/grammar.ts). */
  grammar?: Uint8Array;
  /** How it came to be, where the checkpoint says so. */
  training?: Readonly<Record<string, unknown>>;
  /** Name of the file format, for people. */
  format: string;
}

/** Elements of one key or value vector: `dim * kvHeads / heads`. */
export function kvDim(config: ModelConfig): number {
  return (config.dim / config.heads) * config.kvHeads;
}

/** Rows and columns of each matrix of a layer. */
export function matrixShape(config: ModelConfig, name: MatrixName): readonly [rows: number, columns: number] {
  const { dim, hiddenDim } = config;
  switch (name) {
    case 'wq':
    case 'wo':
      return [dim, dim];
    case 'wk':
    case 'wv':
      return [kvDim(config), dim];
    case 'w1':
    case 'w3':
      return [hiddenDim, dim];
    case 'w2':
      return [dim, hiddenDim];
  }
}

/** Number of learned parameters. */
export function parameterCount(config: ModelConfig): number {
  const { dim, layers, vocabulary, sharedClassifier } = config;
  const matrices = MATRICES.reduce((sum, name) => sum + matrixShape(config, name).reduce((a, b) => a * b), 0);
  return layers * (matrices + 2 * dim) + dim + vocabulary * dim * (sharedClassifier ? 1 : 2);
}
