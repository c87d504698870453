/** Shapes, parameter counts and sizes of a model, for people and programs. */
import { normalFormOf, type Pattern, type TokenizerPieces } from './tokenizers/pieces.ts';
import {
  biasesOf,
  layerShape,
  type Model,
  type ModelConfig,
  matricesOf,
  matrixShape,
  parameterCount,
  tablesOf,
  traitsOf,
} from './types.ts';

export interface TensorDescription {
  name: string;
  shape: number[];
  elements: number;
}

export interface ModelDescription {
  format: string;
  config: ModelConfig;
  /** Facts that the checkpoint gives about its training. */
  training?: Model['training'];
  /** Bytes of the list of words that it is kept to, where it is. */
  knownWords?: number;
  parameters: number;
  tensors: TensorDescription[];
  /** Bytes of all weights by precision: one float32 scale a row for int8, one a group of 32 for int4, float32 norms. */
  bytes: { float32: number; int8: number; int4: number };
}

const INT4_GROUP = 32;

const PATTERN_NAMES: Readonly<Record<Pattern, string>> = { gpt2: 'GPT-2', llama3: 'llama 3', qwen2: 'Qwen2' };

/** What kind of tokenizer it is, for people. */
export function describeTokenizer({ rules, vocabulary }: TokenizerPieces): string {
  const form = normalFormOf(rules);
  const pieces = `${form ? `text in ${form}, ` : ''}${vocabulary.length} pieces`;
  switch (rules.algorithm) {
    case 'sentencepiece':
      return `SentencePiece BPE, ${pieces}`;
    case 'byte-level':
      return `byte-level BPE (${PATTERN_NAMES[rules.pattern]}), ${pieces}`;
    case 'wordpiece':
      return `WordPiece${rules.lowerCase ? ', lower case' : ''}, ${pieces}`;
    case 'unigram':
      return `Unigram, ${pieces}`;
  }
}

/** Describes a model by its config alone. */
export function describeModel({ config, format, training, words }: Model): ModelDescription {
  const tensors = listTensors(config);
  const matrices = tensors.filter(({ shape }) => shape.length > 1);
  const sum = (of: (tensor: TensorDescription) => number, list = tensors): number =>
    list.reduce((total, tensor) => total + of(tensor), 0);
  const rows = (tensor: TensorDescription): number => tensor.elements / tensor.shape.at(-1)!;
  const norms = 4 * sum((tensor) => (tensor.shape.length === 1 ? tensor.elements : 0));
  return {
    format,
    config,
    ...(training ? { training } : {}),
    ...(words ? { knownWords: words.length } : {}),
    parameters: parameterCount(config),
    tensors,
    bytes: {
      float32: 4 * sum((tensor) => tensor.elements),
      int8: norms + sum((tensor) => tensor.elements + 4 * rows(tensor), matrices),
      int4: norms + sum((tensor) => tensor.elements / 2 + (4 * tensor.elements) / INT4_GROUP, matrices),
    },
  };
}

const NAMES: Record<'attentionNorm' | 'ffnNorm', string> & { [kind: string]: string | undefined } = {
  attentionNorm: 'attention norm',
  ffnNorm: 'ffn norm',
};

function listTensors(config: ModelConfig): TensorDescription[] {
  const { dim, vocabulary, layers, sharedClassifier, context } = config;
  const { layerNorm, rotary } = traitsOf(config);
  const tensor = (name: string, ...shape: number[]): TensorDescription => ({
    name,
    shape,
    elements: shape.reduce((a, b) => a * b),
  });
  // A layer's norms and matrices stand once, with the number of layers in front: (layer, ...).
  const kinds = [
    tensor(NAMES.attentionNorm, layers * dim),
    tensor(NAMES.ffnNorm, layers * dim),
    tensor('final norm', dim),
    ...matricesOf(config).map((name) => tensor(name, layers, ...matrixShape(config, name))),
    ...biasesOf(config).map((kind) =>
      tensor(`bias of ${NAMES[kind] ?? kind}`, layers * layerShape(config, kind)[0]),
    ),
    ...(layerNorm ? [tensor('bias of final norm', dim)] : []),
  ];
  return [
    tensor(sharedClassifier ? 'token embedding = classifier' : 'token embedding', vocabulary, dim),
    ...(rotary ? [] : [tensor('positions', context, dim)]),
    ...(tablesOf(config) > 0 ? [tensor('per-layer embeddings', tablesOf(config), vocabulary, dim)] : []),
    ...kinds,
    ...(sharedClassifier ? [] : [tensor('classifier', vocabulary, dim)]),
  ];
}
