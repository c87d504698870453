import { FailureError } from '../errors.ts';
import type { Model } from '../model/index.ts';
import { type LayerTensors, parametersOf, type Shape, type Tensor } from './shape.ts';

/** Orders in which llama2.c stores a layer's tensors, each kind for all layers together. */
const VERSION_0 = ['attentionNorm', 'wq', 'wk', 'wv', 'wo', 'ffnNorm', 'w1', 'w2', 'w3'] as const;
const MATRICES = ['wq', 'wk', 'wv', 'wo', 'w1', 'w2', 'w3'] as const;

const MAGIC = 0x616b3432;
const VERSION_1_HEADER_BYTES = 256;

/** The model that a flat parameter vector stands for. */
export function modelOf(shape: Shape, weights: Float32Array): Model {
  const { sharedClassifier } = shape;
  const parameters = parametersOf(shape);
  const of = ({ offset, rows, columns }: Tensor) => weights.slice(offset, offset + rows * columns);
  const tokenEmbedding = of(parameters.embedding);
  return {
    config: shape,
    format: 'trained here',
    weights: {
      tokenEmbedding,
      layers: parameters.layers.map((layer) => ({
        attentionNorm: of(layer.attentionNorm),
        wq: of(layer.wq),
        wk: of(layer.wk),
        wv: of(layer.wv),
        wo: of(layer.wo),
        ffnNorm: of(layer.ffnNorm),
        w1: of(layer.w1),
        w2: of(layer.w2),
        w3: of(layer.w3),
      })),
      ...(parameters.tables.length > 0 && { layerEmbeddings: parameters.tables.map(of) }),
      finalNorm: of(parameters.finalNorm),
      classifier: sharedClassifier ? tokenEmbedding : of(parameters.classifier),
    },
  };
}

/** @throws FailureError for what no llama2.c file has a word for */
function checkSayable({ layerEmbeddings }: Shape): void {
  if (layerEmbeddings)
    throw new FailureError(
      "llama2.c's files have no word for per-layer embeddings; write the model as a .safetensors checkpoint.",
    );
}

/** A llama2.c version 0 checkpoint (export.py `legacy_export`): what run.c reads. @throws FailureError for per-layer embeddings */
export function writeVersion0(shape: Shape, weights: Float32Array): Uint8Array {
  checkSayable(shape);
  const { embedding, layers, finalNorm, classifier } = parametersOf(shape);
  const order = [embedding, ...VERSION_0.flatMap((kind) => layers.map((layer) => layer[kind])), finalNorm];
  const headSize = shape.dim / shape.heads;
  const rotations = new Float32Array(shape.context * headSize);
  for (let position = 0; position < shape.context; position++) {
    for (let i = 0; i < headSize / 2; i++) {
      const angle = position / 10000 ** ((2 * i) / headSize);
      rotations[(position * headSize) / 2 + i] = Math.cos(angle);
      rotations[(shape.context * headSize) / 2 + (position * headSize) / 2 + i] = Math.sin(angle);
    }
  }
  const own = shape.sharedClassifier ? [] : [view(weights, classifier)];
  const body = [...order.map((tensor) => view(weights, tensor)), rotations, ...own];
  const vocabulary = shape.sharedClassifier ? shape.vocabulary : -shape.vocabulary;
  return assemble(28, header(shape, vocabulary), 0, body);
}

/** A llama2.c version 1 checkpoint (export.py `version1_export`). @throws FailureError for per-layer embeddings */
export function writeVersion1(shape: Shape, weights: Float32Array): Uint8Array {
  checkSayable(shape);
  const { embedding, layers, finalNorm, classifier } = parametersOf(shape);
  const all = (kind: keyof LayerTensors) => layers.map((layer) => layer[kind]);
  const order = [...all('attentionNorm'), ...all('ffnNorm'), finalNorm, embedding, ...MATRICES.flatMap(all)];
  if (!shape.sharedClassifier) order.push(classifier);
  const body = order.map((tensor) => view(weights, tensor));
  const bytes = assemble(VERSION_1_HEADER_BYTES, header(shape, shape.vocabulary), 8, body);
  new DataView(bytes.buffer).setUint32(0, MAGIC, true);
  new DataView(bytes.buffer).setInt32(4, 1, true);
  bytes[36] = shape.sharedClassifier ? 1 : 0;
  return bytes;
}

function header(shape: Shape, vocabulary: number): number[] {
  const { dim, hiddenDim, layers, heads, kvHeads, context } = shape;
  return [dim, hiddenDim, layers, heads, kvHeads, vocabulary, context];
}

function view(weights: Float32Array, { offset, rows, columns }: Tensor): Float32Array {
  return weights.subarray(offset, offset + rows * columns);
}

/** Header words from `at` on, little-endian, then the floats from `start` on. */
function assemble(
  start: number,
  words: readonly number[],
  at: number,
  body: readonly Float32Array[],
): Uint8Array {
  const floats = body.reduce((sum, part) => sum + part.length, 0);
  const out = new DataView(new ArrayBuffer(start + 4 * floats));
  words.forEach((word, i) => {
    out.setInt32(at + 4 * i, word, true);
  });
  let offset = start;
  for (const part of body) {
    for (const value of part) {
      out.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return new Uint8Array(out.buffer);
}
