/** GPT-2's byte-level BPE: a text is cut by a regular expression, then the bytes of each part are merged (src/model/tokenizers). */
import { candidates, textPattern, uniquePieces, unknownToken, wholeParts } from "../contract/config";
import { GPT2, LETTER, NUMBER, QWEN2, WHITE } from "../contract/constants";
import { codePoint, kindsOf, readCharacter } from "./characters";
import { mergePairs } from "./merge";
import { NONE, find, promptSlot } from "./pieces";

const APOSTROPHE: u32 = 0x27;
const SPACE: u32 = 0x20;
const LINE_FEED: u32 = 10;
const CARRIAGE_RETURN: u32 = 13;
/** The kind of what is behind the text. */
const END: u32 = 0xffffffff;

let textEnd: usize = 0;

/** Encodes text behind the start token; `space`: one goes before it. Returns the count of all tokens. */
export function encodeByteLevel(text: usize, bytes: i32, space: bool): i32 {
  let at = text;
  if (space) {
    // Together with its space, where the sampler's heap will be: a byte-level vocabulary has more pieces than a line has bytes, halved.
    at = candidates;
    store<u8>(at, SPACE);
    memory.copy(at + 1, text, bytes);
    bytes++;
  }
  textEnd = at + bytes;
  let count = 1;
  while (at < textEnd) {
    const end = textPattern == GPT2 ? endOfGpt2(at) : endOfLlama3(at);
    count = encodePart(at, <i32>(end - at), count);
    at = end;
  }
  return count;
}

/** Encodes one part, merged in itself. */
function encodePart(text: usize, bytes: i32, count: i32): i32 {
  if (wholeParts) {
    const whole = find(text, bytes, 0, 0, 0, uniquePieces, false);
    if (whole != NONE) {
      store<i32>(promptSlot(count), whole);
      return count + 1;
    }
  }
  const first = count;
  for (let i = 0; i < bytes; i++) store<i32>(promptSlot(count++), byteToken(text + i));
  return mergePairs(first, count);
}

function byteToken(byte: usize): i32 {
  const token = find(byte, 1, 0, 0, 0, uniquePieces, false);
  return token == NONE ? unknownToken : token;
}

/** The kind of the character at `at`, as the expressions tell them apart: letters, numbers, white space, the rest. */
function kindAt(at: usize): u32 {
  if (at >= textEnd) return END;
  readCharacter(at, textEnd);
  return kindsOf(codePoint) & (LETTER | NUMBER | WHITE);
}

// @ts-ignore: decorator
@inline
function after(at: usize): usize {
  return at + readCharacter(at, textEnd);
}

// @ts-ignore: decorator
@inline
function is(at: usize, character: u32): bool {
  return at < textEnd && load<u8>(at) == character;
}

// @ts-ignore: decorator
@inline
function isLineEnd(at: usize): bool {
  return is(at, LINE_FEED) || is(at, CARRIAGE_RETURN);
}

/** End of the run of characters of the same kind. */
function endOfRun(at: usize): usize {
  const kind = kindAt(at);
  let end = after(at);
  while (kindAt(end) == kind) end = after(end);
  return end;
}

/** Whether `character` is at `at`, in small letters or, for llama 3 and Qwen2, in any. */
function isLetter(at: usize, character: u32): bool {
  return is(at, character) || (textPattern != GPT2 && is(at, character - 0x20));
}

/** End of `'s`, `'t`, `'re` ... that begins at `at`; `at` where none does. */
function endOfContraction(at: usize): usize {
  if (!is(at, APOSTROPHE)) return at;
  const next = at + 1;
  if (isLetter(next, 0x73) || isLetter(next, 0x74) || isLetter(next, 0x6d) || isLetter(next, 0x64)) return at + 2;
  const second = at + 2;
  if (isLetter(next, 0x6c)) return isLetter(second, 0x6c) ? at + 3 : at;
  if (isLetter(next, 0x72) || isLetter(next, 0x76)) return isLetter(second, 0x65) ? at + 3 : at;
  return at;
}

/** `\s+(?!\S)|\s+`: white space, without the last one before something else, unless it is all there is. */
function endOfWhite(at: usize): usize {
  const end = endOfRun(at);
  if (end >= textEnd) return end;
  let last = at;
  for (let next = after(at); next < end; next = after(next)) last = next;
  return last > at ? last : end;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
function endOfGpt2(at: usize): usize {
  const contraction = endOfContraction(at);
  if (contraction > at) return contraction;
  const first = is(at, SPACE) ? at + 1 : at;
  const kind = kindAt(first);
  return kind != END && kind != WHITE ? endOfRun(first) : endOfWhite(at);
}

// Qwen2's is the same with \p{N} alone.
// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
function endOfLlama3(at: usize): usize {
  const contraction = endOfContraction(at);
  if (contraction > at) return contraction;
  const kind = kindAt(at);
  if (kind == LETTER) return endOfRun(at);
  if (kind != NUMBER && !isLineEnd(at) && kindAt(after(at)) == LETTER) return endOfRun(after(at));
  if (kind == NUMBER) {
    let end = after(at);
    if (textPattern == QWEN2) return end;
    for (let digits = 1; digits < 3 && kindAt(end) == NUMBER; digits++) end = after(end);
    return end;
  }
  const first = is(at, SPACE) ? at + 1 : at;
  if (kindAt(first) == 0) {
    let end = endOfRun(first);
    while (isLineEnd(end)) end++;
    return end;
  }
  for (let end = endOfRun(at); end > at; end--) if (isLineEnd(end - 1)) return end;
  return endOfWhite(at);
}
