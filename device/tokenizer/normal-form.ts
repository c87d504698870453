/** Text in a normal form of Unicode's, C or KC as the tables are (src/model/tokenizers/normal-form.ts; UAX 15). */
import { candidates, lineBytes, promptMerges, textRules, vocabulary } from "../contract/config";
import { FOLDS, FOLD_BYTES, FOLD_COUNT, MARKS, MARK_COUNT, MARK_RANK_BITS, PAIRS, PAIR_COUNT } from "./rules";

/** A gathered character: its code point, and above it the rank of its combining class. */
const POINT_BITS: u32 = 21;
const POINT: u32 = (1 << POINT_BITS) - 1;

// Hangul: consonants, vowels and final consonants compose to syllables by their numbers.
const LEADING: u32 = 0x1100;
const LEADING_COUNT: u32 = 19;
const VOWEL: u32 = 0x1161;
const VOWEL_COUNT: u32 = 21;
const BEFORE_TRAILING: u32 = 0x11a7;
const TRAILING_COUNT: u32 = 28;
const SYLLABLE: u32 = 0xac00;
const SYLLABLE_COUNT: u32 = 11172;

/** Where the text is that came out, behind room for a space: where the sampler's heap will be. */
// @ts-ignore: decorator
@inline
export function normalText(): usize {
  return candidates + 1;
}

/** Characters are gathered from `promptMerges` on, until the next one surely does not change them. */
// @ts-ignore: decorator
@inline
function slot(index: i32): usize {
  return promptMerges + (<usize>index << 2);
}

// How many there are, and how many bytes came out: behind room for a line's characters. Globals would take memory in every image.
// @ts-ignore: decorator
@inline
function gathered(): i32 {
  return load<i32>(slot(lineBytes));
}

// @ts-ignore: decorator
@inline
function setGathered(count: i32): void {
  store<i32>(slot(lineBytes), count);
}

// @ts-ignore: decorator
@inline
function written(): i32 {
  return load<i32>(slot(lineBytes + 1));
}

// @ts-ignore: decorator
@inline
function setWritten(bytes: i32): void {
  store<i32>(slot(lineBytes + 1), bytes);
}

/** Writes a text in its normal form to {@link normalText} and returns its bytes; what would then be longer than a line is taken as it came. */
export function normalise(text: usize, bytes: i32): i32 {
  const end = text + bytes;
  setGathered(0);
  setWritten(0);
  for (let at = text; at < end; ) {
    const length = bytesAt(at, end);
    const point = pointAt(at, length);
    if (length > 1) gatherParts(point);
    else {
      // ASCII, which begins anew, or a byte that is no part of a character, which composes with nothing.
      compose();
      if (point < 0x80) gather(point);
      else putByte(point);
    }
    at += length;
  }
  compose();
  if (written() <= room()) return written();
  memory.copy(normalText(), text, min(bytes, room()));
  return min(bytes, room());
}

/** Bytes that come out at most: a line's, or what the place holds. */
// @ts-ignore: decorator
@inline
function room(): i32 {
  return min(lineBytes, 2 * vocabulary - 1);
}

// What `readCharacter` does, once more: a compiled program has what it names most in front, so images without this would be laid out anew.

/** Bytes that a character has by its first one. */
// @ts-ignore: decorator
@inline
function bytesBy(first: u32): i32 {
  return first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
}

