/** SentencePiece's BPE as llama2.c's run.c does it. */
import { firstByteToken, uniquePieces, unknownToken } from "../contract/config";
import { mergePairs } from "./merge";
import { NONE, SPACE, find, promptSlot } from "./pieces";

/** Encodes text behind the start token; `space`: one goes before it. Returns the count of all tokens. */
export function encodeSentencePiece(text: usize, bytes: i32, space: bool): i32 {
  let count = 1;
  if (space) {
    const spaceToken = find(memory.data<u8>([0x20]), 1, 0, 0, 0, uniquePieces, false);
    store<i32>(promptSlot(count++), spaceToken == NONE ? byteToken(SPACE) : spaceToken);
  }
  return mergePairs(1, splitCharacters(text, bytes, count));
}

/** One token a UTF-8 character, or one a byte where the character is no piece. */
function splitCharacters(text: usize, bytes: i32, count: i32): i32 {
  let start = 0;
  for (let end = 1; end <= bytes; end++) {
    const continues = end < bytes && (load<u8>(text + end) & 0xc0) == 0x80 && end - start < 4;
    if (continues) continue;
    const token = find(text + start, end - start, 0, 0, 0, uniquePieces, false);
    if (token == NONE) {
      for (; start < end; start++) store<i32>(promptSlot(count++), byteToken(load<u8>(text + start)));
    } else {
      store<i32>(promptSlot(count++), token);
    }
    start = end;
  }
  return count;
}

/** The piece of a byte; the unknown one in a vocabulary that has none. */
// @ts-ignore: decorator
@inline
function byteToken(byte: i32): i32 {
  return firstByteToken < 0 ? unknownToken : firstByteToken + byte;
}
