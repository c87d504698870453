/** Reading a command line: words and numbers. */
import { line } from "./contract/config";
import { lineLength } from "./line";

const SPACE: i32 = 32;
const ZERO: i32 = 48;
const POINT: i32 = 46;
const LETTER_A: u32 = 0x61;

/** Where the command's argument begins and ends. */
let argument: i32 = 0;
let argumentEnd: i32 = 0;

/** False when the last number read was none, or out of range. */
export let valid: bool = false;

/** True if the line's first word is `word` (an ASCII literal); then the argument is what follows. */
export function isCommand(word: string): bool {
  const length = word.length;
  if (lineLength < length) return false;
  for (let i = 0; i < length; i++) {
    if (load<u8>(line + i) != load<u8>(changetype<usize>(word) + i * 2)) return false;
  }
  if (lineLength > length && load<u8>(line + length) != SPACE) return false;
  argument = length;
  argumentEnd = lineLength;
  while (argument < argumentEnd && load<u8>(line + argument) == SPACE) argument++;
  while (argumentEnd > argument && load<u8>(line + argumentEnd - 1) == SPACE) argumentEnd--;
  return true;
}

export function hasArgument(): bool {
  return argument < argumentEnd;
}

/** True if the argument is `word`. */
export function argumentIs(word: string): bool {
  const length = word.length;
  if (argumentEnd - argument != length) return false;
  for (let i = 0; i < length; i++) {
    if (load<u8>(line + argument + i) != load<u8>(changetype<usize>(word) + i * 2)) return false;
  }
  return true;
}

/** True if the argument's first word is `word`; then the argument is what follows. */
export function argumentBegins(word: string): bool {
  const end = wordEnd();
  if (end - argument != word.length) return false;
  for (let i = argument; i < end; i++) {
    if (load<u8>(line + i) != load<u8>(changetype<usize>(word) + (i - argument) * 2)) return false;
  }
  leaveTo(end);
  return true;
}

/** The argument's first word as a number of at most 16 digits of base `radix`; the argument is what follows then. */
export function takeNumber(radix: u32): u64 {
  const end = wordEnd();
  let value: u64 = 0;
  valid = argument < end && end - argument <= 16;
  for (let i = argument; i < end && valid; i++) {
    const byte = <u32>load<u8>(line + i);
    const digit = byte >= LETTER_A ? byte - LETTER_A + 10 : byte - <u32>ZERO;
    if (digit >= radix) valid = false;
    else value = value * radix + digit;
  }
  leaveTo(end);
  return valid ? value : 0;
}

/** Where the argument lies, and how many bytes it has. */
export function argumentText(): usize {
  return line + argument;
}

export function argumentBytes(): i32 {
  return argumentEnd - argument;
}

function wordEnd(): i32 {
  let end = argument;
  while (end < argumentEnd && load<u8>(line + end) != SPACE) end++;
  return end;
}

function leaveTo(end: i32): void {
  argument = end;
  while (argument < argumentEnd && load<u8>(line + argument) == SPACE) argument++;
}

/** The argument as a whole number up to `largest`. */
export function wholeNumber(largest: u64): u64 {
  let value: u64 = 0;
  valid = hasArgument();
  for (let i = argument; i < argumentEnd && valid; i++) {
    const digit = <i32>load<u8>(line + i) - ZERO;
    if (digit < 0 || digit > 9 || value > (largest - <u64>digit) / 10) valid = false;
    else value = value * 10 + <u64>digit;
  }
  return valid ? value : 0;
}

/**
 * The argument as a decimal fraction of at most seven digits. Numerator and power of ten are exact singles, so one division
 * rounds as strtof does.
 */
export function fraction(): f32 {
  let numerator: u32 = 0;
  let denominator: u32 = 1;
  let digits = 0;
  let afterPoint = false;
  valid = true;
  for (let i = argument; i < argumentEnd && valid; i++) {
    const character = <i32>load<u8>(line + i);
    if (character == POINT && !afterPoint) {
      afterPoint = true;
      continue;
    }
    const digit = character - ZERO;
    if (digit < 0 || digit > 9 || ++digits > 7) {
      valid = false;
    } else {
      numerator = numerator * 10 + digit;
      if (afterPoint) denominator *= 10;
    }
  }
  if (!digits) valid = false;
  return valid ? <f32>numerator / <f32>denominator : 0;
}
