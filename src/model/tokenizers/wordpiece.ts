/** BERT's WordPiece: the text is made even, cut into words, and each word into the longest pieces from the left. */
import { latin1 } from '../../bytes.ts';
import {
  ANY_MARK,
  CONTROL,
  charactersOf,
  IDEOGRAPH,
  kindsOf,
  MARK,
  NUMBER,
  PUNCTUATION,
  REPLACEMENT,
  WHITE,
  WORD,
} from './characters.ts';
import type { Encoder } from './lookup.ts';
import { NEVER, type TokenizerPieces, type WordPieceRules } from './pieces.ts';

const utf8 = new TextEncoder();
const SPACE = 0x20;
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Kinds of characters that go, once all are decomposed. */
export const goneKinds = (marks: WordPieceRules['marks']): number =>
  marks === 'kept' ? 0 : marks === 'accents go' ? MARK : ANY_MARK;

/** What a code point becomes by itself: lower case, without its accents. */
export function fold(codePoint: number, { lowerCase, marks }: WordPieceRules): string {
  let text = String.fromCodePoint(codePoint);
  if (marks !== 'kept') text = text.normalize('NFD');
  // Character by character: only whole words know that a sigma is their last letter.
  if (lowerCase) text = Array.from(text, (character) => character.toLowerCase()).join('');
  if (marks === 'kept') return text;
  const gone = goneKinds(marks);
  return [...text].filter((character) => !(kindsOf(character.codePointAt(0)!) & gone)).join('');
}

/** The text with all that its rules say done to its characters. */
export function evenOut(bytes: Uint8Array, rules: WordPieceRules): Uint8Array {
  let text = '';
  for (const { codePoint } of charactersOf(bytes)) {
    const kinds = kindsOf(codePoint);
    const isLayout = codePoint === TAB || codePoint === LINE_FEED || codePoint === CARRIAGE_RETURN;
    if (rules.clean && (codePoint === 0 || codePoint === REPLACEMENT || (kinds & CONTROL && !isLayout)))
      continue;
    if (rules.clean && kinds & WHITE) text += ' ';
    else if (rules.separateIdeographs && kinds & IDEOGRAPH) text += ` ${fold(codePoint, rules)} `;
    else text += fold(codePoint, rules);
  }
  for (const [from, to] of rules.replacements) text = text.replaceAll(from, () => to);
  return utf8.encode(text);
}

/** Which kinds decide where a word ends. */
export const wordKinds = ({ separateWords, separatePunctuation, separateDigits }: WordPieceRules): number =>
  WHITE |
  (separateWords ? WORD : 0) |
  (separatePunctuation ? PUNCTUATION : 0) |
  (separateDigits ? NUMBER : 0);

/** The words of an evened text: where their bytes begin and end, and how many characters they have. */
function wordsOf(bytes: Uint8Array, rules: WordPieceRules): { start: number; end: number; length: number }[] {
  const mask = wordKinds(rules);
  const words: { start: number; end: number; length: number }[] = [];
  let before = WHITE;
  for (const { codePoint, start, end } of charactersOf(bytes)) {
    const kinds = kindsOf(codePoint) & mask;
    const isAlone = (kinds & (PUNCTUATION | NUMBER)) !== 0;
    if (!(kinds & WHITE)) {
      const last = words.at(-1);
      if (last && kinds === before && !isAlone) {
        last.end = end;
        last.length++;
      } else words.push({ start, end, length: 1 });
    }
    before = kinds;
  }
  return words;
}

export interface WordTables {
  /** Pieces that begin a word and pieces that go on with one, by their bytes as Latin-1. */
  first: ReadonlyMap<string, number>;
  further: ReadonlyMap<string, number>;
}

/** What is looked up for a piece that begins a word: its bytes without the space that it prints. */
export const wordOf = (piece: Uint8Array): Uint8Array => (piece[0] === SPACE ? piece.subarray(1) : piece);

function tablesOf({ vocabulary, scores }: TokenizerPieces): WordTables {
  const [first, further] = [new Map<string, number>(), new Map<string, number>()];
  vocabulary.forEach((piece, id) => {
    if (scores[id] === NEVER) return;
    const begins = scores[id] !== 0;
    const key = latin1(begins ? wordOf(piece) : piece);
    const table = begins ? first : further;
    if (key !== '' && !table.has(key)) table.set(key, id);
  });
  return { first, further };
}

export function wordPieceEncoder(pieces: TokenizerPieces, rules: WordPieceRules): Encoder {
  const { first, further } = tablesOf(pieces);
  const encodeWord = (word: Uint8Array): number[] | undefined => {
    const tokens: number[] = [];
    for (let at = 0; at < word.length; ) {
      const table = at === 0 ? first : further;
      let end = Math.min(word.length, at + pieces.maxTokenLength);
      let id: number | undefined;
      for (; end > at; end--) {
        id = table.get(latin1(word.subarray(at, end)));
        if (id !== undefined) break;
      }
      if (id === undefined) return undefined;
      tokens.push(id);
      at = end;
    }
    return tokens;
  };
  return (text) => {
    const bytes = evenOut(text, rules);
    return wordsOf(bytes, rules).flatMap(({ start, end, length }) => {
      const tokens = length <= rules.longestWord ? encodeWord(bytes.subarray(start, end)) : undefined;
      return tokens ?? [pieces.special.unknown];
    });
  };
}
