import { UsageError } from '../errors.ts';

/** Ids 0..2 are <unk>, <s>, </s>, ids 3..258 the bytes; learned pieces follow. */
export const FIRST_PIECE = 259;
/** Line of a text file that ends a document. */
export const DOCUMENT_END = '<|endoftext|>';

/** A learned vocabulary in llama2.c's terms; the position in the list is the token id. */
export interface TrainedTokenizer {
  pieces: Uint8Array[];
  scores: Float32Array;
}

/** Cuts text into words: an optional leading space with letters, one digit, or a run of punctuation. */
const wordPattern = / ?\p{L}+(?:['’]\p{L}+)?| ?[^\p{L}\p{N}\s]+| ?\p{N}|\s/gu;
/** Longer words are cut, and of more different ones the rarest are forgotten: memory is bounded. */
const LONGEST_WORD = 256;
const MOST_WORDS = 1 << 20;
/** A character must make up at least this share of the text to get a piece; rarer ones are spelled in bytes. */
const CHARACTER_SHARE = 2e-6;

interface Word {
  symbols: number[];
  count: number;
}

/** Documents of a text: parted by lines `<|endoftext|>`, surrounding white space removed, empty ones dropped. */
export function documentsOf(text: string): string[] {
  return text
    .split(DOCUMENT_END)
    .map((document) => document.trim())
    .filter((document) => document.length > 0);
}

/**
 * Byte-pair encoding in the manner of SentencePiece (Sennrich et al., arXiv:1508.07909; Kudo and Richardson,
 * arXiv:1808.06226): pieces never cross a word, a word carries its leading space, scores are minus the rank
 * of the merge, what has no piece is spelled in bytes. A document starts with a space, as llama2.c's encoder
 * adds one.
 * @throws UsageError when the vocabulary is below 259 or above what the text has pairs for.
 */
export function trainTokenizer(documents: readonly string[], vocabulary: number): TrainedTokenizer {
  return trainTokenizerOn(
    documents.map((text) => ({ text, isFirst: true })),
    vocabulary,
  );
}

/** The same from documents in parts, each cut before white space. */
export function trainTokenizerOn(
  parts: Iterable<{ text: string; isFirst: boolean }>,
  vocabulary: number,
): TrainedTokenizer {
  if (vocabulary < FIRST_PIECE) {
    throw new UsageError(`train: a vocabulary needs at least ${FIRST_PIECE} entries, not ${vocabulary}.`);
  }
  const counts = countWords(parts);
  const characters = commonCharacters(counts, vocabulary - FIRST_PIECE);
  const names = [...characters];
  const words = spell(counts, new Map(names.map((name, i) => [name, i])));
  merge(words, names, vocabulary - FIRST_PIECE, vocabulary);
  return assemble(characters.length, names);
}

function countWords(parts: Iterable<{ text: string; isFirst: boolean }>): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (word: string) => counts.set(word, (counts.get(word) ?? 0) + 1);
  let rarest = 1;
  for (const { text, isFirst } of parts) {
    for (const { 0: word } of (isFirst ? ` ${text}` : text).matchAll(wordPattern)) {
      if (word.length <= LONGEST_WORD) add(word);
      else for (let at = 0; at < word.length; at += LONGEST_WORD) add(word.slice(at, at + LONGEST_WORD));
    }
    for (; counts.size > MOST_WORDS; rarest++) {
      for (const [word, count] of counts) if (count <= rarest) counts.delete(word);
    }
  }
  return counts;
}

/** Characters in order of frequency (ties by code point), the rarest left to the bytes. */
function commonCharacters(words: ReadonlyMap<string, number>, room: number): string[] {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word, count] of words) {
    for (const character of word) {
      counts.set(character, (counts.get(character) ?? 0) + count);
      total += count;
    }
  }
  return [...counts]
    .filter(([character, count]) => count >= total * CHARACTER_SHARE && character !== '\n')
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, room)
    .map(([character]) => character);
}

