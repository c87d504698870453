/** SentencePiece's Unigram: the pieces with the best sum of scores that spell the text (src/model/tokenizers/unigram.ts). */
import { firstByteToken, longestPiece, pieceScores, separateWords, uniquePieces, unknownScore, unknownToken } from "../contract/config";
import { readCharacter } from "./characters";
import { NONE, SPACE, find, mergeSlot, pieceLength, promptSlot } from "./pieces";

let text: usize = 0;
let textBytes: i32 = 0;
/** 1: a space goes before the text, at place 0. */
let shift: i32 = 0;

// @ts-ignore: decorator
@inline
function byteAt(place: i32): i32 {
  return place < shift ? SPACE : <i32>load<u8>(text + (place - shift));
}

/** The piece from one place to another. */
function pieceBetween(start: i32, end: i32): i32 {
  const front = memory.data<u8>([0x20]);
  return start < shift
    ? find(front, 1, text, end - 1, 0, uniquePieces, false)
    : find(text + (start - shift), end - start, 0, 0, 0, uniquePieces, false);
}

/** Bytes of the character at a place. */
function characterBytes(place: i32): i32 {
  return place < shift ? 1 : readCharacter(text + (place - shift), text + textBytes);
}

/** Encodes text behind the start token; `space`: one goes before it. Returns the count of all tokens. */
export function encodeUnigram(from: usize, bytes: i32, space: bool): i32 {
  text = from;
  textBytes = bytes;
  shift = space ? 1 : 0;
  const places = bytes + shift;
  // Best way to each place: its score in `promptMerges`; in `promptTokens` the token that leads there, or minus the bytes of an
  // unknown character.
  for (let place = 1; place <= places; place++) store<f32>(mergeSlot(place), -Infinity);
  store<f32>(mergeSlot(0), 0);
  for (let start = 0; start < places; ) {
    // All ways lead over the beginning of a word: sums begin anew.
    if (separateWords && start && byteAt(start) == SPACE) store<f32>(mergeSlot(start), 0);
    const one = start + characterBytes(start);
    offerPieces(start, one, places);
    start = one;
  }
  return collect(places);
}

function offerPieces(start: i32, one: i32, places: i32): void {
  let isPiece = false;
  const last = min(places, start + longestPiece);
  for (let end = start + 1; end <= last; end++) {
    if (separateWords && end > start + 1 && byteAt(end - 1) == SPACE) break;
    const token = pieceBetween(start, end);
    if (token == NONE) continue;
    offer(start, end, token, load<f32>(pieceScores + ((<usize>token) << 2)));
    if (end == one) isPiece = true;
  }
  if (!isPiece) offer(start, one, start - one, reinterpret<f32>(unknownScore));
}

function offer(start: i32, end: i32, token: i32, score: f32): void {
  const sum: f32 = load<f32>(mergeSlot(start)) + score;
  if (sum <= load<f32>(mergeSlot(end))) return;
  store<f32>(mergeSlot(end), sum);
  store<i32>(promptSlot(end), token);
}

/** Walks the best way back, and puts its tokens in order behind the start token. */
function collect(places: i32): i32 {
  let count = 0;
  let wasUnknown = false;
  for (let end = places; end > 0; ) {
    const token = load<i32>(promptSlot(end));
    const start = token < 0 ? end + token : end - pieceLength(token);
    if (token >= 0) store<i32>(mergeSlot(count++), token);
    else if (firstByteToken >= 0) for (let at = end - 1; at >= start; at--) store<i32>(mergeSlot(count++), firstByteToken + byteAt(at));
    else if (!wasUnknown) store<i32>(mergeSlot(count++), unknownToken); // unknown ones in a row are one
    wasUnknown = token < 0 && !(separateWords && byteAt(start) == SPACE);
    end = start;
  }
  for (let i = 0; i < count; i++) store<i32>(promptSlot(count - i), load<i32>(mergeSlot(i)));
  return count + 1;
}
