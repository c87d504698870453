/**
 * A whole ESP32-S3 on a board: two cores, memories, peripherals and the ROM, in one simulated time.
 *
 * Time is what the cores' cycle counters say. They run in turns of a few cycles; between turns alarms fire
 * (bytes leaving a UART, watchdogs, the ROM's next step). Nothing depends on the host's clock: the same flash
 * contents and inputs give the same cycles every time.
 */

import type { Board } from '../boards/index.ts';
import { BusFault, PAGE_SHIFT } from '../bus/index.ts';
import type { Core } from '../core/index.ts';
import { type ChipOptions, type ChipParts, createParts, strapOf } from './chip-parts.ts';
import { resetSystem } from './chip-reset.ts';
import { cyclesOf, type ExplainStretch, type RunLimits, run, startExplaining } from './chip-run.ts';
import type { Clock } from './clock.ts';
import type { Peripherals } from './peripherals.ts';
import type { SampleWindow } from './psram-timing.ts';
import { RESET_REASON } from './reset-reasons.ts';
import { RomEntered } from './rom/stub.ts';
import type { Screen } from './ssd1306.ts';
import type { Uart } from './uart.ts';
import type { UsbSerialJtag } from './usb-serial-jtag.ts';
import type { Warnings } from './warnings.ts';

export type { ChipOptions } from './chip-parts.ts';
export type { RunLimits } from './chip-run.ts';

export interface Chip {
  readonly board: Board;
  readonly cores: readonly [Core, Core];
  readonly uart0: Uart;
  readonly usb: UsbSerialJtag;
  readonly peripherals: Peripherals;
  readonly screen: Screen | undefined;
  readonly warnings: Warnings;
  readonly clock: Clock;
  /** When the board's octal PSRAM is to be sampled: what a tuned program has found out. */
  readonly psramWindow: SampleWindow;
  /** The flash chip itself: what is written here is in flash. Call {@link Chip.flashChanged} after writing. */
  readonly flash: Uint8Array;
  flashChanged(offset: number, bytes: number): void;
  /** CPU cycles since power-on. */
  readonly cycles: number;
  /** Simulated seconds since power-on. */
  readonly seconds: number;
  /** The same in ticks of the clock, 480 million a second. */
  readonly ticks: number;
  run(limits: RunLimits): void;
  /** What is run by it runs slowly, and tells where the cycles of both cores went. */
  startExplaining(): ExplainStretch;
  /** Resets as the EN pin does (POWERON), or with the given cause. */
  reset(reason?: number): void;
  /** Level of GPIO0, looked at in the next reset of the whole chip; other resets keep what that one saw. */
  setBootPin(level: 0 | 1): void;
  /** Calls `listener` with the cause of each reset of the system, before the ROM starts over. */
  onReset(listener: (reason: number) => void): void;
  /** Reads bytes of the address space without side effects; undefined where there is no memory. */
  peek(address: number, bytes: number): Uint8Array | undefined;
}

export const createChip = (options: ChipOptions = {}): Chip => createChipAndParts(options).chip;

/** For what lies beside the chip in this room: what it is made of, too. */
export function createChipAndParts(options: ChipOptions): { chip: Chip; parts: ChipParts } {
  const parts = createParts(options, (reason) => resetSystem(parts, reason));
  resetSystem(parts, RESET_REASON.powerOn);
  return { chip: chipOf(parts), parts };
}

function chipOf(parts: ChipParts): Chip {
  const { peripherals, clock, memory, layout } = parts;
  return {
    board: parts.board,
    cores: parts.cores,
    uart0: peripherals.uarts[0],
    usb: peripherals.usb,
    peripherals,
    screen: parts.screen,
    warnings: parts.warnings,
    clock,
    psramWindow: parts.psramWindow,
    flash: parts.flash,
    flashChanged: (offset, bytes) => memory.invalidate(layout.flash + offset, bytes),
    get cycles() {
      return cyclesOf(parts);
    },
    get seconds() {
      clock.cycles = cyclesOf(parts);
      return clock.seconds;
    },
    get ticks() {
      clock.cycles = cyclesOf(parts);
      return clock.ticks;
    },
    run: (limits) => run(parts, limits),
    startExplaining: () => startExplaining(parts),
    reset: (reason = RESET_REASON.powerOn) => resetSystem(parts, reason),
    setBootPin(level) {
      parts.pins = strapOf(level);
    },
    onReset: (listener) => void parts.resetListeners.push(listener),
    peek: (address, bytes) => peek(parts, address, bytes),
  };
}

function peek({ memory, bus }: ChipParts, address: number, bytes: number): Uint8Array | undefined {
  const delta = memory.loadMap[address >>> PAGE_SHIFT];
  try {
    const offset = delta !== 0 ? (address + delta) | 0 : bus.peek!(address);
    return offset < 0 ? undefined : memory.bytes.slice(offset, offset + bytes);
  } catch (error) {
    if (error instanceof BusFault || error instanceof RomEntered) return undefined;
    throw error;
  }
}
