/** The packed model: blobs for the device program and the record that leads to them (src/contract). */
import { formats as formatRows, sizesOf, value } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import { LAYER_PARTS, type Model, type ModelConfig, NORM_EPSILON, traitsOf } from '../model/index.ts';
import { type Added, type AddedLayer, addedLayer, addedOf, foldBiases } from './biases.ts';
import { buffersOf } from './buffers.ts';
import { feedbackFor } from './feedback.ts';
import { int4Weave, quantizeInt4, roundRows } from './int4.ts';
import { int5Weave, quantizeInt5, roundToInt5 } from './int5.ts';
import { packKnownWords } from './known-words.ts';
import { LAYER_EMBEDDINGS, packLayerEmbeddings } from './layer-embeddings.ts';
import { hasList, type Layout, layoutOf, shapeOf, skipsZeros } from './layout.ts';
import {
  padRows,
  type QuantizedMatrix,
  type Quantizer,
  quantizeMatrix,
  quantizeRows,
  type Row,
  rowsOf,
  type Sums,
  withReadAhead,
} from './matrix.ts';
import { blob, constantsOf, createRecord, ropeAngles, type Words } from './record.ts';
import { gateUpRows, keyFactors, largestNorm, qkvRows } from './rows.ts';
import type { Blob, Calibration, Precision, QuantizedModel, Seen } from './types.ts';
import { type GateAndUp, packByUnits } from './units.ts';
import type { Weave } from './weave.ts';

const { RESIDUAL_BITS, GATE_BITS, LARGEST_DIM, MIXED } = value;
/** Of scores, as the exponential of attention takes them (device/kernels/exponential.ts). */
const STEPS_PER_NAT = 7.7;
/** A value saturates at so many times the norm of the longest row: the largest seen are 2.5 to 4.2 times that (stories260K, 3M, ours). */
const VALUE_NORMS = 4.25;

/** A norm's gains as s16, and the factor that leads from max|t| / rms to the scale of the activations. */
function packGain(gain: Float32Array, layout: Layout): { gains: Int16Array; factor: number } {
  const largest = gain.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  const gains = new Int16Array(layout.dim);
  gain.forEach((g, i) => {
    gains[i] = Math.round((g / largest) * 32767);
  });
  return { gains, factor: ((largest / 32767) * 32768) / 127 };
}

/** s16 (context, headSize / 2, 2). */
const ropeTable = (config: ModelConfig): Int16Array =>
  Int16Array.from(ropeAngles(config), (x) => Math.round(32767 * x));

/** Matrices of the packed model; those of a name have the same format in all layers. */
const PARTS = Object.keys(LAYER_PARTS) as (keyof typeof LAYER_PARTS)[];
/** `up`: its rows apart, where zeros are left out. */
type Part = keyof typeof LAYER_PARTS | 'classifier' | 'up';
const MATRIX = new RegExp(`^(classifier|layer\\d+\\.(${PARTS.join('|')}|up))$`);
/** Whether a blob of the packed model is a matrix, by its name. */
export const isMatrix = (name: string): boolean => MATRIX.test(name);
/** Formats of the fixed arithmetic. */
export type FixedFormat = 'int8' | 'int5' | 'int4';
/** Those that round by activations. */
export type FewBits = Exclude<FixedFormat, 'int8'>;
/** The format of a matrix, by the name of its blob: `layer0.qkv`, `classifier`. */
export type Formats = (name: string) => FixedFormat;

/** All matrices in one format. */
export const everywhere =
  (format: FixedFormat): Formats =>
  () =>
    format;

/**
 * int4 but for the classifier, which is mostly the embedding, too, and loses more by four bits than it saves; for what the model names; and
 * `byUnits` for what is then read by hidden units alone.
 */
export function int4Formats({ int8Matrices = [] }: ModelConfig, byUnits = false): Formats {
  const isKept = (part: keyof typeof LAYER_PARTS) =>
    LAYER_PARTS[part].some((name) => int8Matrices.includes(name));
  const units: Part[] = byUnits ? ['up', 'down'] : isKept('gateUp') ? ['up'] : [];
  const kept = new Set<Part>(['classifier', ...PARTS.filter(isKept), ...units]);
  return (name) => (kept.has(partOf(name)) ? 'int8' : 'int4');
}

/** `layer0.qkv` is a part called `qkv`. */
export const partOf = (name: string): Part => name.split('.').at(-1) as Part;

const layerNames = ({ layers }: ModelConfig, part: string): string[] =>
  Array.from({ length: layers }, (_, layer) => `layer${layer}.${part}`);

/** Names of all matrices. */
export const matrixNames = (config: ModelConfig): string[] => [
  ...PARTS.flatMap((part) => layerNames(config, part)),
  'classifier',
];

