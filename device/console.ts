/** The console: output goes to UART0 and to USB, input comes from either. */
import { typed, typedBytes } from "./config";
import * as uart from "./uart";
import * as usb from "./usb";

export const CTRL_C: i32 = 3;
const LINE_FEED: u32 = 10;
const CARRIAGE_RETURN: u32 = 13;

// Type-ahead: what arrives while a story runs. Indexes count up freely, the ring is a power of two.
let head: u32 = 0;
let tail: u32 = 0;

/** Sends one byte to both consoles, with CR before a line feed. */
export function write(byte: u32): void {
  if (byte == LINE_FEED) writeRaw(CARRIAGE_RETURN);
  writeRaw(byte);
}

/** Ends a piece of output: USB sends it now. */
export function flush(): void {
  usb.flush();
}

/** The next byte typed, or -1. */
export function read(): i32 {
  if (head != tail) return load<u8>(typed + (tail++ & (typedBytes - 1)));
  return receive();
}

/** Looks for Ctrl-C among what has arrived and keeps everything else for later; a full ring drops the newest. */
export function stopRequested(): bool {
  for (let i: u32 = 0; i < typedBytes; i++) {
    const byte = receive();
    if (byte < 0) return false;
    if (byte == CTRL_C) {
      tail = head;
      return true;
    }
    if (head - tail < typedBytes) store<u8>(typed + (head++ & (typedBytes - 1)), <u8>byte);
  }
  return false;
}

function receive(): i32 {
  const byte = uart.readByte();
  return byte < 0 ? usb.readByte() : byte;
}

function writeRaw(byte: u32): void {
  uart.writeByte(byte);
  usb.writeByte(byte);
}
