/** BERT's WordPiece: the text is made even, cut into words, and each word into the longest pieces (src/model/tokenizers/wordpiece.ts). */
import {
  cleanText, goneKinds, lineBytes, longestPiece, longestWord, promptMerges, separateIdeographs, textRules, uniquePieces, unknownToken,
  wordKinds, wordStarts,
} from "../contract/config";
import { CONTROL, IDEOGRAPH, NUMBER, PUNCTUATION, WHITE } from "../contract/constants";
import { REPLACEMENT, codePoint, kindsOf, readCharacter } from "./characters";
import { NONE, find, promptSlot } from "./pieces";
import { FOLDS, FOLD_BYTES, FOLD_COUNT, REPLACEMENTS } from "./rules";

const SPACE: u8 = 0x20;

/** End of the evened text, which begins at `promptMerges`. */
let evenEnd: usize = 0;

/** Encodes text behind the start token; returns the count of all tokens. */
export function encodeWordPiece(text: usize, bytes: i32): i32 {
  evenOut(text, text + bytes);
  replaceAll();
  let count = 1;
  let start = promptMerges;
  let length = 0;
  let before: u32 = WHITE;
  for (let at = promptMerges; at < evenEnd; ) {
    const end = at + readCharacter(at, evenEnd);
    const kinds = kindsOf(codePoint) & wordKinds;
    const goesOn = kinds == before && !(kinds & (PUNCTUATION | NUMBER | WHITE));
    if (!goesOn) {
      if (length) count = encodeWord(start, at, length, count);
      start = at;
      length = 0;
    }
    if (kinds & WHITE) length = 0;
    else length++;
    before = kinds;
    at = end;
  }
  return length ? encodeWord(start, evenEnd, length, count) : count;
}

/** Cuts one word of `length` characters into the longest pieces; all of it is unknown where that cannot be done. */
function encodeWord(start: usize, end: usize, length: i32, count: i32): i32 {
  const first = count;
  if (length <= longestWord) {
    let at = start;
    for (; at < end; ) {
      const token = longestAt(at, end, at == start);
      if (token == NONE) break;
      store<i32>(promptSlot(count++), token);
      at += <usize>foundBytes;
    }
    if (at >= end) return count;
  }
  store<i32>(promptSlot(first), unknownToken);
  return first + 1;
}

let foundBytes: i32 = 0;

/** The longest piece that the text at `at` begins with: of those that begin a word, or go on with one. */
function longestAt(at: usize, end: usize, begins: bool): i32 {
  for (foundBytes = min(<i32>(end - at), longestPiece); foundBytes > 0; foundBytes--) {
    const token = begins
      ? find(at, foundBytes, 0, 0, 0, wordStarts, true)
      : find(at, foundBytes, 0, 0, wordStarts, uniquePieces, false);
    if (token != NONE) return token;
  }
  return NONE;
}

/** Room for the evened text. */
// @ts-ignore: decorator
@inline
function room(): usize {
  return promptMerges + ((<usize>lineBytes) << 2);
}

function put(byte: u8): void {
  if (evenEnd >= room()) return;
  store<u8>(evenEnd, byte);
  evenEnd++;
}

function putRun(from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i++) put(load<u8>(from + i));
}

/** Each character as its rules have it, one behind the other from `promptMerges` on. */
function evenOut(text: usize, end: usize): void {
  evenEnd = promptMerges;
  for (let at = text; at < end; ) {
    const length = readCharacter(at, end);
    const kinds = kindsOf(codePoint);
    const isLayout = codePoint == 9 || codePoint == 10 || codePoint == 13;
    const isGone = !codePoint || codePoint == REPLACEMENT || (kinds & CONTROL && !isLayout);
    if (cleanText && isGone) {
      // It goes.
    } else if (cleanText && kinds & WHITE) {
      put(SPACE);
    } else if (separateIdeographs && kinds & IDEOGRAPH) {
      put(SPACE);
      putFolded(at, length, kinds);
      put(SPACE);
    } else {
      putFolded(at, length, kinds);
    }
    at += length;
  }
}

/** The character at `at`, or what it becomes. A byte that is no part of one becomes the replacement character. */
function putFolded(at: usize, length: i32, kinds: u32): void {
  if (kinds & goneKinds) return;
  if (codePoint == REPLACEMENT) {
    put(0xef);
    put(0xbf);
    put(0xbd);
    return;
  }
  let low: u32 = 0;
  let high = load<u32>(textRules, FOLD_COUNT);
  const folds = textRules + load<u32>(textRules, FOLDS);
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = folds + (middle << 3);
    const point = load<u32>(entry);
    if (point == codePoint) {
      const from = load<u32>(entry, 4);
      putRun(textRules + load<u32>(textRules, FOLD_BYTES) + from, load<u32>(entry, 12) - from);
      return;
    }
    if (point < codePoint) low = middle + 1;
    else high = middle;
  }
  putRun(at, length);
}

/** Replaces texts by others that are no longer, in place, one rule after the other. */
function replaceAll(): void {
  let rule = textRules + load<u32>(textRules, REPLACEMENTS);
  while (load<u8>(rule)) {
    const fromBytes = <usize>load<u8>(rule);
    const toBytes = <usize>load<u8>(rule, 1);
    const from = rule + 2;
    let out = promptMerges;
    for (let at = promptMerges; at < evenEnd; ) {
      if (evenEnd - at >= fromBytes && memory.compare(at, from, fromBytes) == 0) {
        memory.copy(out, from + fromBytes, toBytes);
        out += toBytes;
        at += fromBytes;
      } else {
        store<u8>(out, load<u8>(at));
        out++;
        at++;
      }
    }
    evenEnd = out;
    rule = from + fromBytes + toBytes;
  }
}
