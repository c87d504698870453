/** Ranges of code points as sequences of byte ranges in UTF-8 (the split of Thompson's grep and RE2). */
import type { Range } from './expression.ts';

/** Largest code point of each encoded length. */
const LENGTH_LIMITS = [0x7f, 0x7ff, 0xffff, 0x10ffff];
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

/** For each byte of the encoding, the range that it may come from. */
export type ByteRanges = readonly Range[];

/** Sequences that together match exactly the encodings of `ranges`; surrogates have none. */
export function utf8Sequences(ranges: readonly Range[]): ByteRanges[] {
  const sequences: ByteRanges[] = [];
  for (const [first, last] of ranges) {
    split(first, Math.min(last, FIRST_SURROGATE - 1), sequences);
    split(Math.max(first, LAST_SURROGATE + 1), last, sequences);
  }
  return sequences;
}

function split(first: number, last: number, into: ByteRanges[]): void {
  if (first > last) return;
  for (const limit of LENGTH_LIMITS) {
    if (first <= limit && last > limit) {
      split(first, limit, into);
      split(limit + 1, last, into);
      return;
    }
  }
  // Where the tails of both ends are not complete, cut so that every piece is a product of byte ranges.
  for (const bits of [6, 12, 18]) {
    const mask = 2 ** bits - 1;
    if (last <= 0x7f || Math.floor(first / (mask + 1)) === Math.floor(last / (mask + 1))) continue;
    if (first % (mask + 1) !== 0) {
      const end = first - (first % (mask + 1)) + mask;
      split(first, end, into);
      split(end + 1, last, into);
      return;
    }
    if (last % (mask + 1) !== mask) {
      const start = last - (last % (mask + 1));
      split(first, start - 1, into);
      split(start, last, into);
      return;
    }
  }
  const from = encode(first);
  const to = encode(last);
  into.push(from.map((byte, i) => [byte, to[i]] as const));
}

function encode(codePoint: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(codePoint))];
}
