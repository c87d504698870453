/**
 * Byte-pair encoding and decoding as llama2.c's run.c does it. The firmware packs the vocabulary into four tables: where each
 * piece's bytes are, those bytes, the merge scores, and the ids in the order of their bytes for look-up by halving.
 */
import {
  pieceBytes, pieceOffsets, pieceOrder, pieceScores, promptMerges, promptTokens, uniquePieces, vocabulary,
} from "./contract/config";

export const BOS: i32 = 1;
const UNKNOWN: i32 = 0;
/** Id of byte 0; the 256 byte pieces follow <unk>, <s> and </s>. */
const FIRST_BYTE: i32 = 3;
const SPACE: i32 = 0x20;
const NONE: i32 = -1;

// @ts-ignore: decorator
@inline
function pieceStart(token: i32): usize {
  return pieceBytes + load<u32>(pieceOffsets + ((<usize>token) << 2));
}

// @ts-ignore: decorator
@inline
function pieceLength(token: i32): i32 {
  const entry = pieceOffsets + ((<usize>token) << 2);
  return load<u32>(entry + 4) - load<u32>(entry);
}

// @ts-ignore: decorator
@inline
function promptSlot(index: i32): usize {
  return promptTokens + ((<usize>index) << 2);
}

/** Token id at `index` of the encoded prompt. */
export function promptToken(index: i32): i32 {
  return load<i32>(promptSlot(index));
}

/** Encodes text into `promptTokens`, BOS first; returns how many. `promptTokens` has room for two more than there are bytes. */
export function encode(text: usize, bytes: i32): i32 {
  store<i32>(promptSlot(0), BOS);
  if (!bytes) return 1;
  return mergePairs(splitCharacters(text, bytes));
}

/** One token a UTF-8 character, or one a byte where the character is no piece. A space goes before the text. */
function splitCharacters(text: usize, bytes: i32): i32 {
  let count = 1;
  const space = memory.data<u8>([0x20]);
  const spaceToken = find(space, 1, 0, 0);
  store<i32>(promptSlot(count++), spaceToken == NONE ? byteToken(SPACE) : spaceToken);
  let start = 0;
  for (let end = 1; end <= bytes; end++) {
    const continues = end < bytes && (load<u8>(text + end) & 0xc0) == 0x80 && end - start < 4;
    if (continues) continue;
    const token = find(text + start, end - start, 0, 0);
    if (token == NONE) {
      for (; start < end; start++) store<i32>(promptSlot(count++), byteToken(load<u8>(text + start)));
    } else {
      store<i32>(promptSlot(count++), token);
    }
    start = end;
  }
  return count;
}

/** The piece of a byte; <unk> in a vocabulary that has none. */
function byteToken(byte: i32): i32 {
  const token = FIRST_BYTE + byte;
  const isPiece = token < <i32>vocabulary && byteOfPiece(pieceStart(token), pieceLength(token)) == byte;
  return isPiece ? token : UNKNOWN;
}

/**
 * Merges the neighbouring pair with the best score, the leftmost of equals, until no pair is a piece. `promptMerges` holds
 * what each token and its right neighbour would become, so that a merge costs two look-ups only.
 */
function mergePairs(count: i32): i32 {
  for (let i = 1; i < count; i++) findMerge(i, count);
  for (let best = bestMerge(count); best != NONE; best = bestMerge(count)) {
    store<i32>(promptSlot(best), load<i32>(mergeSlot(best)));
    count--;
    const moved = (<usize>(count - best - 1)) << 2;
    memory.copy(promptSlot(best + 1), promptSlot(best + 2), moved);
    memory.copy(mergeSlot(best + 1), mergeSlot(best + 2), moved);
    findMerge(best, count);
    if (best > 1) findMerge(best - 1, count);
  }
  return count;
}

function bestMerge(count: i32): i32 {
  let best = NONE;
  let bestScore: f32 = 0;
  for (let i = 1; i + 1 < count; i++) {
    const merged = load<i32>(mergeSlot(i));
    if (merged == NONE) continue;
    const score = load<f32>(pieceScores + ((<usize>merged) << 2));
    if (best == NONE || score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}

// @ts-ignore: decorator
@inline
function mergeSlot(index: i32): usize {
  return promptMerges + ((<usize>index) << 2);
}

function findMerge(index: i32, count: i32): void {
  let merged = NONE;
  if (index + 1 < count) {
    const left = promptToken(index);
    const right = promptToken(index + 1);
    merged = find(pieceStart(left), pieceLength(left), pieceStart(right), pieceLength(right));
  }
  store<i32>(mergeSlot(index), merged);
}

/** Id of the piece that consists of two runs of bytes, the second possibly empty; NONE if there is no such piece. */
function find(head: usize, headBytes: i32, tail: usize, tailBytes: i32): i32 {
  let low = 0;
  let high = uniquePieces;
  while (low < high) {
    const middle = (low + high) >> 1;
    const token = <i32>load<u16>(pieceOrder + ((<usize>middle) << 1));
    const order = compare(token, head, headBytes, tail, tailBytes);
    if (!order) return token;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NONE;
}

/** Negative where the piece comes before the two runs, positive after; a prefix comes before what it begins. */
function compare(token: i32, head: usize, headBytes: i32, tail: usize, tailBytes: i32): i32 {
  const piece = pieceStart(token);
  const length = pieceLength(token);
  const bytes = headBytes + tailBytes;
  const common = min(length, bytes);
  for (let i = 0; i < common; i++) {
    const other = <i32>load<u8>(i < headBytes ? head + i : tail + (i - headBytes));
    const order = <i32>load<u8>(piece + i) - other;
    if (order) return order;
  }
  return length - bytes;
}

// Decoding: where the bytes are that a token prints.
export let decodedBytes: i32 = 0;

/** Address of what `token` prints after `previous`; `decodedBytes` says how much. `scratch` is one byte to use. */
export function decode(previous: i32, token: i32, scratch: usize): usize {
  const piece = pieceStart(token);
  decodedBytes = pieceLength(token);
  const byte = byteOfPiece(piece, decodedBytes);
  if (byte >= 0) {
    store<u8>(scratch, <u8>byte);
    decodedBytes = 1;
    return scratch;
  }
  if (previous == BOS && decodedBytes && load<u8>(piece) == SPACE) {
    decodedBytes--;
    return piece + 1;
  }
  return piece;
}

/** 65 for the piece `<0x41>`, negative for any other. */
function byteOfPiece(piece: usize, length: i32): i32 {
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
