/** The packed model of the float build: float rows padded to whole vectors (src/contract). */
import { FailureError } from '../errors.ts';
import { biasesOf, MATRICES, type Model, matrixShape, NORM_EPSILON } from '../model/index.ts';
import { buffersOf } from './buffers.ts';
import { blob, constantsOf, createRecord, ropeAngles } from './record.ts';
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

/** A model in single precision, for the chip. @throws FailureError for one with biases */
export function packFloat(model: Model): QuantizedModel {
  const { config, weights } = model;
  if (biasesOf(config).length > 0)
    throw new FailureError(
      'the model cannot run on the chip in f32: its products have biases, which the chip adds in int8 and int4 alone.',
    );
  const { dim, hiddenDim, layers, heads, sharedClassifier } = config;
  const record = createRecord('float', layers);
  record.writeHeader({
    embedding: sharedClassifier ? 'classifier' : 'embedding',
    classifier: 'classifier',
    finalNorm: 'finalNorm',
    rope: 'rope',
    epsilon: { float: config.normEpsilon ?? NORM_EPSILON },
  });
  const blobs: Blob[] = [];
  const add = (name: string, data: Float32Array): string => {
    blobs.push(blob(name, data, 'any'));
    return name;
  };
  weights.layers.forEach((layer, index) => {
    const vector = (part: 'attentionNorm' | 'ffnNorm') => add(`layer${index}.${part}`, layer[part]);
    const [wq, wk, wv, wo, w1, w2, w3] = MATRICES.map((part) =>
      add(`layer${index}.${part}`, padColumns(layer[part], matrixShape(config, part)[1])),
    );
    const attentionNorm = vector('attentionNorm');
    const ffnNorm = vector('ffnNorm');
    record.writeLayer(index, { attentionNorm, wq, wk, wv, wo, ffnNorm, w1, w2, w3 });
  });
  add('classifier', padColumns(weights.classifier, dim));
  if (!sharedClassifier) add('embedding', padColumns(weights.tokenEmbedding, dim));
  add('finalNorm', weights.finalNorm);
  add('rope', Float32Array.from(ropeAngles(config)));
  return {
    config,
    precision: 'f32',
    label: 'f32',
    constants: constantsOf(config),
    blobs: [record.blob, ...blobs],
    laneBytes: 0,
    buffers: (positions) => buffersOf('float', config, positions),
    shape: { precision: 'f32', dim: pad4(dim), hidden: pad4(hiddenDim), headSize: dim / heads },
  };
}
