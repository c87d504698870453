/** GPT-2's byte-level BPE: a text is cut by a regular expression, then the bytes of each part are merged. */
import { latin1 } from '../../bytes.ts';
import { type Character, charactersOf, kindsOf, LETTER, NUMBER, WHITE } from './characters.ts';
import { type Encoder, lookupOf, withSpace } from './lookup.ts';
import { mergePairs } from './merge.ts';
import type { ByteLevelRules, Pattern, TokenizerPieces } from './pieces.ts';

export function byteLevelEncoder(
  pieces: TokenizerPieces,
  { space, pattern, wholeParts }: ByteLevelRules,
): Encoder {
  const { ids, merged } = lookupOf(pieces);
  const byteTokens = Array.from({ length: 256 }, (_, byte) => ids.get(String.fromCharCode(byte)));
  const encodePart = (part: Uint8Array): number[] => {
    const whole = wholeParts ? ids.get(latin1(part)) : undefined;
    if (whole !== undefined) return [whole];
    const tokens = Array.from(part, (byte) => byteTokens[byte] ?? pieces.special.unknown);
    return mergePairs(tokens, merged, pieces.scores);
  };
  return (text) => {
    const bytes = withSpace(text, space);
    return splitText(bytes, pattern).flatMap(([start, end]) => encodePart(bytes.subarray(start, end)));
  };
}

/** The parts of a text, by where their bytes begin and end. */
export function splitText(bytes: Uint8Array, pattern: Pattern): [start: number, end: number][] {
  const characters = charactersOf(bytes);
  const parts: [number, number][] = [];
  for (let at = 0; at < characters.length; ) {
    const end = endOfPart[pattern](characters, at);
    parts.push([characters[at].start, characters[end - 1].end]);
    at = end;
  }
  return parts;
}

/** What the expressions tell apart: letters, numbers, white space, the rest. */
const kindAt = (characters: readonly Character[], at: number): number =>
  at < characters.length ? kindsOf(characters[at].codePoint) & (LETTER | NUMBER | WHITE) : -1;

const is = (characters: readonly Character[], at: number, character: string): boolean =>
  characters[at]?.codePoint === character.charCodeAt(0);

const isLineEnd = (characters: readonly Character[], at: number): boolean =>
  is(characters, at, '\n') || is(characters, at, '\r');

/** End of the run of characters of the same kind. */
function endOfRun(characters: readonly Character[], at: number): number {
  const kind = kindAt(characters, at);
  let end = at + 1;
  while (kindAt(characters, end) === kind) end++;
  return end;
}

const CONTRACTIONS = ['s', 't', 'm', 'd', 're', 've', 'll'];

/** End of `'s`, `'t`, `'re` ... that begins at `at`; `at` where none does. */
function endOfContraction(characters: readonly Character[], at: number, anyCase: boolean): number {
  if (!is(characters, at, "'")) return at;
  for (const letters of CONTRACTIONS) {
    const matches = [...letters].every(
      (letter, i) =>
        is(characters, at + 1 + i, letter) || (anyCase && is(characters, at + 1 + i, letter.toUpperCase())),
    );
    if (matches) return at + 1 + letters.length;
  }
  return at;
}

/** `\s+(?!\S)|\s+`: white space, without the last one before something else, unless it is all there is. */
function endOfWhite(characters: readonly Character[], at: number): number {
  const end = endOfRun(characters, at);
  return end < characters.length && end - at > 1 ? end - 1 : end;
}

type EndOfPart = (characters: readonly Character[], at: number) => number;

/** (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,DIGITS}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
const endWithin =
  (digits: number): EndOfPart =>
  (characters, at) => {
    const contraction = endOfContraction(characters, at, true);
    if (contraction > at) return contraction;
    const kind = kindAt(characters, at);
    if (kind === LETTER) return endOfRun(characters, at);
    if (kind !== NUMBER && !isLineEnd(characters, at) && kindAt(characters, at + 1) === LETTER)
      return endOfRun(characters, at + 1);
    if (kind === NUMBER) return Math.min(endOfRun(characters, at), at + digits);
    const first = is(characters, at, ' ') ? at + 1 : at;
    if (kindAt(characters, first) === 0) {
      let end = endOfRun(characters, first);
      while (isLineEnd(characters, end)) end++;
      return end;
    }
    for (let end = endOfRun(characters, at); end > at; end--) if (isLineEnd(characters, end - 1)) return end;
    return endOfWhite(characters, at);
  };

/** Where the part that begins at `at` ends. */
const endOfPart: Readonly<Record<Pattern, EndOfPart>> = {
  // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  gpt2(characters, at) {
    const contraction = endOfContraction(characters, at, false);
    if (contraction > at) return contraction;
    const first = is(characters, at, ' ') ? at + 1 : at;
    const kind = kindAt(characters, first);
    return kind >= 0 && kind !== WHITE ? endOfRun(characters, first) : endOfWhite(characters, at);
  },
  llama3: endWithin(3),
  qwen2: endWithin(1),
};
