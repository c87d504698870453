/** A packed model in parts, each for a board of its own: whole layers, whose numbers stay as they are. */
import { formats, placeFields, records, type Structure, structureBytes } from '../contract/index.ts';
import { type ModelConfig, tablesOf } from '../model/index.ts';
import { buffersOf } from './buffers.ts';
import { KNOWN_WORDS } from './known-words.ts';
import { LAYER_EMBEDDINGS } from './layer-embeddings.ts';
import type { Blob, Part, QuantizedModel } from './types.ts';

/** What the embedding of a token is read from, beside the matrix itself. */
const OF_EMBEDDING = ['embeddingUnits', 'positions', 'embeddingMeans'];
/** What logits follow from, beside the classifier. */
const OF_CLASSIFIER = [
  'classifierScales',
  'finalGain',
  'finalNorm',
  'finalNormBias',
  'logitBias',
  KNOWN_WORDS,
];

/** The embedding goes to board 1, the classifier to board 0; layers go to boards 1, 2, ... and at last to board 0. */
export function partOf(model: QuantizedModel, part: Part): QuantizedModel {
  const { board, boards, first, layers } = part;
  const config = { ...model.config, layers, ...localLayersOf(model.config, part) };
  const embedding = targetOf(model, 'embedding');
  const classifier = targetOf(model, 'classifier');
  /** What a blob is called here; undefined: it lies elsewhere. A matrix that is only the embedding here is called so. */
  const nameHere = (name: string): string | undefined => {
    const layer = /^layer(\d+)\./.exec(name)?.[1];
    if (layer !== undefined)
      return Number(layer) >= first && Number(layer) < first + layers ? name : undefined;
    if (board === 0 && name === classifier) return name;
    if (board === 1 && name === embedding) return 'embedding';
    if (name === classifier || name === embedding) return undefined;
    if (OF_CLASSIFIER.includes(name)) return board === 0 ? name : undefined;
    return OF_EMBEDDING.includes(name) && board !== 1 ? undefined : name;
  };
  const renamed = (blob: Blob): Blob[] => {
    const name = nameHere(blob.name);
    const bytes = name === LAYER_EMBEDDINGS ? rowsOfPart(blob.bytes, model.config, part) : blob.bytes;
    return name === undefined ? [] : [{ ...blob, name, bytes }];
  };
  const [record, ...others] = model.blobs;
  const { arithmetic } = formats[model.precision];
  const isWritten = ({ name }: { name: string }): boolean => board === 0 || name !== 'logits';
  return {
    ...model,
    config,
    part,
    constants: { ...model.constants, layers, board, boards, logits: 0 },
    blobs: [recordOf(model, record, part, nameHere), ...others.flatMap(renamed)],
    buffers: (context) => buffersOf(arithmetic, config, context, model.constants.zeros).filter(isWritten),
    laneBytes: 0,
  };
}

/** Layers that look back on a window alone, as they are counted here. */
const localLayersOf = ({ localLayers }: ModelConfig, { first, layers }: Part): Partial<ModelConfig> =>
  localLayers
    ? {
        localLayers: localLayers
          .map((layer) => layer - first)
          .filter((layer) => layer >= 0 && layer < layers),
      }
    : {};

/** Of per-layer embeddings the rows behind the part's layers, and one before them, which behind the embedding alone is read. */
function rowsOfPart(table: Uint8Array, config: ModelConfig, { first, layers }: Part): Uint8Array {
  const ofToken = table.length / config.vocabulary;
  const row = ofToken / tablesOf(config);
  const mine = tablesOf({ ...config, layers }) * row;
  const out = new Uint8Array(config.vocabulary * mine);
  for (let token = 0; token < config.vocabulary; token++) {
    const from = token * ofToken + first * row;
    out.set(table.subarray(from, from + mine), token * mine);
  }
  return out;
}

/** The blob that a word of the record's header leads to. */
function targetOf({ precision, blobs: [record] }: QuantizedModel, word: string): string | undefined {
  const header: Structure = records[formats[precision].arithmetic].header;
  const { offset } = placeFields(header).find(({ name }) => name === word)!;
  return record.references.find((reference) => reference.offset === offset)?.blob;
}

/** Bytes of a record that stay, one run behind the other. */
interface Run {
  from: number;
  bytes: number;
}

function recordOf(
  { precision, config, constants }: QuantizedModel,
  record: Blob,
  { first, layers }: Part,
  nameHere: (name: string) => string | undefined,
): Blob {
  const { header, layer, more: second, added } = records[formats[precision].arithmetic];
  const [headerBytes, layerBytes, moreBytes, addedBytes, unitsBytes] = [
    header,
    layer,
    second,
    added,
    records.fixed.units,
  ].map((structure: Structure) => structureBytes(structure));
  const more = headerBytes + config.layers * layerBytes;
  const runs: Run[] = [
    { from: 0, bytes: headerBytes },
    { from: headerBytes + first * layerBytes, bytes: layers * layerBytes },
    ...(constants.biases
      ? [
          { from: more, bytes: moreBytes },
          { from: more + moreBytes + first * addedBytes, bytes: layers * addedBytes },
        ]
      : []),
    ...(constants.zeros ? [{ from: more + first * unitsBytes, bytes: layers * unitsBytes }] : []),
  ];
  const bytes = new Uint8Array(runs.reduce((sum, run) => sum + run.bytes, 0));
  let to = 0;
  const references = runs.flatMap((run) => {
    const start = to;
    bytes.set(record.bytes.subarray(run.from, run.from + run.bytes), start);
    to += run.bytes;
    return record.references.flatMap(({ offset, blob }) => {
      const name = nameHere(blob);
      return offset < run.from || offset >= run.from + run.bytes || name === undefined
        ? []
        : [{ offset: offset - run.from + start, blob: name }];
    });
  });
  return { ...record, bytes, references };
}
