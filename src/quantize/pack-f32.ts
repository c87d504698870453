/** The packed model of the float build: float rows padded to whole vectors (src/contract). */
import {
  biasesOf,
  type LayerWeights,
  MATRICES,
  type Model,
  matrixShape,
  NORM_EPSILON,
  traitsOf,
} from '../model/index.ts';
import { buffersOf } from './buffers.ts';
import { LAYER_EMBEDDINGS } from './layer-embeddings.ts';
import { blob, constantsOf, createRecord, localWords, type Record, ropeAngles } from './record.ts';
import type { Blob, QuantizedModel } from './types.ts';

const pad4 = (n: number): number => (n + 3) & ~3;

/** Rows padded with zeros to a multiple of four columns. */
function padColumns(matrix: Float32Array, columns: number): Float32Array {
  const padded = pad4(columns);
  if (padded === columns) return matrix;
  const rows = matrix.length / columns;
  const out = new Float32Array(rows * padded);
  for (let i = 0; i < rows; i++) out.set(matrix.subarray(i * columns, (i + 1) * columns), i * padded);
  return out;
}

/** Blobs by name, each added once. */
interface Blobs {
  list: Blob[];
  add(name: string, data: Float32Array): string;
}

function createBlobs(): Blobs {
  const list: Blob[] = [];
  const add = (name: string, data: Float32Array): string => {
    list.push(blob(name, data, 'any'));
    return name;
  };
  return { list, add };
}

/** What words lead to that the device never follows. */
const UNREAD = 'finalNorm';
/** What stands for every bias that a model has not. */
const NOTHING = 'zeros';

/** The second part of the record: biases, learned positions, and what else architectures have otherwise. */
function writeAdded({ config, weights }: Model, record: Record<'float'>, { add }: Blobs): void {
  const { dim, hiddenDim, heads, layers } = config;
  const { scaledScores } = traitsOf(config);
  add(NOTHING, new Float32Array(Math.max(dim, hiddenDim)));
  const given = (name: string, values: Float32Array | undefined): string =>
    values ? add(name, values) : NOTHING;
  record.writeMore({
    positions: weights.positions ? add('positions', padColumns(weights.positions, dim)) : NOTHING,
    finalNormBias: given('finalNormBias', weights.finalNormBias),
    scoreScale: { float: scaledScores ? 1 / Math.sqrt(dim / heads) : 1 },
  });
  for (let layer = 0; layer < layers; layer++) {
    const of = (kind: keyof LayerWeights): string =>
      given(`layer${layer}.${kind}Bias`, weights.biases?.[layer]?.[kind]);
    record.writeAdded(layer, {
      attentionNormBias: of('attentionNorm'),
      wqBias: of('wq'),
      wkBias: of('wk'),
      wvBias: of('wv'),
      woBias: of('wo'),
      ffnNormBias: of('ffnNorm'),
      w1Bias: of('w1'),
      w2Bias: of('w2'),
      w3Bias: of('w3'),
      ...localWords(config, layer),
    });
  }
}

/** Rows of tables (layers + 1), each (vocabulary, dim), by token: (vocabulary, layers + 1, dim). */
function byToken(tables: readonly Float32Array[], dim: number): Float32Array {
  const padded = pad4(dim);
  const out = new Float32Array((tables.length * tables[0].length * padded) / dim);
  tables.forEach((table, behind) => {
    for (let from = 0, token = 0; from < table.length; from += dim, token++)
      out.set(table.subarray(from, from + dim), (token * tables.length + behind) * padded);
  });
  return out;
}

/** A model in single precision, for the chip. */
export function packFloat(model: Model): QuantizedModel {
  const { config, weights } = model;
  const biased = biasesOf(config).length > 0;
  const { rotary } = traitsOf(config);
  const { dim, hiddenDim, layers, heads, sharedClassifier } = config;
  const record = createRecord('float', layers, biased ? 'biases' : undefined);
  record.writeHeader({
    embedding: sharedClassifier ? 'classifier' : 'embedding',
    classifier: 'classifier',
    finalNorm: 'finalNorm',
    rope: rotary ? 'rope' : UNREAD,
    epsilon: { float: config.normEpsilon ?? NORM_EPSILON },
    layerEmbeddings: config.layerEmbeddings ? LAYER_EMBEDDINGS : null,
  });
  const blobs = createBlobs();
  const { add } = blobs;
  weights.layers.forEach((layer, index) => {
    const vector = (part: 'attentionNorm' | 'ffnNorm') => add(`layer${index}.${part}`, layer[part]);
    const [wq, wk, wv, wo, w1, w2, w3] = MATRICES.map((part) =>
      layer[part].length > 0
        ? add(`layer${index}.${part}`, padColumns(layer[part], matrixShape(config, part)[1]))
        : UNREAD,
    );
    const attentionNorm = vector('attentionNorm');
    const ffnNorm = vector('ffnNorm');
    record.writeLayer(index, { attentionNorm, wq, wk, wv, wo, ffnNorm, w1, w2, w3 });
  });
  add('classifier', padColumns(weights.classifier, dim));
  if (!sharedClassifier) add('embedding', padColumns(weights.tokenEmbedding, dim));
  add('finalNorm', weights.finalNorm);
  if (rotary) add('rope', Float32Array.from(ropeAngles(config)));
  if (biased) writeAdded(model, record, blobs);
  if (weights.layerEmbeddings)
    blobs.list.push(blob(LAYER_EMBEDDINGS, byToken(weights.layerEmbeddings, dim), 'flash'));
  return {
    config,
    precision: 'f32',
    label: 'f32',
    constants: constantsOf(config),
    blobs: [record.blob, ...blobs.list],
    laneBytes: 0,
    buffers: (positions) => buffersOf('float', config, positions),
    shape: {
      ...{ precision: 'f32', dim: pad4(dim), hidden: pad4(hiddenDim), headSize: dim / heads },
      ...(biased ? { biased } : {}),
    },
  };
}
