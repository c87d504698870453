/** The words that a run learns from. */
import { value } from '../contract/index.ts';
import { countWords, packWords, wordKinds } from '../grammar/index.ts';
import type { Tokenizer } from '../model/index.ts';
import type { Corpus } from './batches.ts';

/** Tokens that are counted at a time, and at most: what is rare in so many is rare. */
const PORTION = 1 << 16;
const MOST = 1 << 26;

/** Packed for the chip; undefined: the text has none. */
export function wordsOf(
  { tokens }: Pick<Corpus, 'tokens'>,
  tokenizer: Tokenizer,
  portion = PORTION,
): Uint8Array | undefined {
  const kinds = wordKinds(tokenizer);
  const counts = new Map<string, number>();
  const length = Math.min(tokens.length, MOST);
  for (let start = 0; start < length; ) {
    const part = new Int32Array(Math.min(portion, length - start));
    tokens.copy(start, part);
    const end = start + part.length === length ? part.length : beginningOfLast(part, kinds);
    countWords(counts, part.subarray(0, end), kinds);
    start += end;
  }
  return packWords(counts, kinds);
}

/** Where the last word of a portion begins, or a mark, as what is behind the portion may go on with it; a portion that is one word ends it. */
function beginningOfLast(part: Int32Array, kinds: Uint8Array): number {
  const last = part.findLastIndex((token) => !(kinds[token] & value.WORD_JOINS));
  return last > 0 ? last : part.length;
}
