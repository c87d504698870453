/** The tokenizer as the device reads it (device/tokenizer.ts): four tables. */
import { compareBytes } from '../bytes.ts';
import { FailureError } from '../errors.ts';
import type { Tokenizer } from '../model/index.ts';

export interface VocabularyTables {
  pieceOffsets: Uint32Array; // (vocabulary + 1): where each piece begins in pieceBytes
  pieceBytes: Uint8Array;
  pieceScores: Float32Array; // (vocabulary)
  pieceOrder: Uint16Array; // (unique pieces): ids in the order of their bytes
}

const LARGEST_VOCABULARY = 65536;

const packed = new WeakMap<Tokenizer, VocabularyTables>();

/** The tables of a tokenizer, packed once. */
export function packVocabulary(tokenizer: Tokenizer): VocabularyTables {
  const known = packed.get(tokenizer);
  if (known) return known;
  const tables = pack(tokenizer);
  packed.set(tokenizer, tables);
  return tables;
}

/** Of equal pieces only the first can be found, as in src/model/tokenizer.ts. */
function pack({ vocabulary, scores }: Tokenizer): VocabularyTables {
  if (vocabulary.length > LARGEST_VOCABULARY) {
    throw new FailureError(
      `the vocabulary has ${vocabulary.length} pieces; the firmware's tables hold ${LARGEST_VOCABULARY} at most.`,
    );
  }
  const pieceOffsets = new Uint32Array(vocabulary.length + 1);
  vocabulary.forEach((piece, id) => {
    pieceOffsets[id + 1] = pieceOffsets[id] + piece.length;
  });
  const pieceBytes = new Uint8Array(pieceOffsets[vocabulary.length]);
  for (const [id, piece] of vocabulary.entries()) pieceBytes.set(piece, pieceOffsets[id]);

  const order = vocabulary.map((_, id) => id);
  order.sort((a, b) => compareBytes(vocabulary[a], vocabulary[b]) || a - b);
  const unique = order.filter((id, index) => {
    return index === 0 || compareBytes(vocabulary[id], vocabulary[order[index - 1]]) !== 0;
  });
  return { pieceOffsets, pieceBytes, pieceScores: scores, pieceOrder: Uint16Array.from(unique) };
}
