/** The ROM's serial loader on the chip's own consoles: UART0 and USB (docs/esp32-s3.md C9.9). */

import { BusFault } from '../../bus/index.ts';
import { createLoader } from '../../download/index.ts';
import type { Clock } from '../clock.ts';
import { CRYSTAL_HERTZ } from '../context.ts';
import type { Peripherals } from '../peripherals.ts';
import type { RomRoutine } from './console.ts';
import type { RomMemory } from './memory.ts';

const POLL_CYCLES = 200;
const UART0_CLKDIV = 0x60000014;
const RTC_OPTIONS0 = 0x60008000;
const SW_SYS_RST = 0x80000000;
/**
 * The watchdogs guard booting from flash alone: boards wait in download mode for as long as it takes a person to start a tool (INF; over
 * USB tools switch the super watchdog off themselves, docs/esp32-s3.md E).
 */
const WATCHDOGS = [
  { register: 0x60008098, bits: 1 << 12, value: 0 }, // RTC WDTCONFIG0: FLASHBOOT_MOD_EN
  { register: 0x6001f048, bits: 1 << 14, value: 0 }, // TIMG0 WDTCONFIG0: FLASHBOOT_MOD_EN
  { register: 0x600080b4, bits: 0x80000000, value: 0x80000000 }, // SWD_CONF: AUTO_FEED_EN
] as const;
/** Old ROM-code word by which tools used to tell chips apart. */
const CHIP_MAGIC = { address: 0x40001000, value: 9 } as const;

export interface DownloadOptions {
  readonly memory: RomMemory;
  readonly clock: Clock;
  readonly peripherals: Peripherals;
  readonly flash: Uint8Array;
}

/** What ends the loader, after its last reply has gone out. */
type Ending = { readonly kind: 'run'; readonly entry: number } | { readonly kind: 'leave' | 'reset' };

/** @returns a routine that speaks the protocol until a program is to be run (its entry) or the loader is left. */
export function createDownload(options: DownloadOptions): () => RomRoutine<number | undefined> {
  const { memory, peripherals, flash } = options;
  const uart = peripherals.uarts[0];
  const { usb } = peripherals;

  return function* () {
    for (const { register, bits, value } of WATCHDOGS) memory.change(register, bits, value);
    let wire: 'uart' | 'usb' = 'uart';
    let ending: Ending | undefined;
    let rate: number | undefined;
    const replies: number[] = [];
    const loader = createLoader({
      flash,
      send: (bytes) => void replies.push(...bytes),
      read32: (address) =>
        address === CHIP_MAGIC.address ? CHIP_MAGIC.value : tolerant(() => memory.load(aligned(address)), 0),
      write32: (address, value) => tolerant(() => memory.store(aligned(address), value), undefined),
      writeMemory: (address, bytes) => tolerant(() => storeBytes(memory, address, bytes), false),
      setBaud(next) {
        rate = next;
      },
      run(entry) {
        ending = { kind: 'run', entry };
      },
      reset() {
        ending = { kind: 'reset' };
      },
      leave() {
        ending = { kind: 'leave' };
      },
    });

    for (;;) {
      for (const [name, port] of [['uart', uart] as const, ['usb', usb] as const]) {
        for (let byte = port.take(); byte !== undefined && !ending; byte = port.take()) {
          wire = name;
          loader.receive(Uint8Array.of(byte));
          if (replies.length > 0) break; // answers go out before the next command is read
        }
      }
      yield* transmit(replies, wire);
      if (rate !== undefined) {
        while (!uart.idle()) yield POLL_CYCLES;
        memory.store(UART0_CLKDIV, dividerFor(rate));
        rate = undefined;
      }
      if (ending) {
        if (ending.kind === 'run') return ending.entry;
        if (ending.kind === 'leave') return undefined;
        while (!uart.idle()) yield POLL_CYCLES;
        memory.change(RTC_OPTIONS0, SW_SYS_RST, SW_SYS_RST);
        ending = undefined;
      }
      yield POLL_CYCLES;
    }
  };

  function* transmit(replies: number[], wire: 'uart' | 'usb'): RomRoutine {
    if (replies.length === 0) return;
    for (const byte of replies.splice(0)) {
      while (!(wire === 'uart' ? uart.send(byte) : usb.send(byte))) yield POLL_CYCLES;
    }
    if (wire === 'usb') usb.flush();
  }
}

const aligned = (address: number) => (address & ~3) >>> 0;

/** CLKDIV for a rate from the crystal: whole part and sixteenths, both rounded down. */
function dividerFor(rate: number): number {
  const sixteenths = Math.max(Math.floor((CRYSTAL_HERTZ * 16) / Math.max(rate, 1)), 16);
  return ((sixteenths & 15) << 20) | ((sixteenths >>> 4) & 0xfff);
}

/** A tool may name any address; what the bus refuses gives `otherwise`. */
function tolerant<Result>(action: () => Result, otherwise: Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof BusFault) return otherwise;
    throw error;
  }
}

function storeBytes(memory: RomMemory, address: number, bytes: Uint8Array): boolean {
  if (address % 4 !== 0) return false;
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 4) memory.store((address + at) >>> 0, view.getUint32(at, true));
  return true;
}
