/**
 * llama2.c checkpoints of version 0: seven int32 (a negative vocabulary means an own classifier), then float32
 * tensors, each kind for all layers together. Source of the layout: karpathy/llama2.c export.py `legacy_export`.
 */
import { FailureError } from '../errors.ts';
import { byteReader } from './bytes.ts';
import { checkConfig } from './config.ts';
import {
  kvDim,
  type LayerWeights,
  type Model,
  type ModelConfig,
  matrixShape,
  parameterCount,
} from './types.ts';

/** Order of the tensors in the file. */
const ORDER = ['attentionNorm', 'wq', 'wk', 'wv', 'wo', 'ffnNorm', 'w1', 'w2', 'w3'] as const;

const HEADER_BYTES = 28;

/** Elements of one layer's tensor. */
function layerElements(config: ModelConfig, name: (typeof ORDER)[number]): number {
  if (name === 'attentionNorm' || name === 'ffnNorm') return config.dim;
  const [rows, columns] = matrixShape(config, name);
  return rows * columns;
}

/** Reads a version 0 checkpoint. @throws FailureError on any damage. */
export function readVersion0(bytes: Uint8Array, name: string): Model {
  const reader = byteReader(bytes, name);
  const [dim, hiddenDim, layers, heads, kvHeads, vocabulary, context] = Array.from({ length: 7 }, () =>
    reader.i32(),
  );
  const config = checkConfig(
    {
      dim,
      hiddenDim,
      layers,
      heads,
      kvHeads,
      vocabulary: Math.abs(vocabulary),
      context,
      sharedClassifier: vocabulary > 0,
      activation: 'silu',
    },
    name,
  );
  const ropeElements = config.context * (dim / heads);
  const expected = HEADER_BYTES + 4 * (parameterCount(config) + ropeElements);
  if (bytes.length !== expected) throw sizeError(bytes.length, expected, config, name);

  const tokenEmbedding = reader.floats(config.vocabulary * dim, 'the token embedding');
  const layerWeights = Array.from({ length: layers }, () => ({}) as LayerWeights);
  const read = (kind: (typeof ORDER)[number]): void => {
    layerWeights.forEach((layer, index) => {
      layer[kind] = reader.floats(layerElements(config, kind), `${kind} of layer ${index}`);
    });
  };
  ORDER.forEach(read);
  const finalNorm = reader.floats(dim, 'the final norm');
  reader.seek(reader.offset + 4 * ropeElements); // tables of cosines and sines that run.c computes itself
  const classifier = config.sharedClassifier
    ? tokenEmbedding
    : reader.floats(config.vocabulary * dim, 'the classifier');
  return {
    config,
    weights: { tokenEmbedding, layers: layerWeights, finalNorm, classifier },
    format: 'llama2.c version 0 (float32)',
  };
}

function sizeError(actual: number, expected: number, config: ModelConfig, name: string): FailureError {
  const shape = `dim ${config.dim}, hidden ${config.hiddenDim}, ${config.layers} layers, kv ${kvDim(config)}, vocabulary ${config.vocabulary}, context ${config.context}`;
  const fault =
    actual < expected
      ? `is cut short by ${expected - actual} bytes`
      : `has ${actual - expected} bytes too many`;
  return new FailureError(
    `${name}: ${fault}: its header (${shape}) calls for ${expected} bytes and it has ${actual}; fetch or export it again`,
  );
}
