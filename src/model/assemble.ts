/** A llama model from tensors that its file finds by name. */
import {
  type LayerWeights,
  MATRICES,
  type MatrixName,
  type ModelConfig,
  type ModelWeights,
  matrixShape,
} from './types.ts';

/** Throws a FailureError whose sentence begins with the file's name. */
export type Refuse = (what: string) => never;

export interface TensorNames {
  tokenEmbedding: string;
  finalNorm: string;
  classifier: string;
  /** Of a layer's tensors; `N` stands for its number. */
  layer: Readonly<Record<keyof LayerWeights, string>>;
}

export interface TensorSource {
  has(name: string): boolean;
  /** The elements of a tensor of this shape, row-major. */
  read(name: string, shape: readonly number[]): Float32Array;
}

const isMatrix = (kind: keyof LayerWeights): kind is MatrixName =>
  (MATRICES as readonly string[]).includes(kind);

export const layerShape = (config: ModelConfig, kind: keyof LayerWeights): readonly number[] =>
  isMatrix(kind) ? matrixShape(config, kind) : [config.dim];

/**
 * Reads all tensors. Without a classifier of its own, or with one that equals the embedding, the model is tied.
 * @param change what a matrix becomes on the way, where the file lays it out otherwise
 */
export function assemble(
  config: ModelConfig,
  names: TensorNames,
  source: TensorSource,
  change: (kind: MatrixName, matrix: Float32Array) => Float32Array = (_, matrix) => matrix,
): { config: ModelConfig; weights: ModelWeights } {
  const { dim, vocabulary } = config;
  const tokenEmbedding = source.read(names.tokenEmbedding, [vocabulary, dim]);
  const layers = Array.from({ length: config.layers }, (_, index) => {
    const kinds = Object.keys(names.layer) as (keyof LayerWeights)[];
    const tensors = kinds.map((kind) => {
      const name = names.layer[kind].replace('N', String(index));
      const values = source.read(name, layerShape(config, kind));
      return [kind, isMatrix(kind) ? change(kind, values) : values];
    });
    return Object.fromEntries(tensors) as LayerWeights;
  });
  const finalNorm = source.read(names.finalNorm, [dim]);
  const own = source.has(names.classifier) ? source.read(names.classifier, [vocabulary, dim]) : undefined;
  const sharedClassifier = !own || own.every((value, i) => value === tokenEmbedding[i]);
  return {
    config: { ...config, sharedClassifier },
    weights: { tokenEmbedding, layers, finalNorm, classifier: sharedClassifier ? tokenEmbedding : own },
  };
}
