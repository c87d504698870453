/**
 * What a language model is here: a llama2-style decoder (RMSNorm, RoPE, grouped-query attention, gated feed-forward), or what an
 * architecture has instead ({@link ARCHITECTURES}).
 */
import type { ChatTemplate } from './chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What stands between the gate and the product of a gated feed-forward: act(W1 x) * (W3 x). */
export const ACTIVATIONS = ['silu', 'relu'] as const;
/** And between the two matrices of one that has no gate: W2 act(W1 x). */
export const PLAIN_ACTIVATIONS = ['gelu'] as const;
export type Activation = (typeof ACTIVATIONS)[number] | (typeof PLAIN_ACTIVATIONS)[number];

/** In what architectures differ. */
export interface Traits {
  /** LayerNorm with weight and bias (Ba et al. 2016), or else RMSNorm. */
  layerNorm: boolean;
  /** Positions turn queries and keys (RoPE), or else each has a learned vector that is added to the embedding. */
  rotary: boolean;
  /** Scores are divided by the root of the head's size. */
  scaledScores: boolean;
  /** The feed-forward has a gate, W1, and W3 beside it; or else W1 alone. */
  gated: boolean;
  activations: readonly Activation[];
}

/** By the name that a config says. GPT-Neo: EleutherAI's, which TinyStories-1M to 33M are; every second layer sees a window alone. */
export const ARCHITECTURES = {
  llama: { layerNorm: false, rotary: true, scaledScores: true, gated: true, activations: ACTIVATIONS },
  'gpt-neo': {
    layerNorm: true,
    rotary: false,
    scaledScores: false,
    gated: false,
    activations: PLAIN_ACTIVATIONS,
  },
} as const satisfies Record<string, Traits>;
export type Architecture = keyof typeof ARCHITECTURES;

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
  /** Absent: llama. */
  architecture?: Exclude<Architecture, 'llama'>;
  /** What the norms add to the mean square; absent: {@link NORM_EPSILON}. */
  normEpsilon?: number;
  /** Base of RoPE's frequencies; absent: {@link ROPE_THETA}. */
  ropeTheta?: number;
  /** Matrices whose products have a bias, in the order of {@link MATRICES}; absent: none. */
  biases?: readonly MatrixName[];
  /** Layers whose attention sees the last {@link window} positions alone, this one included; absent: none. */
  localLayers?: readonly number[];
  window?: number;
  /**
   * Per-layer embeddings: rows of the token are added to the residual stream behind its embedding and behind every layer, each from a table
   * of its own; absent: none.
   */
  layerEmbeddings?: true;
  /** Columns of a row, at most, that share a scale where matrices are packed as int4; absent: {@link INT4_GROUP}. */
  int4Group?: Int4Group;
  /** Matrices that stay int8 where the layers are packed as int4, in the order of {@link MATRICES}; absent: none. */
  int8Matrices?: readonly MatrixName[];
}

export const traitsOf = ({ architecture }: Pick<ModelConfig, 'architecture'>): Traits =>
  ARCHITECTURES[architecture ?? 'llama'];

/** Small groups lose less, large ones are multiplied faster: a model that was trained for them loses little. */
export const INT4_GROUPS = [32, 64, 128] as const;
export type Int4Group = (typeof INT4_GROUPS)[number];
export const INT4_GROUP = 64;

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
  w3: Float32Array; // (hidden, dim); empty without a gate
}

/** What is added to the products of a layer's matrices (rows of the matrix), and by LayerNorm (dim). */
export type LayerBiases = Partial<Record<keyof LayerWeights, Float32Array>>;

/** Everything learned; read-only. */
export interface ModelWeights {
  tokenEmbedding: Float32Array; // (vocabulary, dim)
  layers: LayerWeights[];
  finalNorm: Float32Array; // (dim)
  classifier: Float32Array; // (vocabulary, dim); the token embedding itself when shared
  /** Where the config says so: what is added to the residual stream behind so many layers. */
  layerEmbeddings?: readonly Float32Array[]; // (layers + 1), each (vocabulary, dim)
  /** By layer, where {@link biasesOf} names any. */
  biases?: readonly LayerBiases[];
  /** Of LayerNorm. */
  finalNormBias?: Float32Array; // (dim)
  /** Learned positions, where they are not rotary. */
  positions?: Float32Array; // (context, dim)
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

/** Those of one input, whose rows are packed one behind the other, by what they are then called. */
export const LAYER_PARTS = {
  qkv: ['wq', 'wk', 'wv'],
  out: ['wo'],
  gateUp: ['w1', 'w3'],
  down: ['w2'],
} as const satisfies Record<string, readonly MatrixName[]>;

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
  /** The words that it may make stories of, packed for the chip (src/grammar/words.ts); default: any. */
  words?: Uint8Array;
  /** How conversations are written for it, where it was taught any. */
  template?: ChatTemplate;
  /** Why the template that its file brings is not this one, in a sentence. */
  templateRefused?: string;
  /** How it came to be, where the checkpoint says so. */
  training?: Readonly<Record<string, unknown>>;
  /** Name of the file format, for people. */
  format: string;
}

/** Elements of one key or value vector: `dim * kvHeads / heads`. */
export function kvDim(config: ModelConfig): number {
  return (config.dim / config.heads) * config.kvHeads;
}

/** Tensors of a layer that have a bias. */
export const biasesOf = (config: ModelConfig): (keyof LayerWeights)[] => [
  ...(traitsOf(config).layerNorm ? (['attentionNorm', 'ffnNorm'] as const) : []),
  ...(config.biases ?? []),
];

/** Matrices that a layer has. */
export const matricesOf = (config: ModelConfig): MatrixName[] =>
  MATRICES.filter((name) => name !== 'w3' || traitsOf(config).gated);

/** Shape of a tensor of a layer. */
export const layerShape = (config: ModelConfig, kind: keyof LayerWeights): readonly number[] =>
  kind === 'attentionNorm' || kind === 'ffnNorm' ? [config.dim] : matrixShape(config, kind);

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
      return [hiddenDim, dim];
    case 'w3':
      return [traitsOf(config).gated ? hiddenDim : 0, dim];
    case 'w2':
      return [dim, hiddenDim];
  }
}

/** Tables of per-layer embeddings. */
export const tablesOf = ({
  layerEmbeddings,
  layers,
}: Pick<ModelConfig, 'layerEmbeddings' | 'layers'>): number => (layerEmbeddings ? layers + 1 : 0);

/** Number of learned parameters. */
export function parameterCount(config: ModelConfig): number {
  const { dim, layers, vocabulary, sharedClassifier, context } = config;
  const { layerNorm, rotary } = traitsOf(config);
  const matrices = MATRICES.reduce((sum, name) => sum + matrixShape(config, name).reduce((a, b) => a * b), 0);
  const biases = biasesOf(config).reduce((sum, kind) => sum + layerShape(config, kind)[0], 0);
  return (
    layers * (matrices + biases + 2 * dim) +
    (layerNorm ? 2 : 1) * dim +
    (rotary ? 0 : context * dim) +
    vocabulary * dim * ((sharedClassifier ? 1 : 2) + tablesOf(config))
  );
}
