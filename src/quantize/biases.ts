/**
 * Biases on the device. All of them come to those of the products: what LayerNorm adds goes through the matrix that reads it; a value's
 * goes through the output matrix, since the weights of attention sum up to 1; a key's, where positions don't turn it, adds the same to all
 * scores of a query and is left out. LayerNorm's mean is taken away where it comes from (Ashkboos et al. 2024, SliceGPT): embeddings,
 * positions and what layers add have none, so that LayerNorm is RMSNorm.
 */
import { value } from '../contract/index.ts';
import {
  biasesOf,
  type LayerWeights,
  type MatrixName,
  type Model,
  type ModelConfig,
  matrixShape,
  traitsOf,
} from '../model/index.ts';
import type { Layout } from './layout.ts';
import { type Row, rowsOf } from './matrix.ts';
import { blob, localWords, type Words } from './record.ts';
import { gateUpRows, qkvRows } from './rows.ts';
import type { Blob } from './types.ts';

const { RESIDUAL_BITS, GATE_BITS, PLAIN_BITS, LOGIT_TILE, READ_AHEAD } = value;
const LARGEST_ROW = 32767;
/** A row saturates at so many times its norm, as sums of products do (SUMS of pack.ts); none is larger than the root of dim. */
const ROW_NORMS = 8;

type MatrixBiases = Readonly<Record<MatrixName, Float32Array>>;

/** What a model adds where. */
export interface Added {
  layers: readonly MatrixBiases[];
  logits: Float32Array; // (vocabulary)
  positions: Float32Array; // (context, dim), or empty
  embeddingMeans: Float32Array; // (vocabulary), or empty
}

/** W x, W: (rows, columns). */
const times = (matrix: Float32Array, x: Float32Array): Float32Array =>
  Float32Array.from(rowsOf(matrix, x.length), (row) => row.reduce((sum, w, j) => sum + w * x[j], 0));

const plus = (one: Float32Array, other: Float32Array): Float32Array => one.map((x, i) => x + other[i]);

const meanOf = (row: Float32Array): number => row.reduce((sum, x) => sum + x, 0) / row.length;
const centred = (row: Float32Array): Float32Array => {
  const mean = meanOf(row);
  return row.map((x) => x - mean);
};

/** Without what a product with it would add to the mean of its rows. */
function centredColumns(matrix: Float32Array, rows: number): Float32Array {
  const columns = matrix.length / rows;
  const means = new Float64Array(columns);
  matrix.forEach((w, i) => {
    means[i % columns] += w / rows;
  });
  return matrix.map((w, i) => w - means[i % columns]);
}

/** Of key and value heads, for the query heads that read them. */
function forHeads(values: Float32Array, { dim, heads, kvHeads }: ModelConfig): Float32Array {
  const size = dim / heads;
  return Float32Array.from(
    { length: dim },
    (_, i) => values[Math.floor((Math.floor(i / size) * kvHeads) / heads) * size + (i % size)],
  );
}

/** The model as the device computes it, and what it then adds; a model without biases is what it was. */
export function foldBiases(model: Model): { model: Model; added?: Added } {
  const { config, weights } = model;
  if (biasesOf(config).length === 0) return { model };
  const { layerNorm } = traitsOf(config);
  const { dim } = config;
  const layers = weights.layers.map(
    (layer): LayerWeights =>
      layerNorm ? { ...layer, wo: centredColumns(layer.wo, dim), w2: centredColumns(layer.w2, dim) } : layer,
  );
  const rows = (matrix: Float32Array): Float32Array[] => rowsOf(matrix, dim);
  const joined = (parts: readonly Float32Array[]): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...part]));
  const tables = weights.layerEmbeddings?.map((table) =>
    layerNorm ? joined(rows(table).map(centred)) : table,
  );
  return {
    model: { ...model, weights: { ...weights, layers, ...(tables && { layerEmbeddings: tables }) } },
    added: {
      layers: layers.map((layer, index) => biasesOfLayer(model, layer, index)),
      logits: times(weights.classifier, weights.finalNormBias ?? new Float32Array(dim)),
      positions: joined(weights.positions ? rows(weights.positions).map(centred) : []),
      embeddingMeans: layerNorm
        ? Float32Array.from(rows(weights.tokenEmbedding), meanOf)
        : new Float32Array(0),
    },
  };
}

function biasesOfLayer({ config, weights }: Model, layer: LayerWeights, index: number): MatrixBiases {
  const { layerNorm, rotary } = traitsOf(config);
  const given = weights.biases?.[index] ?? {};
  const nothing = new Float32Array(config.dim);
  const [attention, feedForward] = [given.attentionNorm ?? nothing, given.ffnNorm ?? nothing];
  /** What a product has when its vector is what a norm has added. */
  const behind = (name: MatrixName, norm: Float32Array): Float32Array => {
    const own = given[name] ?? new Float32Array(matrixShape(config, name)[0]);
    return plus(times(layer[name], norm), own);
  };
  const wv = behind('wv', attention);
  const wo = plus(times(layer.wo, forHeads(wv, config)), given.wo ?? nothing);
  const w2 = given.w2 ?? nothing;
  const wk = behind('wk', attention);
  return {
    wq: behind('wq', attention),
    wk: rotary ? wk : wk.map(() => 0),
    wv: wv.map(() => 0),
    wo: layerNorm ? centred(wo) : wo,
    w1: behind('w1', feedForward),
    w2: layerNorm ? centred(w2) : w2,
    w3: behind('w3', feedForward),
  };
}

