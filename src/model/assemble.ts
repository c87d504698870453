/** A model from tensors that its file finds by name. */
import {
  biasesOf,
  type LayerBiases,
  type LayerWeights,
  layerShape,
  type ModelConfig,
  type ModelWeights,
  traitsOf,
} from './types.ts';

/** Throws a FailureError whose sentence begins with the file's name. */
export type Refuse = (what: string) => never;

export interface TensorNames {
  tokenEmbedding: string;
  finalNorm: string;
  classifier: string;
  /** Learned positions. */
  positions?: string;
  /** Of the tensors that a layer has; `N` stands for its number. */
  layer: Readonly<Partial<Record<keyof LayerWeights, string>>>;
}

export interface TensorSource {
  has(name: string): boolean;
  /** The elements of a tensor of this shape, row-major. */
  read(name: string, shape: readonly number[]): Float32Array;
}

/** What a layer's tensor of so many columns (1: a bias) becomes on the way, where the file lays it out otherwise. */
export type Change = (kind: keyof LayerWeights, tensor: Float32Array, columns: number) => Float32Array;

/** Where the members of a rotary pair lie half a head apart: rows i and i + headSize / 2 of each head become rows 2i and 2i + 1. */
export const pairsSideBySide =
  (headSize: number): Change =>
  (kind, tensor, columns) => {
    if (kind !== 'wq' && kind !== 'wk') return tensor;
    const out = new Float32Array(tensor.length);
    const half = headSize / 2;
    for (let row = 0; row * columns < tensor.length; row++) {
      const within = row % headSize;
      const from = row - within + (within >> 1) + (within & 1 ? half : 0);
      out.set(tensor.subarray(from * columns, (from + 1) * columns), row * columns);
    }
    return out;
  };

const asItIs: Change = (_, tensor) => tensor;

/** What stands behind a product of X.weight. */
export const biasOf = (name: string): string => name.replace(/weight$/, 'bias');

/** Reads all tensors. Without a classifier of its own, or with one that equals the embedding, the model is tied. */
export function assemble(
  config: ModelConfig,
  names: TensorNames,
  source: TensorSource,
  change: Change = asItIs,
): { config: ModelConfig; weights: ModelWeights } {
  const { dim, vocabulary, context } = config;
  const { layerNorm } = traitsOf(config);
  const nameOf = (kind: keyof LayerWeights, layer: number): string => {
    const name = names.layer[kind];
    if (name === undefined) throw new Error(`assemble: no tensor is called ${kind}`);
    return name.replace('N', String(layer));
  };
  const tokenEmbedding = source.read(names.tokenEmbedding, [vocabulary, dim]);
  const positions = names.positions ? source.read(names.positions, [context, dim]) : undefined;
  const biased = biasesOf(config);
  const biases: LayerBiases[] = [];
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const kinds = Object.keys(names.layer) as (keyof LayerWeights)[];
    const tensors = kinds.map((kind): [keyof LayerWeights, Float32Array] => {
      const shape = layerShape(config, kind);
      return [kind, change(kind, source.read(nameOf(kind, layer), shape), shape[1] ?? 1)];
    });
    const added = biased.map((kind): [keyof LayerWeights, Float32Array] => {
      const [rows] = layerShape(config, kind);
      return [kind, change(kind, source.read(biasOf(nameOf(kind, layer)), [rows]), 1)];
    });
    biases.push(Object.fromEntries(added));
    return { w3: new Float32Array(0), ...Object.fromEntries(tensors) } as LayerWeights;
  });
  const finalNorm = source.read(names.finalNorm, [dim]);
  const finalNormBias = layerNorm ? source.read(biasOf(names.finalNorm), [dim]) : undefined;
  const own = source.has(names.classifier) ? source.read(names.classifier, [vocabulary, dim]) : undefined;
  const sharedClassifier = !own || own.every((value, i) => value === tokenEmbedding[i]);
  return {
    config: { ...config, sharedClassifier },
    weights: {
      tokenEmbedding,
      layers,
      finalNorm,
      classifier: sharedClassifier ? tokenEmbedding : own,
      ...(biased.length > 0 ? { biases } : {}),
      ...(finalNormBias ? { finalNormBias } : {}),
      ...(positions ? { positions } : {}),
    },
  };
}
