import { UsageError } from '../errors.ts';
import { type ModelConfig, tablesOf } from '../model/index.ts';

/** What is trained: the shape of the model. */
export type Shape = ModelConfig;

/** Which optimiser owns a tensor: hidden matrices are Muon's, the rest is AdamW's; tables are per-layer embeddings. */
export type TensorKind = 'embedding' | 'table' | 'norm' | 'matrix';

export interface Tensor {
  /** Name as in src/model, e.g. `layers.2.wq`. */
  name: string;
  kind: TensorKind;
  rows: number;
  columns: number;
  /** First float within the flat parameter vector; every tensor starts at a multiple of 4. */
  offset: number;
}

export interface LayerTensors {
  attentionNorm: Tensor;
  wq: Tensor;
  wk: Tensor;
  wv: Tensor;
  wo: Tensor;
  ffnNorm: Tensor;
  w1: Tensor;
  w2: Tensor;
  w3: Tensor;
}

export interface Parameters {
  /** Floats in all. */
  count: number;
  tensors: Tensor[];
  embedding: Tensor;
  layers: LayerTensors[];
  finalNorm: Tensor;
  /** The embedding itself when it is shared. */
  classifier: Tensor;
  /** Per-layer embeddings: what is added behind so many layers; empty without. */
  tables: Tensor[];
}

/** Refuses what the kernels cannot do, in one sentence. */
export function checkShape(shape: Shape): void {
  const wrong = (text: string): never => {
    throw new UsageError(`train: ${text}.`);
  };
  for (const name of ['dim', 'hiddenDim', 'layers', 'heads', 'kvHeads', 'vocabulary', 'context'] as const) {
    const value = shape[name];
    if (!Number.isInteger(value) || value < 1)
      wrong(`${name} must be a whole number of 1 or more, not ${value}`);
  }
  if (shape.dim % shape.heads) wrong(`dim ${shape.dim} must be a multiple of heads ${shape.heads}`);
  if (shape.heads % shape.kvHeads) {
    wrong(`heads ${shape.heads} must be a multiple of kvHeads ${shape.kvHeads}`);
  }
  if ((shape.dim / shape.heads) % 4) {
    wrong(`a head has ${shape.dim / shape.heads} floats; the kernels need a multiple of 4`);
  }
  if (shape.hiddenDim % 4) wrong(`hiddenDim ${shape.hiddenDim} must be a multiple of 4`);
}

/** The flat parameter vector of a shape: every tensor with its place, in llama2.c's order within a layer. */
export function parametersOf(shape: Shape): Parameters {
  const { dim, hiddenDim, vocabulary } = shape;
  const kvDim = (dim / shape.heads) * shape.kvHeads;
  const tensors: Tensor[] = [];
  let count = 0;
  const add = (name: string, kind: TensorKind, rows: number, columns: number): Tensor => {
    const tensor = { name, kind, rows, columns, offset: count };
    tensors.push(tensor);
    count += rows * columns;
    return tensor;
  };
  const embedding = add('tokenEmbedding', 'embedding', vocabulary, dim);
  const layers = Array.from({ length: shape.layers }, (_, i) => ({
    attentionNorm: add(`layers.${i}.attentionNorm`, 'norm', 1, dim),
    wq: add(`layers.${i}.wq`, 'matrix', dim, dim),
    wk: add(`layers.${i}.wk`, 'matrix', kvDim, dim),
    wv: add(`layers.${i}.wv`, 'matrix', kvDim, dim),
    wo: add(`layers.${i}.wo`, 'matrix', dim, dim),
    ffnNorm: add(`layers.${i}.ffnNorm`, 'norm', 1, dim),
    w1: add(`layers.${i}.w1`, 'matrix', hiddenDim, dim),
    w2: add(`layers.${i}.w2`, 'matrix', dim, hiddenDim),
    w3: add(`layers.${i}.w3`, 'matrix', hiddenDim, dim),
  }));
  const finalNorm = add('finalNorm', 'norm', 1, dim);
  const classifier = shape.sharedClassifier ? embedding : add('classifier', 'embedding', vocabulary, dim);
  const tables = Array.from({ length: tablesOf(shape) }, (_, i) =>
    add(`layerEmbeddings.${i}`, 'table', vocabulary, dim),
  );
  return { count, tensors, embedding, layers, finalNorm, classifier, tables };
}