/** As s16 (`count` of them, zeros behind), and their unit. */
function toWords(values: Float32Array, count: number): { words: Int16Array; unit: number } {
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  const words = new Int16Array(count);
  values.forEach((x, i) => {
    words[i] = Math.round((x / largest) * LARGEST_ROW);
  });
  return { words, unit: largest / LARGEST_ROW };
}

export interface AddedModel {
  blobs: Blob[];
  words: Words<'fixed', 'more'>;
}

/** What all layers have in common. */
export function addedOf(config: ModelConfig, layout: Layout, added: Added): AddedModel {
  const { dim, context } = config;
  const widest = Math.max(layout.qkvRows, 2 * layout.hiddenHalf, layout.dim, LOGIT_TILE);
  const ones = new Int16Array(widest + READ_AHEAD / 2).fill(LARGEST_ROW, 0, widest);
  const logits = toWords(added.logits, layout.vocabulary);
  const padded = new Float32Array(added.positions.length > 0 ? context * layout.dim : 0);
  rowsOf(added.positions, dim).forEach((row, position) => void padded.set(row, position * layout.dim));
  const positions = toWords(padded, padded.length);
  const blobs = [blob('ones', ones, 'any'), blob('logitBias', logits.words, 'any')];
  if (added.positions.length > 0) {
    const means = Int32Array.from(added.embeddingMeans, (mean) => Math.round(mean * 2 ** RESIDUAL_BITS));
    blobs.push(blob('positions', positions.words, 'any'), blob('embeddingMeans', means, 'any'));
  }
  const [rows, means] = added.positions.length > 0 ? ['positions', 'embeddingMeans'] : ['ones', 'ones'];
  return {
    blobs,
    words: {
      ones: 'ones',
      positions: rows,
      positionFactor: { float: positions.unit * 2 ** RESIDUAL_BITS },
      embeddingMeans: means,
      logitBias: 'logitBias',
      logitBiasUnit: { float: logits.unit },
    },
  };
}

/** Real values of one unit: of query, key and value rows, of rows of hidden units, of the hidden vector. */
export interface Units {
  qkv: number;
  gateUp: number;
  hidden: number;
}

export interface AddedLayer {
  blobs: Blob[];
  words: Words<'fixed', 'added'>;
  /** Of rows with their biases. */
  units: Units;
}

export interface LayerFacts {
  /** Of a blob. */
  name(part: string): string;
  model: Model;
  layer: number;
  layout: Layout;
  added: Added;
  factors: readonly number[];
  /** Of products of activations of unit 1. */
  plain: Units;
  /** Rows as they are packed. */
  qkv: readonly Row[];
  gateUp: readonly Row[];
}

/** What a layer adds. */
export function addedLayer(facts: LayerFacts): AddedLayer {
  const { name, model, layer, layout, added, factors, plain } = facts;
  const { config, weights } = model;
  const biases = added.layers[layer];
  const { attentionNorm, ffnNorm } = weights.layers[layer];
  const qkv = rowBias(facts.qkv, qkvRows(biases, 1, factors, model, layout), attentionNorm);
  const gateUpBias = gateUpRows(biases, 1, model, layout);
  const { gated } = traitsOf(config);
  const gateUp = gated ? rowBias(facts.gateUp, gateUpBias, ffnNorm) : inUnit(gateUpBias, 1 / 2 ** PLAIN_BITS);
  const out = toWords(biases.wo, layout.dim);
  const down = toWords(biases.w2, layout.dim);
  return {
    blobs: [
      blob(name('qkvBias'), qkv.words, 'any'),
      blob(name('outBias'), out.words, 'any'),
      blob(name('gateUpBias'), gateUp.words, 'any'),
      blob(name('downBias'), down.words, 'any'),
    ],
    words: {
      qkvBias: name('qkvBias'),
      qkvFactor: { float: plain.qkv / qkv.unit },
      outBias: name('outBias'),
      outBiasFactor: { float: out.unit * 2 ** RESIDUAL_BITS },
      gateUpBias: name('gateUpBias'),
      gateUpFactor: { float: plain.gateUp / gateUp.unit },
      downBias: name('downBias'),
      downBiasFactor: { float: down.unit * 2 ** RESIDUAL_BITS },
      ...localWords(config, layer),
    },
    units: {
      qkv: qkv.unit,
      gateUp: gateUp.unit,
      hidden: gated ? gateUp.unit / 2 ** GATE_BITS : gateUp.unit,
    },
  };
}

/** Biases of rows in a unit in which no row is likely to saturate. */
function rowBias(
  rows: readonly Row[],
  biases: readonly Row[],
  gain: Float32Array,
): { words: Int16Array; unit: number } {
  const norms = Math.min(ROW_NORMS, Math.sqrt(gain.length));
  const largest = rows.reduce((most, row, i) => {
    const norm = row ? Math.hypot(...row.map((w, j) => w * gain[j])) : 0;
    return Math.max(most, norms * norm + Math.abs(biases[i]?.[0] ?? 0));
  }, 0);
  return inUnit(biases, (largest || 1) / LARGEST_ROW);
}

const inUnit = (biases: readonly Row[], unit: number): { words: Int16Array; unit: number } => ({
  words: Int16Array.from(biases, (row) => {
    const words = Math.round((row?.[0] ?? 0) / unit);
    return Math.max(-LARGEST_ROW, Math.min(LARGEST_ROW, words));
  }),
  unit,
});
