/** What the packed models of all arithmetics have in common: the record that leads to the blobs, written by name. */
import {
  type Arithmetic,
  activations,
  type Fields,
  type PartOf,
  placeFields,
  plainActivations,
  records,
  type Structure,
  structureBytes,
  type WordsOf,
} from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import { biasesOf, INT4_GROUP, type ModelConfig, ROPE_THETA, traitsOf } from '../model/index.ts';
import { gatesOf } from './layout.ts';
import type { Blob } from './types.ts';

/** A word of the record: the name of a blob whose address it holds (null: nothing is there), a whole number or a single. */
export type Word = string | null | number | { float: number };

/** Of a layer with biases: whether its attention sees a window alone, and how many of those before it do. */
export const localWords = ({ localLayers = [] }: ModelConfig, layer: number) => ({
  isLocal: localLayers.includes(layer) ? 1 : 0,
  localBefore: localLayers.filter((other) => other < layer).length,
});

/** Every word of a part, each once. */
export type Words<A extends Arithmetic, P extends PartOf<A>> = { [W in WordsOf<A, P>]: Word };

export interface Record<A extends Arithmetic> {
  /** The blob named `model`. */
  blob: Blob;
  writeHeader(words: Words<A, 'header'>): void;
  writeLayer(layer: number, words: Words<A, 'layer'>): void;
  /** This and the following where there is such a part: see {@link Behind}. */
  writeMore(words: Words<A, 'more'>): void;
  writeAdded(layer: number, words: Words<A, 'added'>): void;
  writeUnits(layer: number, words: Words<'fixed', 'units'>): void;
}

/** What lies behind the layers of a record: what architectures with biases have, or what is read by hidden units. */
export type Behind = 'biases' | 'units';

/** The type of a field that a word fits. */
const typeOf = (word: Word): string =>
  typeof word === 'string' || word === null ? 'address' : typeof word === 'number' ? 'i32' : 'f32';

/** An empty record for so many layers. Its writers throw for a word that is missing, unknown or of another type. */
export function createRecord<A extends Arithmetic>(
  arithmetic: A,
  layers: number,
  behind?: Behind,
): Record<A> {
  const { header, layer, more, added } = records[arithmetic];
  const { units } = records.fixed;
  const start = structureBytes(header) + layers * structureBytes(layer);
  const addedStart = start + structureBytes(more);
  const ends: Readonly<globalThis.Record<Behind, number>> = {
    biases: addedStart + layers * structureBytes(added),
    units: start + layers * structureBytes(units),
  };
  const bytes = new Uint8Array(behind ? ends[behind] : start);
  const view = new DataView(bytes.buffer);
  const references: { offset: number; blob: string }[] = [];
  const put = (at: number, word: Word): void => {
    if (typeof word === 'string') references.push({ offset: at, blob: word });
    else if (typeof word === 'number') view.setInt32(at, word, true);
    else if (word) view.setFloat32(at, word.float, true);
  };
  const write = (
    start: number,
    structure: Structure<Fields>,
    words: Readonly<globalThis.Record<string, Word>>,
  ): void => {
    const left = new Set(Object.keys(words));
    for (const { name, offset, type } of placeFields(structure)) {
      const word = left.delete(name) ? words[name] : undefined;
      if (word === undefined) throw new Error(`record: the packer gives no word ${name}`);
      if (typeOf(word) !== type) throw new Error(`record: word ${name} is ${typeOf(word)}, not ${type}`);
      put(start + offset, word);
    }
    if (left.size > 0) throw new Error(`record: no word is called ${[...left].join(', ')}`);
  };
  return {
    blob: { name: 'model', bytes, align: 16, memory: 'sram', references },
    writeHeader: (words) => write(0, header, words),
    writeLayer: (index, words) => write(structureBytes(header) + index * structureBytes(layer), layer, words),
    writeMore: (words) => write(start, more, words),
    writeAdded: (index, words) => write(addedStart + index * structureBytes(added), added, words),
    writeUnits: (index, words) => write(start + index * structureBytes(units), units, words),
  };
}

export function blob(name: string, data: ArrayBufferView, memory: Blob['memory']): Blob {
  return {
    name,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    align: 16,
    memory,
    references: [],
  };
}

/**
 * The shape of the model, as the device program imports it.
 * @throws FailureError for an activation that the device program does not know
 */
export function constantsOf(config: ModelConfig): { [name: string]: number } {
  const { dim, hiddenDim, layers, heads, kvHeads, vocabulary } = config;
  const rows: { [name: string]: { code: number } } = { ...activations, ...plainActivations };
  const row = Object.hasOwn(rows, config.activation) ? rows[config.activation] : undefined;
  if (!row) {
    throw new FailureError(
      `the model cannot run on the chip: its activation is ${config.activation}, and supported are ${Object.keys(rows).join(', ')}.`,
    );
  }
  return {
    dim,
    hiddenDim,
    layers,
    heads,
    kvHeads,
    vocabulary,
    boards: 1,
    board: 0,
    activation: row.code,
    zeros: 0,
    int4Group: config.int4Group ?? INT4_GROUP,
    gates: gatesOf(config),
    rotary: traitsOf(config).rotary ? 1 : 0,
    layerNorm: traitsOf(config).layerNorm ? 1 : 0,
    biases: biasesOf(config).length > 0 ? 1 : 0,
    hasLayerEmbeddings: config.layerEmbeddings ? 1 : 0,
  };
}

/** Cosine and sine of every pair's angle at every position: (context, headSize / 2, 2). */
export function ropeAngles({ context, dim, heads, ropeTheta = ROPE_THETA }: ModelConfig): Float64Array {
  const headSize = dim / heads;
  const pairs = headSize / 2;
  const table = new Float64Array(context * headSize);
  for (let position = 0; position < context; position++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position * ropeTheta ** ((-2 * pair) / headSize);
      table[(position * pairs + pair) * 2] = Math.cos(angle);
      table[(position * pairs + pair) * 2 + 1] = Math.sin(angle);
    }
  }
  return table;
}