/**
 * How large the sums of a part's products may become (matrix.ts). The largest that were seen in stories of stories260K, stories3M and ours:
 * 7.3 times the usual behind a norm, 11.3 in the classifier, 4.4 in what attention gives, 3.1 in the hidden vector, few of whose
 * components are large.
 */
const SUMS: Readonly<Record<Part, Sums>> = { qkv: 8, gateUp: 8, up: 'any', out: 5, down: 5, classifier: 12 };

const quantizerOf = (
  { activation, int4Group }: ModelConfig,
  { formats, calibration, made }: PackOptions,
): Quantizer => {
  // The kernel that reads rows of active units only does not saturate as the others do.
  const sumsOf = (part: Part): Sums => (part === 'gateUp' && hasList(activation) ? 'any' : SUMS[part]);
  const quantizers: Readonly<
    Record<FixedFormat, (part: Part, ...matrix: Parameters<Quantizer>) => QuantizedMatrix>
  > = {
    int8: (part, _, rows, columns, order) => quantizeMatrix(rows, columns, sumsOf(part), order),
    int4: (_, name, rows, columns) =>
      quantizeInt4(rows, columns, {
        group: int4Group,
        ...roundingFor(calibration?.get(name), columns, int4Weave),
      }),
    int5: (_, name, rows, columns) =>
      quantizeInt5(rows, columns, roundingFor(calibration?.get(name), columns, int5Weave)),
  };
  return (name, rows, columns, order = 'blocks') => {
    const key = `${name} ${formats(name)} ${rows.length} ${order}`;
    const matrix = made?.get(key) ?? quantizers[formats(name)](partOf(name), name, rows, columns, order);
    made?.set(key, matrix);
    return matrix;
  };
};

/** The real values (columns) that a matrix's rows stand for once they are packed in a format of few bits; rows of zeros are left out. */
export function roundTo(
  format: FewBits,
  name: string,
  rows: readonly Row[],
  columns: number,
  { config, calibration }: Pick<Model, 'config'> & Pick<PackOptions, 'calibration'>,
  take: (row: number, values: Float32Array) => void,
): void {
  const seen = calibration?.get(name);
  if (format === 'int5') roundToInt5(rows, columns, roundingFor(seen, columns, int5Weave) ?? {}, take);
  else roundRows(rows, columns, { group: config.int4Group, ...roundingFor(seen, columns, int4Weave) }, take);
}

/** By activations that were seen; to nearest where there are none. */
const roundingFor = (seen: Seen | undefined, columns: number, weave: Weave) =>
  seen && {
    weights: Float64Array.from({ length: columns }, (_, i) => seen.products[i * (columns + 1)] / seen.count),
    feedback: feedbackFor(seen.products, columns, weave),
  };

interface PackedLayer {
  blobs: Blob[];
  words: Words<'fixed', 'layer'>;
  /** Where products have biases. */
  added?: AddedLayer['words'];
  /** Where zeros are left out. */
  units?: Words<'fixed', 'units'>;
}

