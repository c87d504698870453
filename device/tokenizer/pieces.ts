/**
 * The packed vocabulary: where each piece's bytes are, those bytes, the scores, and the ids in the order of their bytes for look-up by
 * halving. The encoded prompt, and room for as many words again.
 */
import { pieceBytes, pieceOffsets, pieceOrder, promptMerges, promptTokens } from "../contract/config";

export const NONE: i32 = -1;
export const SPACE: i32 = 0x20;

// @ts-ignore: decorator
@inline
export function pieceStart(token: i32): usize {
  return pieceBytes + load<u32>(pieceOffsets + ((<usize>token) << 2));
}

// @ts-ignore: decorator
@inline
export function pieceLength(token: i32): i32 {
  const entry = pieceOffsets + ((<usize>token) << 2);
  return load<u32>(entry + 4) - load<u32>(entry);
}

// @ts-ignore: decorator
@inline
export function promptSlot(index: i32): usize {
  return promptTokens + ((<usize>index) << 2);
}

// @ts-ignore: decorator
@inline
export function mergeSlot(index: i32): usize {
  return promptMerges + ((<usize>index) << 2);
}

/** Token id at `index` of the encoded prompt. */
export function promptToken(index: i32): i32 {
  return load<i32>(promptSlot(index));
}

/**
 * Id of the piece that consists of two runs of bytes, the second possibly empty; NONE if there is no such piece among those from
 * `low` to before `high` of the order. `words`: the pieces are compared without the space that they begin with.
 */
export function find(head: usize, headBytes: i32, tail: usize, tailBytes: i32, low: i32, high: i32, words: bool): i32 {
  while (low < high) {
    const middle = (low + high) >> 1;
    const token = <i32>load<u16>(pieceOrder + ((<usize>middle) << 1));
    const order = compare(token, head, headBytes, tail, tailBytes, words);
    if (!order) return token;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NONE;
}

/** Negative where the piece comes before the two runs, positive after; a prefix comes before what it begins. */
function compare(token: i32, head: usize, headBytes: i32, tail: usize, tailBytes: i32, words: bool): i32 {
  let piece = pieceStart(token);
  let length = pieceLength(token);
  if (words && load<u8>(piece) == SPACE) {
    piece++;
    length--;
  }
  const bytes = headBytes + tailBytes;
  const common = min(length, bytes);
  for (let i = 0; i < common; i++) {
    const other = <i32>load<u8>(i < headBytes ? head + i : tail + (i - headBytes));
    const order = <i32>load<u8>(piece + i) - other;
    if (order) return order;
  }
  return length - bytes;
}

/** 65 for the piece `<0x41>`, negative for any other. */
export function byteOfPiece(piece: usize, length: i32): i32 {
  if (length != 6 || load<u8>(piece) != 0x3c || load<u16>(piece, 1) != 0x7830 || load<u8>(piece, 5) != 0x3e) return NONE;
  const upper = hexDigit(load<u8>(piece, 3));
  const lower = hexDigit(load<u8>(piece, 4));
  return upper < 0 || lower < 0 ? NONE : (upper << 4) | lower;
}

function hexDigit(character: i32): i32 {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = (character | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : NONE;
}
