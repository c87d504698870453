/**
 * Requests as a model was taught to read them (src/intents/template.ts, `normalize`): in lower case, without marks at the ends of words,
 * one space between words. Letters are those of Latin-1 and Russian.
 */
const SPACE: u32 = 0x20;
const LATIN: u32 = 0xc3;
const CYRILLIC: u32 = 0xd0;

/** Rewrites `bytes` bytes of UTF-8 in place; returns how many are left. */
export function foldRequest(text: usize, bytes: i32): i32 {
  let left = 0;
  for (let i = 0; i < bytes; i++) {
    const byte = <u32>load<u8>(text + i);
    const next: u32 = i + 1 < bytes ? load<u8>(text + i + 1) : SPACE;
    if (isMark(byte) && next == SPACE) continue;
    if (byte == SPACE && (!left || load<u8>(text + left - 1) == <u8>SPACE)) continue;
    if (byte == LATIN || byte == CYRILLIC) {
      store<u16>(text + left, lowerPair(byte, next));
      left += 2;
      i++;
    } else store<u8>(text + left++, <u8>lower(byte));
  }
  if (left && load<u8>(text + left - 1) == <u8>SPACE) left--;
  return left;
}

function isMark(byte: u32): bool {
  return byte == 0x2e || byte == 0x2c || byte == 0x21 || byte == 0x3f || byte == 0x3b || byte == 0x3a;
}

function lower(byte: u32): u32 {
  return byte - 0x41 < 26 ? byte + 32 : byte;
}

/** A letter of two bytes as a little-endian word: À to Þ, А to Я, Ё. */
function lowerPair(first: u32, second: u32): u16 {
  if (first == LATIN && second >= 0x80 && second <= 0x9e && second != 0x97) second += 0x20;
  else if (first == CYRILLIC && second >= 0x90 && second <= 0x9f) second += 0x20;
  else if (first == CYRILLIC && second >= 0xa0 && second <= 0xaf) {
    first++;
    second -= 0x20;
  } else if (first == CYRILLIC && second == 0x81) {
    first++;
    second = 0x91;
  }
  return <u16>(first | (second << 8));
}
