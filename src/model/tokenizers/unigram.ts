/** SentencePiece's Unigram (Kudo 2018): of all ways to spell a text in pieces, the one with the best sum of scores (Viterbi). */
import { latin1 } from '../../bytes.ts';
import { charactersOf } from './characters.ts';
import { type Encoder, firstByteToken, lookupOf, withSpace } from './lookup.ts';
import type { TokenizerPieces, UnigramRules } from './pieces.ts';

const { fround } = Math;
const SPACE = 0x20;

/** How much less than the least likely piece an unknown character scores, as in SentencePiece. */
const UNKNOWN_PENALTY = 10;

/** Score of an unknown character. Control and byte pieces count as well, as in tokenizers' unigram. */
export const unknownScore = ({ scores }: TokenizerPieces): number =>
  fround(scores.reduce((least, score) => Math.min(least, score), 0) - UNKNOWN_PENALTY);

export function unigramEncoder(
  pieces: TokenizerPieces,
  { space, separateWords, bytes: hasBytes }: UnigramRules,
): Encoder {
  const { ids } = lookupOf(pieces);
  const { scores, maxTokenLength, special } = pieces;
  const firstByte = hasBytes ? firstByteToken(pieces) : -1;
  const worst = unknownScore(pieces);

  /** Best way to each byte: its score, and the token and the place that lead there. */
  const bestPath = (part: Uint8Array): number[] => {
    const best = new Float32Array(part.length + 1).fill(Number.NEGATIVE_INFINITY);
    const tokens = new Int32Array(part.length + 1);
    const from = new Int32Array(part.length + 1);
    best[0] = 0;
    const offer = (start: number, end: number, token: number, score: number): void => {
      const sum = fround(best[start] + score);
      if (sum <= best[end]) return;
      best[end] = sum;
      tokens[end] = token;
      from[end] = start;
    };
    for (const { start, end: one } of charactersOf(part)) {
      let isPiece = false;
      for (let end = start + 1; end <= Math.min(part.length, start + maxTokenLength); end++) {
        const id = ids.get(latin1(part.subarray(start, end)));
        if (id === undefined) continue;
        offer(start, end, id, scores[id]);
        isPiece ||= end === one;
      }
      if (!isPiece) offer(start, one, special.unknown, worst);
    }
    const out: number[] = [];
    for (let end = part.length; end > 0; end = from[end]) {
      const isUnknown = tokens[end] === special.unknown;
      if (isUnknown && firstByte >= 0)
        for (let at = end - 1; at >= from[end]; at--) out.push(firstByte + part[at]);
      else if (!isUnknown || out.at(-1) !== special.unknown) out.push(tokens[end]); // unknown ones in a row are one
    }
    return out.reverse();
  };

  return (text) => {
    const bytes = withSpace(text, space);
    if (!separateWords) return bestPath(bytes);
    const starts = [0, ...[...bytes.keys()].filter((at) => at > 0 && bytes[at] === SPACE), bytes.length];
    return starts.slice(1).flatMap((end, index) => bestPath(bytes.subarray(starts[index], end)));
  };
}
