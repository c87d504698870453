/** The packed model of the float build: float rows padded to whole vectors (device/transformer/layout-f32.ts). */
import { MATRICES, type Model, matrixShape } from '../model/index.ts';
import { blob, constantsOf, createRecord, ropeAngles } from './record.ts';
import type { Blob, QuantizedModel, WorkingBuffer } from './types.ts';

const HEADER_BYTES = 16;
const LAYER_BYTES = 36;
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

/** Bytes of one core's scratch. */
export function floatScratchBytes({ dim, hiddenDim, heads }: Model['config'], context: number): number {
  const floats = pad4(dim) + pad4(Math.max(dim, hiddenDim)) + pad4(dim / heads) + pad4(context);
  return 16 * Math.ceil((4 * floats) / 16);
}

function floatBuffers(config: Model['config'], context: number): WorkingBuffer[] {
  const { dim, hiddenDim, layers, heads, kvHeads, vocabulary } = config;
  const buffer = (name: string, floats: number, purpose: WorkingBuffer['purpose']): WorkingBuffer => ({
    name,
    bytes: 4 * pad4(floats),
    align: 16,
    memory: purpose === 'kv cache' ? 'any' : 'sram',
    purpose,
  });
  const cache = layers * kvHeads * pad4(context) * pad4(dim / heads);
  return [
    buffer('residual', dim, 'activations'),
    buffer('hidden', hiddenDim, 'activations'),
    buffer('attention', dim, 'activations'),
    buffer('queries', dim, 'activations'),
    buffer('scratch', (2 * floatScratchBytes(config, context)) / 4, 'activations'),
    buffer('logits', vocabulary, 'activations'),
    buffer('keys', cache, 'kv cache'),
    buffer('values', cache, 'kv cache'),
  ];
}

/** A model in single precision, for the chip. */
export function packFloat(model: Model): QuantizedModel {
  const { config, weights } = model;
  const { dim, hiddenDim, layers, heads, sharedClassifier, context } = config;
  const record = createRecord(HEADER_BYTES + layers * LAYER_BYTES);
  record.write(0, [sharedClassifier ? 'classifier' : 'embedding', 'classifier', 'finalNorm', 'rope']);
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
    const words = [vector('attentionNorm'), wq, wk, wv, wo, vector('ffnNorm'), w1, w2, w3];
    record.write(HEADER_BYTES + index * LAYER_BYTES, words);
  });
  add('classifier', padColumns(weights.classifier, dim));
  if (!sharedClassifier) add('embedding', padColumns(weights.tokenEmbedding, dim));
  add('finalNorm', weights.finalNorm);
  add('rope', Float32Array.from(ropeAngles(context, dim / heads)));
  return {
    config,
    precision: 'f32',
    constants: constantsOf(config),
    blobs: [record.blob, ...blobs],
    buffers: (positions) => floatBuffers(config, positions),
    shape: { precision: 'f32', dim: pad4(dim), hidden: pad4(hiddenDim), headSize: dim / heads },
  };
}
