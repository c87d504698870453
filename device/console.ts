/**
 * The console: output goes to UART0 and to USB, input comes from either. Output waits in a ring that both empty at their own
 * pace, so that a story is not held up by 11,520 characters a second.
 */
import { ccount } from "./chip";
import { output, outputBytes, typed, typedBytes } from "./contract/config";
import * as uart from "./uart";
import * as usb from "./usb";

export const CTRL_C: i32 = 3;
const LINE_FEED: u32 = 10;
const CARRIAGE_RETURN: u32 = 13;

// All these count up freely; the rings' sizes are powers of two.
let written: u32 = 0;
let uartSent: u32 = 0;
let usbSent: u32 = 0;
let typedHead: u32 = 0;
let typedTail: u32 = 0;

/** Cycles spent waiting for a full ring, counted up freely: the speed of a story is that of the model, not of the line. */
export let waited: u32 = 0;

/** Prints one byte, with CR before a line feed. */
export function write(byte: u32): void {
  if (byte == LINE_FEED) put(CARRIAGE_RETURN);
  put(byte);
}

function put(byte: u32): void {
  if (written - uartSent == outputBytes || written - usbSent == outputBytes) makeRoom();
  store<u8>(output + (written & (outputBytes - 1)), <u8>byte);
  written++;
}

function makeRoom(): void {
  const begin = ccount();
  if (written - uartSent == outputBytes) makeUartRoom();
  if (written - usbSent == outputBytes) makeUsbRoom();
  waited += ccount() - begin;
}

/** Gives both consoles what they can take now; false if there was nothing to give. */
export function pump(): bool {
  if (uartSent == written && usbSent == written) return false;
  pumpUart();
  pumpUsb();
  return true;
}

/** Waits until all has left: before a reset. */
export function drain(): void {
  while (uartSent != written) makeUartRoom();
  uart.drain();
  while (usbSent != written) makeUsbRoom();
}

function pumpUart(): void {
  let room = uart.room();
  while (room > 0 && uartSent != written) {
    uart.put(load<u8>(output + (uartSent++ & (outputBytes - 1))));
    room--;
  }
}

function pumpUsb(): void {
  if (usbSent == written) return;
  if (!usb.hasRoom()) {
    if (usb.isDeaf()) usbSent = written; // nobody reads: dropped
    return;
  }
  do usb.put(load<u8>(output + (usbSent++ & (outputBytes - 1))));
  while (usbSent != written && usb.hasRoom());
  usb.flush();
}

/** A UART sends whether or not anybody listens; should it not, the oldest byte is lost. */
function makeUartRoom(): void {
  uart.waitForRoom();
  const before = uartSent;
  pumpUart();
  if (uartSent == before) uartSent++;
}

function makeUsbRoom(): void {
  const before = usbSent;
  while (usbSent == before) pumpUsb();
}

/** The next byte typed, or -1. */
export function read(): i32 {
  if (typedHead != typedTail) return load<u8>(typed + (typedTail++ & (typedBytes - 1)));
  return receive();
}

/** Looks for Ctrl-C among what has arrived and keeps everything else for later; a full ring drops the newest. */
export function stopRequested(): bool {
  for (let i: u32 = 0; i < typedBytes; i++) {
    const byte = receive();
    if (byte < 0) return false;
    if (byte == CTRL_C) {
      typedTail = typedHead;
      return true;
    }
    if (typedHead - typedTail < typedBytes) store<u8>(typed + (typedHead++ & (typedBytes - 1)), <u8>byte);
  }
  return false;
}

function receive(): i32 {
  const byte = uart.readByte();
  return byte < 0 ? usb.readByte() : byte;
}
