/**
 * SentencePiece's BPE (the algorithm of run.c `encode`): unknown characters fall back to bytes, and the pair with the best score is
 * merged until none is left.
 */
import { latin1 } from '../../bytes.ts';
import { type Encoder, firstByteToken, lookupOf, needsSpace } from './lookup.ts';
import { mergePairs } from './merge.ts';
import type { SentencePieceRules, TokenizerPieces } from './pieces.ts';

export function sentencePieceEncoder(pieces: TokenizerPieces, { space }: SentencePieceRules): Encoder {
  const { ids, merged } = lookupOf(pieces);
  const firstByte = firstByteToken(pieces);
  const byteToken = (byte: number): number => (firstByte < 0 ? pieces.special.unknown : firstByte + byte);
  return (text) => {
    const front = needsSpace(text, space) ? [ids.get(' ') ?? byteToken(0x20)] : [];
    return mergePairs([...front, ...splitCharacters(text, ids, byteToken)], merged, pieces.scores);
  };
}

/** One token a UTF-8 character, or one a byte where the character is no piece. */
function splitCharacters(
  bytes: Uint8Array,
  ids: ReadonlyMap<string, number>,
  byteToken: (byte: number) => number,
): number[] {
  const tokens: number[] = [];
  let start = 0;
  for (let end = 1; end <= bytes.length; end++) {
    const continues = end < bytes.length && (bytes[end] & 0xc0) === 0x80 && end - start < 4;
    if (continues) continue;
    const character = bytes.subarray(start, end);
    const id = ids.get(latin1(character));
    if (id === undefined) for (const byte of character) tokens.push(byteToken(byte));
    else tokens.push(id);
    start = end;
  }
  return tokens;
}
