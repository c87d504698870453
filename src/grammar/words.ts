/**
 * The words of a text, as the tokens that its tokenizer cuts them into: what a story may be made of, so that none is invented. A directed acyclic
 * word graph (Appel and Jacobson 1988) with the fewest states, packed as the contract's constants WORD_... say.
 */
import { value } from '../contract/index.ts';
import type { Tokenizer } from '../model/index.ts';
import { pieceBytes } from './tokens.ts';

const { WORD_BEGINS, WORD_ENDS, WORD_JOINS, WORD_LAST, WORD_NEXT, WORD_PART, WORD_SHIFT, WORD_WHOLE } = value;

/** Where the lists' numbers and the lists themselves begin, in bytes. */
const numbersAt = (vocabulary: number): number => 2 * Math.ceil(vocabulary / 4);
const listsAt = (vocabulary: number): number => 4 * Math.ceil((numbersAt(vocabulary) + 2 * vocabulary) / 4);

/** Letters, marks and apostrophes, maybe behind a space. */
const PART = /^ ?[\p{L}\p{M}'’]+$/u;

/** Of each token `WORD_PART`, and `WORD_JOINS` beside it where it has no space in front; 0: it is no part of a word. */
export function wordKinds(tokenizer: Tokenizer): Uint8Array {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const textOf = (token: number): string => {
    try {
      return decoder.decode(pieceBytes(tokenizer, token));
    } catch {
      return ''; // a part of a character
    }
  };
  return Uint8Array.from(tokenizer.vocabulary, (_, token) => {
    const text = textOf(token);
    if (!PART.test(text)) return 0;
    return text.startsWith(' ') ? WORD_PART : WORD_PART | WORD_JOINS;
  });
}

/** How often words occur, by their tokens as UTF-16 units. */
export type WordCounts = Map<string, number>;

/** Counts the words of a stretch of text that ends where a word does. */
export function countWords(counts: WordCounts, tokens: ArrayLike<number>, kinds: Uint8Array): void {
  let word = '';
  const count = (): void => {
    if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    word = '';
  };
  for (let i = 0; i < tokens.length; i++) {
    const kind = kinds[tokens[i]];
    if (!(kind & WORD_JOINS)) count();
    if (kind & WORD_PART) word += String.fromCharCode(tokens[i]);
  }
  count();
}

/** The words of documents, packed: a model that has them as `words` is kept to them. undefined: there are none. */
export function knownWords(documents: Iterable<string>, tokenizer: Tokenizer): Uint8Array | undefined {
  const kinds = wordKinds(tokenizer);
  const counts: WordCounts = new Map();
  for (const document of documents) countWords(counts, tokenizer.encode(document), kinds);
  return packWords(counts, kinds);
}

/** What may follow the beginning of a word. */
interface State {
  next: Map<number, State>;
  ends: boolean;
  /** Its place among the states; -1: it has none yet. */
  number: number;
  /** Number of its first entry; 0: it has none. */
  first: number;
}

const newState = (): State => ({ next: new Map(), ends: false, number: -1, first: 0 });

/** The states of the smallest automaton for these words, and the one behind none of their tokens. */
function minimal(words: Iterable<string>): { start: State; states: State[] } {
  const start = newState();
  for (const word of words) {
    let state = start;
    for (let i = 0; i < word.length; i++) {
      const token = word.charCodeAt(i);
      let next = state.next.get(token);
      if (next === undefined) state.next.set(token, (next = newState()));
      state = next;
    }
    state.ends = true;
  }
  const states: State[] = [];
  const same = new Map<string, State>();
  /** The one state of all from which words go on in the same ways. */
  const merged = (state: State): State => {
    for (const [token, next] of state.next) state.next.set(token, merged(next));
    const key = `${state.ends}${[...state.next].map(([token, { number }]) => ` ${token}:${number}`).join('')}`;
    const known = same.get(key);
    if (known !== undefined) return known;
    same.set(key, state);
    state.number = states.push(state) - 1;
    return state;
  };
  for (const [token, next] of start.next) start.next.set(token, merged(next));
  return { start, states };
}

/** A text of so many words is large enough that what it has once only is mostly misspelt. */
const LARGE = 1_000_000;

/**
 * Packs the words that a text has, those of a large one that it has twice; the rarest are left out where they are more than the chip can
 * number. undefined: it has none.
 */
export function packWords(counts: WordCounts, kinds: Uint8Array): Uint8Array | undefined {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (let least = all < LARGE ? 1 : 2; ; least++) {
    const words = [...counts].flatMap(([word, count]) => (count >= least ? [word] : []));
    if (words.length === 0) return undefined;
    const { start, states } = minimal(words.sort());
    const entries = states.reduce((sum, { next }) => sum + next.size, 1);
    if (entries <= WORD_NEXT) return pack(start, states, kinds, entries);
  }
}

function pack(start: State, states: readonly State[], kinds: Uint8Array, entries: number): Uint8Array {
  const vocabulary = kinds.length;
  const lists = listsAt(vocabulary);
  const view = new DataView(new ArrayBuffer(lists + 4 * entries));
  let entry = 1; // 0 stands for none
  for (const state of states) {
    if (state.next.size > 0) state.first = entry;
    const next = [...state.next].sort(([a], [b]) => a - b);
    for (const [i, [token, to]] of next.entries()) {
      const last = i === next.length - 1 ? WORD_LAST : 0;
      const word = token | (to.first << WORD_SHIFT) | (to.ends ? WORD_ENDS : 0) | last;
      view.setInt32(lists + 4 * entry++, word, true);
    }
  }
  for (const [token, kind] of kinds.entries()) {
    const { first = 0, ends = false } = start.next.get(token) ?? {};
    const bits = kind | (ends ? WORD_WHOLE : 0) | (first > 0 ? WORD_BEGINS : 0);
    const at = token >> 1;
    view.setUint8(at, view.getUint8(at) | (bits << (4 * (token & 1))));
    view.setUint16(numbersAt(vocabulary) + 2 * token, first, true);
  }
  return new Uint8Array(view.buffer);
}

/** Whether packed words keep within themselves, whatever is looked up. */
export function areWords(packed: Uint8Array, vocabulary: number): boolean {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const lists = listsAt(vocabulary);
  const entries = (packed.length - lists) / 4;
  if (!Number.isInteger(entries) || entries < 1) return false;
  for (let token = 0; token < vocabulary; token++)
    if (view.getUint16(numbersAt(vocabulary) + 2 * token, true) >= entries) return false;
  for (let at = lists; at < packed.length; at += 4)
    if (((view.getUint32(at, true) >>> WORD_SHIFT) & WORD_NEXT) >= entries) return false;
  return entries === 1 || view.getInt32(packed.length - 4, true) < 0; // the last of a list
}
