/** Bytes as characters, and what kind of character each is, by the builder's table. */
import { textRules } from "../contract/config";
import { KIND_BITS } from "../contract/constants";
import { CLASSES, CLASS_COUNT } from "./rules";

/** What stands for a byte that is no part of a character. */
export const REPLACEMENT: u32 = 0xfffd;

/** Of the character that was read last. */
export let codePoint: u32 = 0;

/** Reads the character at `at`, before `end`, and returns its bytes; a byte that is no part of one is REPLACEMENT alone. */
export function readCharacter(at: usize, end: usize): i32 {
  const first = <u32>load<u8>(at);
  codePoint = first;
  if (first < 0x80) return 1;
  const length: i32 = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  codePoint = REPLACEMENT;
  if (!length || <usize>length > end - at) return 1;
  let value = first & (<u32>0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = <u32>load<u8>(at + i);
    if ((next & 0xc0) != 0x80) return 1;
    value = (value << 6) | (next & 0x3f);
  }
  const least: u32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 1;
  codePoint = value;
  return length;
}

/** The kinds of a code point. */
export function kindsOf(point: u32): u32 {
  let low: u32 = 0;
  let high = load<u32>(textRules, CLASS_COUNT);
  const classes = textRules + load<u32>(textRules, CLASSES);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (load<u32>(classes + (middle << 2)) >> KIND_BITS <= point) low = middle;
    else high = middle;
  }
  return load<u32>(classes + (low << 2)) & ((1 << KIND_BITS) - 1);
}