/** Words as symbol numbers, split where a character has no piece (no merge can cross it). */
function spell(counts: ReadonlyMap<string, number>, ids: ReadonlyMap<string, number>): Word[] {
  const words: Word[] = [];
  for (const [text, count] of counts) {
    let symbols: number[] = [];
    const close = () => {
      if (symbols.length > 1) words.push({ symbols, count });
      symbols = [];
    };
    for (const character of text) {
      const id = ids.get(character);
      if (id === undefined) close();
      else symbols.push(id);
    }
    close();
  }
  return words;
}

const PAIR = 65536;

/** Adds the most frequent pair again and again; ties go to the pair whose parts are older. */
function merge(words: readonly Word[], names: string[], room: number, vocabulary: number): void {
  const counts = new Map<number, number>();
  const places = new Map<number, Set<Word>>();
  const change = (left: number, right: number, by: number, word: Word) => {
    const pair = left * PAIR + right;
    counts.set(pair, (counts.get(pair) ?? 0) + by);
    if (by > 0) {
      let set = places.get(pair);
      if (!set) places.set(pair, (set = new Set()));
      set.add(word);
    }
  };
  const changeAll = (word: Word, sign: number) => {
    const { symbols, count } = word;
    for (let i = 1; i < symbols.length; i++) change(symbols[i - 1], symbols[i], sign * count, word);
  };
  for (const word of words) changeAll(word, 1);
  const taken = new Set(names);
  while (names.length < room) {
    const best = mostFrequent(counts);
    if (best < 0) throw tooLarge(vocabulary, FIRST_PIECE + names.length);
    const left = Math.floor(best / PAIR);
    const right = best % PAIR;
    const name = names[left] + names[right];
    const known = taken.has(name) ? names.indexOf(name) : -1;
    const id = known >= 0 ? known : names.push(name) - 1;
    taken.add(name);
    for (const word of places.get(best) ?? []) {
      changeAll(word, -1);
      word.symbols = replacePair(word.symbols, left, right, id);
      changeAll(word, 1);
    }
    counts.delete(best);
    places.delete(best);
  }
}

function tooLarge(vocabulary: number, largest: number): UsageError {
  return new UsageError(
    `train: the text supports a vocabulary of at most ${largest}, not ${vocabulary}; use --vocab ${largest} or more text.`,
  );
}

/** The pair with the highest count of at least 2, or -1. */
function mostFrequent(counts: ReadonlyMap<number, number>): number {
  let best = -1;
  let top = 1;
  for (const [pair, count] of counts) {
    if (count > top || (count === top && best >= 0 && pair < best)) {
      best = pair;
      top = count;
    }
  }
  return best;
}

function replacePair(symbols: readonly number[], left: number, right: number, id: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      out.push(id);
      i++;
    } else {
      out.push(symbols[i]);
    }
  }
  return out;
}

/** Merges first, in order of rank, then the characters (as SentencePiece does), each with score -index. */
function assemble(characters: number, names: readonly string[]): TrainedTokenizer {
  const utf8 = new TextEncoder();
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const learned = [...names.slice(characters), ...names.slice(0, characters)];
  const pieces = ['<unk>', '\n<s>\n', '\n</s>\n', ...bytes, ...learned].map((piece) => utf8.encode(piece));
  const scores = new Float32Array(pieces.length);
  learned.forEach((_, i) => {
    scores[FIRST_PIECE + i] = -i;
  });
  return { pieces, scores };
}

/** llama2.c's tokenizer.bin: longest piece, then (score, length, bytes) for each; all little-endian. */
export function writeTokenizer(tokenizer: TrainedTokenizer): Uint8Array {
  const { pieces, scores } = tokenizer;
  const out = new Uint8Array(4 + pieces.reduce((sum, piece) => sum + 8 + piece.length, 0));
  const view = new DataView(out.buffer);
  view.setInt32(0, Math.max(...pieces.map((piece) => piece.length)), true);
  let at = 4;
  pieces.forEach((piece, i) => {
    view.setFloat32(at, scores[i], true);
    view.setInt32(at + 4, piece.length, true);
    out.set(piece, at + 8);
    at += 8 + piece.length;
  });
  return out;
}