function packLayer(
  model: Model,
  layer: number,
  layout: Layout,
  quantizer: Quantizer,
  formats: Formats,
  added: Added | undefined,
): PackedLayer {
  const { dim, hiddenDim } = model.config;
  const weights = model.weights.layers[layer];
  const name = (part: string) => `layer${layer}.${part}`;
  const { scaledScores } = traitsOf(model.config);
  const factors = keyFactors(rowsOf(weights.wk, dim), weights.attentionNorm, model, layout);
  const qkvBlock = qkvRows(weights, dim, factors, model, layout);
  const qkv = quantizer(name('qkv'), qkvBlock, layout.dim);
  const out = quantizer(name('out'), padRows(rowsOf(weights.wo, dim), layout.dim), layout.dim);
  const gateUpBlock = gateUpRows(weights, dim, model, layout);
  const names = { gateUp: name('gateUp'), up: name('up') };
  const { gateUp, up }: GateAndUp = layout.zeros
    ? packByUnits(names, gateUpBlock, layout, quantizer, formats(names.gateUp) === 'int8')
    : { gateUp: quantizer(names.gateUp, gateUpBlock, layout.dim) };
  const down = quantizer(
    name('down'),
    padRows(rowsOf(weights.w2, hiddenDim), layout.dim),
    2 * layout.hiddenHalf,
    layout.zeros ? 'columns' : 'blocks',
  );
  const attentionGain = packGain(weights.attentionNorm, layout);
  const feedForwardGain = packGain(weights.ffnNorm, layout);

  const { headSize } = layout;
  const valueUnit =
    (Math.min(Math.sqrt(dim), VALUE_NORMS) * largestNorm(rowsOf(weights.wv, dim), weights.attentionNorm, 1)) /
    127;

  const plain = { qkv: qkv.unit, gateUp: gateUp.unit, hidden: (up ?? gateUp).unit / 2 ** GATE_BITS };
  const more =
    added &&
    addedLayer({ name, model, layer, layout, added, factors, plain, qkv: qkvBlock, gateUp: gateUpBlock });
  // Of rows when they leave: where they have biases they have a unit of their own.
  const unit = more?.units ?? plain;

  const matrices: [string, QuantizedMatrix][] = [
    ['qkv', qkv],
    ['out', out],
    ['gateUp', gateUp],
    ...(up ? [['up', up] as [string, QuantizedMatrix]] : []),
    ['down', down],
  ];
  return {
    blobs: [
      ...matrices.flatMap(([part, matrix]) => [
        blob(name(part), matrix.values, 'any'),
        blob(name(`${part}Scales`), matrix.scales, 'any'),
      ]),
      blob(name('attentionGain'), attentionGain.gains, 'any'),
      blob(name('feedForwardGain'), feedForwardGain.gains, 'any'),
      ...(more?.blobs ?? []),
    ],
    added: more?.words,
    units: up && { up: names.up, upScales: name('upScales'), upShift: up.shift },
    words: {
      qkv: name('qkv'),
      qkvScales: name('qkvScales'),
      qkvShift: qkv.shift,
      qkvBound: qkv.bound,
      qkvFormat: codeOf(formats(name('qkv'))),
      out: name('out'),
      outScales: name('outScales'),
      outShift: out.shift,
      outBound: out.bound,
      outFormat: codeOf(formats(name('out'))),
      gateUp: name('gateUp'),
      gateUpScales: name('gateUpScales'),
      gateUpShift: gateUp.shift,
      gateUpBound: Math.min(gateUp.bound, up?.bound ?? gateUp.bound),
      gateUpFormat: codeOf(formats(name('gateUp'))),
      down: name('down'),
      downScales: name('downScales'),
      downShift: down.shift,
      downBound: down.bound,
      downFormat: codeOf(formats(name('down'))),
      attentionGain: name('attentionGain'),
      feedForwardGain: name('feedForwardGain'),
      attentionFactor: { float: attentionGain.factor },
      feedForwardFactor: { float: feedForwardGain.factor },
      scoreFactor: { float: (unit.qkv ** 2 * STEPS_PER_NAT) / (scaledScores ? Math.sqrt(headSize) : 1) },
      valueFactor: { float: (unit.qkv / valueUnit) * 2 ** 8 },
      outFactor: { float: (valueUnit / 64 / 127) * out.unit * 2 ** RESIDUAL_BITS },
      gateFactor: { float: unit.gateUp * 2 ** GATE_BITS },
      downFactor: { float: (unit.hidden / 127) * down.unit * 2 ** RESIDUAL_BITS },
    },
  };
}

/** The embedding with one integer unit per token; the classifier where it is the same tensor shares its values. */
function packEmbedding(
  model: Model,
  layout: Layout,
  quantizer: Quantizer,
  format: FixedFormat,
): { blobs: Blob[]; classifier: QuantizedMatrix; shared: boolean } {
  const { dim, sharedClassifier } = model.config;
  const rows = rowsOf(model.weights.tokenEmbedding, dim);
  const classifier = quantizer(
    'classifier',
    padRows(rowsOf(model.weights.classifier, dim), layout.vocabulary),
    layout.dim,
  );
  const { values, scales } =
    sharedClassifier && format !== 'int8'
      ? { values: classifier.values, scales: rowUnits(classifier) }
      : quantizeRows(padRows(rows, layout.vocabulary), layout.dim);
  const units = Int32Array.from(rows, (_, token) => Math.round(scales[token] * 2 ** RESIDUAL_BITS));
  const blobs = [blob('embeddingUnits', units, 'any')];
  if (!sharedClassifier) blobs.push(blob('embedding', values, 'any'));
  return { blobs, classifier, shared: sharedClassifier };
}

/** Real value of a unit of each row of a matrix whose groups have scales. */
const rowUnits = ({ scales, shift, unit }: QuantizedMatrix): Float64Array =>
  Float64Array.from(scales, (scale) => (scale * unit) / 32768 / 2 ** shift);

/** What the kernels' registers and accumulators can hold. */
function checkShape({ dim, heads, kvHeads }: Model['config']): void {
  const problem =
    dim % (2 * heads) !== 0
      ? `${heads} heads do not divide its dim of ${dim} into vectors of even length`
      : heads % kvHeads !== 0
        ? `its ${heads} heads cannot share ${kvHeads} key and value heads evenly`
        : dim > LARGEST_DIM
          ? `its dim of ${dim} is more than the ${LARGEST_DIM} whose squares a 40-bit sum holds`
          : undefined;
  if (problem) throw new FailureError(`the model cannot run on the chip: ${problem}.`);
}

