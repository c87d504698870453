import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import { shippedTokenizer } from './testing.ts';
import { areWords, countWords, packWords, wordKinds } from './words.ts';

const { WORD_BEGINS, WORD_ENDS, WORD_JOINS, WORD_LAST, WORD_NEXT, WORD_PART, WORD_SHIFT, WORD_TOKEN } = value;

/** All words that are packed, as packed words are read: by the contract's constants alone. */
function unpacked(packed: Uint8Array, vocabulary: number): string[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const numbers = 2 * Math.ceil(vocabulary / 4);
  const lists = 4 * Math.ceil((numbers + 2 * vocabulary) / 4);
  const words: string[] = [];
  const visit = (word: string, list: number, ends: boolean): void => {
    if (ends) words.push(word);
    for (let at = lists + 4 * list; list > 0; at += 4) {
      const entry = view.getInt32(at, true);
      const next = (entry >>> WORD_SHIFT) & WORD_NEXT;
      visit(word + String.fromCharCode(entry & WORD_TOKEN), next, (entry & WORD_ENDS) !== 0);
      if (entry & WORD_LAST) break;
    }
  };
  for (let token = 0; token < vocabulary; token++) {
    const bits = packed[token >> 1] >> (4 * (token & 1));
    const list = view.getUint16(numbers + 2 * token, true);
    expect((bits & WORD_BEGINS) !== 0).toBe(list > 0);
    visit(String.fromCharCode(token), list, (bits & value.WORD_WHOLE) !== 0);
  }
  return words;
}

const VOCABULARY = 21;
/** The first third begins words, the second goes on with them, the rest is none of a word. */
const kinds = Uint8Array.from({ length: VOCABULARY }, (_, token) =>
  token < 7 ? WORD_PART : token < 14 ? WORD_PART | WORD_JOINS : 0,
);
const word = fc
  .tuple(fc.integer({ min: 0, max: 13 }), fc.array(fc.integer({ min: 7, max: 13 }), { maxLength: 6 }))
  .map(([first, more]) => String.fromCharCode(first, ...more));

describe('known words', () => {
  it('are those that were counted, and no others', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
        const packed = packWords(new Map(words.map((word) => [word, 1])), kinds)!;
        expect(areWords(packed, VOCABULARY)).toBe(true);
        expect(unpacked(packed, VOCABULARY).sort()).toEqual([...new Set(words)].sort());
      }),
      { endOnFailure: true },
    );
  });

  it('are counted as the text has them, wherever it is cut between two', () => {
    const text = [0, 7, 8, 15, 9, 9, 1, 2, 10, 16, 16, 0, 7, 8];
    const counts = new Map<string, number>();
    countWords(counts, text.slice(0, 7), kinds);
    countWords(counts, text.slice(7), kinds);
    const named = [...counts].map(([word, count]) => [[...word].map((c) => c.charCodeAt(0)).join(), count]);
    expect(Object.fromEntries(named)).toEqual({ '0,7,8': 2, '9,9': 1, '1': 1, '2,10': 1 });
  });

  it('that a large text has once are left out, and the rarest of more than can be numbered', () => {
    const packed = packWords(new Map([['\x00', 1_000_000], ['\x01', 2], ['\x02', 1]]), kinds)!; // biome-ignore format: as a table
    expect(unpacked(packed, VOCABULARY)).toEqual(['\x00', '\x01']);
    // More than can be numbered: hardly any two go on alike.
    const many = new Map<string, number>();
    for (let i = 0, random = 1; i < 6000; i++) {
      const digits = Array.from({ length: 14 }, () => {
        random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
        return 7 + ((random >>> 16) % 7);
      });
      many.set(String.fromCharCode(i % 7, ...digits), 1 + (i % 5));
    }
    const fitting = packWords(many, kinds)!;
    const left = unpacked(fitting, VOCABULARY);
    expect(left.length).toBeGreaterThan(100);
    expect(left.length).toBeLessThan(6000);
    const least = Math.min(...left.map((word) => many.get(word)!));
    expect(left.length).toBe([...many.values()].filter((count) => count >= least).length);
  });

  it('are none of a text without letters', () => {
    expect(packWords(new Map(), kinds)).toBeUndefined();
  });

  it('that are damaged are taken for none where a look at them would leave them or never end', () => {
    const packed = packWords(new Map([['\x00\x07', 1], ['\x00\x08\x09', 1], ['\x01', 1]]), kinds)!; // biome-ignore format: as a table
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = packed.slice();
        other[at] ^= change;
        if (!areWords(other, VOCABULARY)) return;
        const view = new DataView(other.buffer);
        const numbers = 2 * Math.ceil(VOCABULARY / 4);
        const lists = 4 * Math.ceil((numbers + 2 * VOCABULARY) / 4);
        const ends = (list: number): boolean => {
          for (let place = lists + 4 * list; place < other.length; place += 4)
            if (view.getInt32(place, true) & WORD_LAST) return true;
          return list === 0;
        };
        for (let token = 0; token < VOCABULARY; token++)
          expect(ends(view.getUint16(numbers + 2 * token, true))).toBe(true);
        for (let place = lists; place < other.length; place += 4)
          expect(ends((view.getUint32(place, true) >>> WORD_SHIFT) & WORD_NEXT)).toBe(true);
      }),
    );
    expect(areWords(packed.subarray(0, packed.length - 4), VOCABULARY)).toBe(false);
    expect(areWords(packed.subarray(0, 8), VOCABULARY)).toBe(false);
    expect(areWords(packed, VOCABULARY + 40)).toBe(false);
  });

  it('of a tokenizer are its pieces of letters, and what goes on with a word has no space in front', () => {
    const tokenizer = shippedTokenizer();
    const kinds = wordKinds(tokenizer);
    const kindOf = (text: string): number[] =>
      [...tokenizer.encode(text)].slice(1).map((token) => kinds[token]);
    expect(kindOf('the')).toEqual([WORD_PART]); // a space is put in front
    expect(kindOf('. "')).not.toContain(WORD_PART);
    expect(kindOf('3')).not.toContain(WORD_PART | WORD_JOINS);
    const cut = kindOf('unbelievably');
    expect(cut[0]).toBe(WORD_PART);
    expect(new Set(cut.slice(1))).toEqual(new Set([WORD_PART | WORD_JOINS]));
    const { start, end, unknown } = tokenizer.special;
    for (const token of [start, end, unknown]) expect(kinds[token]).toBe(0);
  });
});
