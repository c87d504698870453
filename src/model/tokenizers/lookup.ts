/** Pieces by their bytes. */
import { latin1 } from '../../bytes.ts';
import { NEVER, type SpaceInFront, type TokenizerPieces } from './pieces.ts';

/** Token ids of a text's bytes, without start and end. */
export type Encoder = (bytes: Uint8Array) => number[];

export interface Lookup {
  /** The first of the pieces with these bytes, as Latin-1 text: one character a byte. */
  ids: ReadonlyMap<string, number>;
  /** The pieces as such text. */
  texts: readonly string[];
  /** What two tokens become. */
  merged(left: number, right: number): number | undefined;
}

export function lookupOf({ vocabulary, scores }: TokenizerPieces): Lookup {
  const ids = new Map<string, number>();
  const texts = vocabulary.map(latin1);
  texts.forEach((text, id) => {
    if (text !== '' && scores[id] !== NEVER && !ids.has(text)) ids.set(text, id);
  });
  return { ids, texts, merged: (left, right) => ids.get(texts[left] + texts[right]) };
}

/** 65 for the piece `<0x41>`, undefined for any other. */
export function byteOfPiece(piece: Uint8Array): number | undefined {
  const match = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece.length === 6 ? latin1(piece) : '');
  return match ? Number.parseInt(match[1], 16) : undefined;
}

/** Token id of byte 0, where the 256 byte pieces `<0x00>` to `<0xFF>` follow each other; -1 where they don't. */
export function firstByteToken({ vocabulary }: TokenizerPieces): number {
  const first = vocabulary.findIndex((piece) => byteOfPiece(piece) === 0);
  const all = first >= 0 && first + 256 <= vocabulary.length;
  for (let byte = 0; all && byte < 256; byte++) if (byteOfPiece(vocabulary[first + byte]) !== byte) return -1;
  return all ? first : -1;
}

/** Whether a space goes before the text. An empty one gets none. */
export const needsSpace = (bytes: Uint8Array, space: SpaceInFront): boolean =>
  bytes.length > 0 && (space === 'always' || (space === 'missing' && bytes[0] !== 0x20));

/** Bytes with a space before them, if that is called for. */
export function withSpace(bytes: Uint8Array, space: SpaceInFront): Uint8Array {
  if (!needsSpace(bytes, space)) return bytes;
  const out = new Uint8Array(bytes.length + 1);
  out[0] = 0x20;
  out.set(bytes, 1);
  return out;
}