const codeOf = (format: FixedFormat): number => formatRows[format].code;

/** What the program folds: the codes of the formats that all layers have alike. */
function formatConstants(config: ModelConfig, formats: Formats): Record<string, number> {
  const ofLayers = PARTS.map((part) => {
    const [first, ...others] = layerNames(config, part).map((name) => codeOf(formats(name)));
    return [`${part}Format`, others.every((code) => code === first) ? first : MIXED] as const;
  });
  return {
    ...Object.fromEntries(ofLayers),
    classifierFormat: codeOf(formats('classifier')),
    embeddingFormat: codeOf(config.sharedClassifier ? formats('classifier') : 'int8'),
  };
}

/** What is read by hidden units has eight bits. */
const defaultZeros = (config: ModelConfig, formats: Formats): number =>
  [...layerNames(config, 'up'), ...layerNames(config, 'down')].every((name) => formats(name) === 'int8')
    ? skipsZeros(config)
    : 0;

export interface PackOptions {
  precision: Precision;
  /** What the precision is called, where that is not its format. */
  label?: string;
  formats: Formats;
  calibration?: Calibration;
  /** Whether what zeros of the activation would multiply is left out, 1 or 0; default: where it pays. */
  zeros?: number;
  /** Matrices that were made for the same model and calibration, by name and format: taken from here, and put here. */
  made?: Map<string, QuantizedMatrix>;
}

/** Quantises a model for the chip. Throws a FailureError for shapes that the kernels cannot take. */
export function packFixed(given: Model, options: PackOptions): QuantizedModel {
  const { precision, formats, zeros = defaultZeros(given.config, formats) } = options;
  const { config } = given;
  const { model, added } = foldBiases(given);
  const quantizer = quantizerOf(config, options);
  checkShape(config);
  const layout = layoutOf(config, zeros);
  const {
    blobs: embeddingBlobs,
    classifier,
    shared,
  } = packEmbedding(model, layout, quantizer, formats('classifier'));
  const finalGain = packGain(model.weights.finalNorm, layout);
  const more = added && addedOf(config, layout, added);
  const record = createRecord('fixed', config.layers, added ? 'biases' : zeros ? 'units' : undefined);
  record.writeHeader({
    embedding: config.layerEmbeddings ? null : shared ? 'classifier' : 'embedding',
    embeddingUnits: config.layerEmbeddings ? null : 'embeddingUnits',
    classifier: 'classifier',
    classifierScales: 'classifierScales',
    classifierShift: classifier.shift,
    classifierBound: classifier.bound,
    classifierFormat: codeOf(formats('classifier')),
    finalGain: 'finalGain',
    finalFactor: { float: finalGain.factor },
    logitFactor: { float: classifier.unit / 32768 },
    rope: traitsOf(config).rotary ? 'rope' : 'finalGain', // or nothing that is read
    epsilon: { float: (config.normEpsilon ?? NORM_EPSILON) * 2 ** (2 * RESIDUAL_BITS) },
    layerEmbeddings: config.layerEmbeddings ? LAYER_EMBEDDINGS : null,
  });
  const layers = Array.from({ length: config.layers }, (_, layer) =>
    packLayer(model, layer, layout, quantizer, formats, added),
  );
  if (more) record.writeMore(more.words);
  layers.forEach(({ words, added, units }, layer) => {
    record.writeLayer(layer, words);
    if (added) record.writeAdded(layer, added);
    if (units) record.writeUnits(layer, units);
  });
  return {
    config,
    precision,
    label: options.label ?? precision,
    constants: { ...constantsOf(config), ...formatConstants(config, formats), zeros },
    blobs: [
      record.blob,
      ...layers.flatMap((layer) => layer.blobs),
      blob('classifier', classifier.values, 'any'),
      blob('classifierScales', withReadAhead(classifier.scales), 'any'),
      ...(config.layerEmbeddings ? [] : embeddingBlobs),
      blob('finalGain', finalGain.gains, 'any'),
      ...(traitsOf(config).rotary ? [blob('rope', ropeTable(config), 'any')] : []),
      ...(more?.blobs ?? []),
      ...packLayerEmbeddings(model, layout),
      ...packKnownWords(model),
    ],
    buffers: (context) => buffersOf('fixed', config, context, zeros),
    laneBytes: sizesOf('fixed', shapeOf(config, zeros)).of('laneBytes'),
    shape: {
      precision,
      dim: layout.dim,
      hidden: 2 * layout.hiddenHalf,
      headSize: layout.headSize,
      int4Group: config.int4Group,
    },
  };
}