/** Bytes of the character at `at`, before `end`; 1 where a byte is no part of one. */
function bytesAt(at: usize, end: usize): i32 {
  const length = bytesBy(load<u8>(at));
  if (<usize>length > end - at) return 1;
  for (let i = 1; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 1;
  const point = pointAt(at, length);
  const least: u32 = length < 3 ? 0 : length == 3 ? 0x800 : 0x10000;
  return point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 1 : length;
}

/** The code point of so many bytes. */
function pointAt(at: usize, length: i32): u32 {
  const first = <u32>load<u8>(at);
  if (length == 1) return first;
  let point = first & (<u32>0xff >> (length + 1));
  for (let i = 1; i < length; i++) point = (point << 6) | (load<u8>(at + i) & 0x3f);
  return point;
}

/** Gathers what a character consists of. */
function gatherParts(point: u32): void {
  const folds = textRules + load<u32>(textRules, FOLDS);
  const index = lastUpTo(folds, load<u32>(textRules, FOLD_COUNT), 8, point);
  const entry = folds + (<usize>index << 3);
  if (index < 0 || load<u32>(entry) != point) return gather(point);
  const parts = textRules + load<u32>(textRules, FOLD_BYTES);
  const end = parts + load<u32>(entry, 12);
  for (let part = parts + load<u32>(entry, 4); part < end; ) {
    const length = bytesBy(load<u8>(part));
    gather(pointAt(part, length));
    part += length;
  }
}

/** Of entries of so many bytes that begin with a number each, in order, the last one that is not above `wanted`; -1: none. */
function lastUpTo(entries: usize, count: u32, bytes: usize, wanted: u32): i32 {
  let low = 0;
  let high = <i32>count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(entries + <usize>middle * bytes) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A line's characters have room, unless each is one of the few whose bytes are fewer than what they consist of, and no ASCII among them. */
function gather(point: u32): void {
  if (gathered() == lineBytes) compose();
  const marks = textRules + load<u32>(textRules, MARKS);
  // The entry of the last mark up to this one says the rank, and how many code points from there on have it.
  const index = lastUpTo(marks, load<u32>(textRules, MARK_COUNT), 4, (point << MARK_RANK_BITS) | ((1 << MARK_RANK_BITS) - 1));
  const rank = load<u32>(marks + (<usize>index << 2)) & ((1 << MARK_RANK_BITS) - 1);
  store<u32>(slot(gathered()), (rank << POINT_BITS) | point);
  setGathered(gathered() + 1);
}

/** Puts the marks that are gathered in order, composes what composes, and writes it out. */
function compose(): void {
  const count = gathered();
  order(count);
  let kept = 0;
  let starter = -1;
  let before: u32 = 0;
  for (let i = 0; i < count; i++) {
    const character = load<u32>(slot(i));
    const rank = character >> POINT_BITS;
    const composed = starter >= 0 && (before < rank || !before) ? pair(load<u32>(slot(starter)), character & POINT) : 0;
    if (composed) {
      store<u32>(slot(starter), composed);
      continue;
    }
    if (!rank) starter = kept;
    before = rank;
    store<u32>(slot(kept++), character);
  }
  for (let i = 0; i < kept; i++) put(load<u32>(slot(i)) & POINT);
  setGathered(0);
}

/** Sorts marks that follow each other by their ranks; equal ones stay as they came. */
function order(count: i32): void {
  for (let i = 1; i < count; i++) {
    const character = load<u32>(slot(i));
    if (character <= POINT) continue;
    let to = i;
    while (to && load<u32>(slot(to - 1)) >> POINT_BITS > character >> POINT_BITS) {
      store<u32>(slot(to), load<u32>(slot(to - 1)));
      to--;
    }
    store<u32>(slot(to), character);
  }
}

/** What two characters compose to; 0 where they don't. */
function pair(first: u32, second: u32): u32 {
  if (first - LEADING < LEADING_COUNT && second - VOWEL < VOWEL_COUNT)
    return SYLLABLE + ((first - LEADING) * VOWEL_COUNT + (second - VOWEL)) * TRAILING_COUNT;
  if (first - SYLLABLE < SYLLABLE_COUNT)
    return !((first - SYLLABLE) % TRAILING_COUNT) && second - BEFORE_TRAILING - 1 < TRAILING_COUNT - 1 ? first + second - BEFORE_TRAILING : 0;
  const pairs = textRules + load<u32>(textRules, PAIRS);
  let index = lastUpTo(pairs, load<u32>(textRules, PAIR_COUNT), 12, first);
  for (; index >= 0; index--) {
    const entry = pairs + <usize>index * 12;
    if (load<u32>(entry) != first) return 0;
    if (load<u32>(entry, 4) == second) return load<u32>(entry, 8);
  }
  return 0;
}

function putByte(byte: u32): void {
  if (written() < room()) store<u8>(normalText() + written(), byte);
  setWritten(written() + 1);
}

/** A character as UTF-8. */
function put(point: u32): void {
  if (point < 0x80) return putByte(point);
  if (point < 0x800) putByte(0xc0 | (point >> 6));
  else {
    if (point < 0x10000) putByte(0xe0 | (point >> 12));
    else {
      putByte(0xf0 | (point >> 18));
      putByte(0x80 | ((point >> 12) & 0x3f));
    }
    putByte(0x80 | ((point >> 6) & 0x3f));
  }
  putByte(0x80 | (point & 0x3f));
}
