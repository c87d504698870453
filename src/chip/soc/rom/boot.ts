/** What the ROM does on core 0 from reset to the program's first instruction (docs/esp32-s3.md C1, C9.1). */

import { DIS_DIRECT_BOOT } from '../efuse.ts';
import type { Peripherals } from '../peripherals.ts';
import { isBootableReset, resetReasonName } from '../reset-reasons.ts';
import { hex } from '../warnings.ts';
import type { RomConsole, RomRoutine } from './console.ts';
import { halt, type LoaderResult, loadFromFlash } from './loader.ts';
import type { RomMemory } from './memory.ts';
import {
  fillMmu,
  invalidateMmu,
  mapFlashForLoader,
  openDataCache,
  openInstructionCache,
  setUpAtStart,
} from './registers.ts';

const BANNER = 'ESP-ROM:esp32s3-20210327\nBuild:Mar 27 2021\n';
/** The ROM's own code, timed on this simulator: from reset to the banner, to the header, and from the last line to the entry. */
const START_CYCLES = 18_800;
const FLASH_SET_UP_CYCLES = 8_100;
const ENTRY_CYCLES = 1_700;
const RECORDED_PC = 0x5c;

export type BootMode = 'flash' | 'download' | 'uart-download' | 'spi-download' | 'invalid';

/** Boot mode from GPIO_STRAP: bit 3 is GPIO0. */
export function bootMode(strap: number): { readonly mode: BootMode; readonly name: string } {
  const low = strap & 15;
  if (low & 8) return { mode: 'flash', name: 'SPI_FAST_FLASH_BOOT' };
  if (low === 4) return { mode: 'flash', name: 'SPI_FLASH_BOOT' };
  if (low === 7) return { mode: 'uart-download', name: 'UART0_BOOT' };
  if (low === 6) return { mode: 'spi-download', name: 'SPI_DOWNLOAD_BOOT' };
  if (low === 5) return { mode: 'invalid', name: 'unk' };
  return { mode: 'download', name: 'DOWNLOAD(USB/UART0)' };
}

export interface BootOptions {
  readonly console: RomConsole;
  readonly memory: RomMemory;
  readonly peripherals: Peripherals;
  readonly flash: Uint8Array;
  flashReadCycles(bytes: number): number;
  /** Speaks the serial protocol until a program is to be started (its entry) or the loader is left (undefined). */
  download(): RomRoutine<number | undefined>;
  /** Resets the chip, for a reset cause that the ROM does not take. */
  resetAgain(): void;
}

/** @returns the address to call; never returns when there is nothing to start. */
export function* boot(options: BootOptions): RomRoutine<LoaderResult | undefined> {
  const { console, memory, peripherals } = options;
  const { rtc, gpio, assistDebug } = peripherals;
  yield START_CYCLES;
  setUpAtStart(memory);
  const { mode, name } = forcedDownload(peripherals) ? bootMode(0) : bootMode(gpio.strap);
  console.silent = mode === 'flash' && (rtc.store(4) & 1) === 1;
  const reason = rtc.resetReason(0);
  yield* console.print(BANNER);
  yield* console.print(
    `rst:0x${reason.toString(16)} (${resetReasonName(reason)}),boot:0x${gpio.strap.toString(16)} (${name})\n`,
  );
  const recorded = assistDebug.get(RECORDED_PC);
  if (recorded !== 0) yield* console.print(`Saved PC:${hex(recorded)}\n`);
  if (!isBootableReset(reason)) {
    yield* console.print('invalid reset\n');
    options.resetAgain();
    return yield* halt();
  }
  if (mode === 'flash') return yield* bootFromFlash(options);
  if (mode === 'invalid') {
    yield* console.print('ets_main.c 263 \n');
    return yield* halt();
  }
  yield* console.print(mode === 'uart-download' ? 'wait uart0 download\n' : 'waiting for download\n');
  const entry = yield* options.download();
  return entry === undefined ? undefined : { kind: 'image', entry, registers: {} };
}

const forcedDownload = ({ rtc }: Peripherals) => (rtc.registers.get(0x12c) & 1) === 1;

function* bootFromFlash(options: BootOptions): RomRoutine<LoaderResult> {
  const { console, memory, peripherals } = options;
  yield FLASH_SET_UP_CYCLES;
  openDataCache(memory);
  mapFlashForLoader(memory);
  const directBootAllowed = (peripherals.efuse.read(DIS_DIRECT_BOOT.offset) & DIS_DIRECT_BOOT.bit) === 0;
  const result = yield* loadFromFlash({ ...options, directBootAllowed });
  if (result.kind === 'direct') {
    openInstructionCache(memory);
    fillMmu(memory, (page) => page);
    return result;
  }
  memory.store(0x600c402c, 0);
  memory.store(0x600c4030, 0);
  memory.change(0x600c4028, 1, 1); // invalidate the DCache
  openDataCache(memory);
  invalidateMmu(memory);
  yield* console.print(`entry ${hex(result.entry)}\n`);
  yield ENTRY_CYCLES; // what it printed may still be in UART0's FIFO
  return result;
}
