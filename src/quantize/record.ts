/** What the packed models of all precisions have in common: the record that leads to the blobs. */
import type { ModelConfig } from '../model/index.ts';
import type { Blob } from './types.ts';

/** Base of the rotation frequencies. */
const ROPE_BASE = 10000;

/** A word of the record: the address of a blob, a single or an integer. */
export type Word = string | number | { float: number };

export interface Record {
  /** The blob named `model`. */
  blob: Blob;
  /** Writes consecutive words from `offset` on. */
  write(offset: number, words: readonly Word[]): void;
}

export function createRecord(size: number): Record {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const references: { offset: number; blob: string }[] = [];
  return {
    blob: { name: 'model', bytes, align: 16, memory: 'sram', references },
    write(offset, words) {
      words.forEach((word, i) => {
        const at = offset + 4 * i;
        if (typeof word === 'string') references.push({ offset: at, blob: word });
        else if (typeof word === 'number') view.setInt32(at, word, true);
        else view.setFloat32(at, word.float, true);
      });
    },
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

/** The shape of the model, as the device program imports it. */
export function constantsOf({ dim, hiddenDim, layers, heads, kvHeads, vocabulary }: ModelConfig): {
  [name: string]: number;
} {
  return { dim, hiddenDim, layers, heads, kvHeads, vocabulary };
}

/** Cosine and sine of every pair's angle at every position: (context, headSize / 2, 2). */
export function ropeAngles(context: number, headSize: number): Float64Array {
  const pairs = headSize / 2;
  const table = new Float64Array(context * headSize);
  for (let position = 0; position < context; position++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position * ROPE_BASE ** ((-2 * pair) / headSize);
      table[(position * pairs + pair) * 2] = Math.cos(angle);
      table[(position * pairs + pair) * 2 + 1] = Math.sin(angle);
    }
  }
  return table;
}
