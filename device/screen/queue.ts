/**
 * Text on its way to the screen. The core that tells the story puts bytes in, the core that serves the screen takes them out.
 * The teller never waits: in a ring that is full, the newest bytes take the place of the oldest, which nobody would have seen
 * for long.
 */
import { read32, write32 } from "../chip";
import { screenKind, screenQueue } from "../contract/config";

/** A power of two; a whole story of the small models. */
export const QUEUE_BYTES: u32 = 1024;
/** Places count up freely; this one is behind the last byte. */
const END: usize = 0;
const TEXT: usize = 8;

/** Bytes with a meaning of their own: */
export const enum Control {
  LineFeed = 10,
  /** A new story: an empty screen. */
  Clear = 12,
  /** What follows, up to StatusEnd, goes into a bar. */
  StatusBegin = 14,
  StatusEnd = 15,
}

/** Shows one byte of UTF-8 text, or a Control, some time soon. */
export function show(byte: u32): void {
  if (!screenKind) return;
  const end = queueEnd();
  store<u8>(screenQueue + TEXT + (end & (QUEUE_BYTES - 1)), <u8>byte);
  write32(screenQueue + END, end + 1);
}

/** Shows the first `length` characters of an ASCII literal. */
export function showText(text: string, length: i32): void {
  for (let i = 0; i < length; i++) show(load<u8>(changetype<usize>(text) + ((<usize>i) << 1)));
}

export function showNumber(value: u32): void {
  let divisor: u32 = 1;
  while (value / divisor >= 10) divisor *= 10;
  for (; divisor; divisor /= 10) show(0x30 + ((value / divisor) % 10));
}

/** One decimal, of a number given in tenths. */
export function showTenths(value: u32): void {
  showNumber(value / 10);
  show(0x2e);
  show(0x30 + (value % 10));
}

// @ts-ignore: decorator
@inline
export function queueEnd(): u32 {
  return read32(screenQueue + END);
}

// @ts-ignore: decorator
@inline
export function queuedByte(place: u32): u32 {
  return load<u8>(screenQueue + TEXT + (place & (QUEUE_BYTES - 1)));
}
