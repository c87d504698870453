/** Bytes as characters, and what kind of character each is (classes.generated.ts). */
import { CLASSES } from './classes.generated.ts';

/** Kinds, one bit each. */
export const LETTER = 1;
export const NUMBER = 2;
/** White_Space. */
export const WHITE = 4;
/** Unicode's and ASCII's punctuation, symbols of ASCII included. */
export const PUNCTUATION = 8;
/** What `\w` means: alphabetic, marks, decimal digits, connectors, joiners. */
export const WORD = 16;
/** Non-spacing marks: accents. */
export const MARK = 32;
/** Control and format characters, surrogates, private use. */
export const CONTROL = 64;
/** All marks. */
export const ANY_MARK = 128;
/** CJK ideographs, as BERT counts them. */
export const IDEOGRAPH = 256;

/** Bits of the kinds; the code point is above them. */
export const KIND_BITS = 9;

/** Where each class begins: code point above KIND_BITS bits of kinds. Sorted; the first begins at 0. */
export const classRanges: Uint32Array = (() => {
  let start = 0;
  const numbers = CLASSES.split(' ').map((entry) => {
    const [gap, kinds] = entry.split(',').map((text) => Number.parseInt(text, 36));
    start += gap;
    return ((start << KIND_BITS) | kinds) >>> 0;
  });
  return Uint32Array.from(numbers);
})();

/** The kinds of a code point. */
export function kindsOf(codePoint: number, ranges: Uint32Array = classRanges): number {
  let low = 0;
  let high = ranges.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ranges[middle] >>> KIND_BITS <= codePoint) low = middle;
    else high = middle;
  }
  return ranges[low] & ((1 << KIND_BITS) - 1);
}

/** What stands for a byte that is no part of a character. */
export const REPLACEMENT = 0xfffd;

export interface Character {
  codePoint: number;
  /** Where its bytes begin and end. */
  start: number;
  end: number;
}

/** The characters of a text; a byte that is no part of one is REPLACEMENT alone. Overlong forms and surrogates count as such bytes. */
export function charactersOf(bytes: Uint8Array): Character[] {
  const out: Character[] = [];
  for (let start = 0; start < bytes.length; ) {
    const length = lengthAt(bytes, start);
    out.push({
      codePoint: length ? codePointAt(bytes, start, length) : REPLACEMENT,
      start,
      end: start + (length || 1),
    });
    start += length || 1;
  }
  return out;
}

/** Bytes of the character that begins at `at`; 0 where none does. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  if (at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return 0;
  const codePoint = codePointAt(bytes, at, length);
  const tooSmall = codePoint < (length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000);
  return tooSmall || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint < 0xe000) ? 0 : length;
}

function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  if (length === 1) return bytes[at];
  let value = bytes[at] & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) value = (value << 6) | (bytes[at + i] & 0x3f);
  return value;
}
