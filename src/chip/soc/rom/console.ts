/**
 * How the ROM prints: to UART0, waiting for room in the FIFO, and to the USB console, giving up there when no
 * host reads (docs/esp32-s3.md C9.8). Routines of the ROM are generators; what they yield is CPU cycles to wait.
 */

import { TICKS_PER_SECOND } from '../clock.ts';
import type { Uart } from '../uart.ts';
import type { UsbSerialJtag } from '../usb-serial-jtag.ts';

/** A ROM routine: yields the CPU cycles until it goes on. */
export type RomRoutine<Result = void> = Generator<number, Result>;

const CYCLES_PER_CHARACTER = 200; // formatting and two drivers, timed with the ROM's own code
const POLL_CYCLES = 200;
/** 50 looks for room in the USB endpoint, timed with the ROM's own code; then its output is dropped. */
const USB_PATIENCE_TICKS = (138 * TICKS_PER_SECOND) / 1_000_000;

export interface RomConsole {
  /** Prints text; `\n` becomes CR LF. */
  print(text: string): RomRoutine;
  silent: boolean;
}

export function createRomConsole(uart: Uart, usb: UsbSerialJtag, ticks: () => number): RomConsole {
  let usbGivenUp = false;

  function* putUsb(byte: number): RomRoutine {
    const start = ticks();
    while (!usbGivenUp && !usb.send(byte)) {
      if (ticks() - start >= USB_PATIENCE_TICKS) usbGivenUp = true;
      else yield POLL_CYCLES;
    }
  }
  const console: RomConsole = {
    silent: false,
    *print(text) {
      if (console.silent) return;
      for (const byte of new TextEncoder().encode(text.replaceAll('\n', '\r\n'))) {
        while (!uart.send(byte)) yield POLL_CYCLES;
        yield* putUsb(byte);
        yield CYCLES_PER_CHARACTER;
        if (byte === 10) usb.flush();
      }
    },
  };
  return console;
}
