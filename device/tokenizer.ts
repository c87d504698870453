/** Encoding and decoding by the model's tokenizer, of which there are four kinds; what is not the image's folds away. */
import { endToken, hidesSpace, normalForm, spaceInFront, startToken, tokenizerKind } from "./contract/config";
import { BYTE_LEVEL, SENTENCEPIECE, SPACE_ALWAYS, SPACE_MISSING, UNIGRAM, WORDPIECE } from "./contract/constants";
import { encodeByteLevel } from "./tokenizer/byte-level";
import { normalText, normalise } from "./tokenizer/normal-form";
import { SPACE, byteOfPiece, pieceLength, pieceStart, promptSlot } from "./tokenizer/pieces";
import { encodeSentencePiece } from "./tokenizer/sentencepiece";
import { encodeUnigram } from "./tokenizer/unigram";
import { encodeWordPiece } from "./tokenizer/wordpiece";
export { promptToken } from "./tokenizer/pieces";

/**
 * Encodes text into `promptTokens`, the start token first; returns how many. `promptTokens` has room for two more than there are bytes.
 * `isFirst`: nothing stands before it, so a space may go there.
 */
export function encode(text: usize, bytes: i32, isFirst: bool = true): i32 {
  store<i32>(promptSlot(0), startToken);
  if (!bytes) return 1;
  if (tokenizerKind == WORDPIECE) return encodeWordPiece(text, bytes);
  return encodePieces(normalForm ? normalText() : text, normalForm ? normalise(text, bytes) : bytes, isFirst);
}

// @ts-ignore: decorator
@inline
function encodePieces(text: usize, bytes: i32, isFirst: bool): i32 {
  const space = isFirst && (spaceInFront == SPACE_ALWAYS || (spaceInFront == SPACE_MISSING && load<u8>(text) != SPACE));
  if (tokenizerKind == BYTE_LEVEL) return encodeByteLevel(text, bytes, space);
  if (tokenizerKind == UNIGRAM) return encodeUnigram(text, bytes, space);
  return encodeSentencePiece(text, bytes, space);
}

/** Whether a token of the model's ends the text. */
// @ts-ignore: decorator
@inline
export function isEnd(token: i32): bool {
  return token == startToken || token == endToken;
}

// Decoding: where the bytes are that a token prints.
export let decodedBytes: i32 = 0;

/** Address of what `token` prints after `previous`; `decodedBytes` says how much. `scratch` is one byte to use. */
export function decode(previous: i32, token: i32, scratch: usize): usize {
  const piece = pieceStart(token);
  decodedBytes = pieceLength(token);
  const byte = tokenizerKind == SENTENCEPIECE || tokenizerKind == UNIGRAM ? byteOfPiece(piece, decodedBytes) : -1;
  if (byte >= 0) {
    store<u8>(scratch, <u8>byte);
    decodedBytes = 1;
    return scratch;
  }
  if (hidesSpace && previous == startToken && decodedBytes && load<u8>(piece) == SPACE) {
    decodedBytes--;
    return piece + 1;
  }
  return piece;
}
