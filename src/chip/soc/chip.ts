/**
 * A whole ESP32-S3 on a board: two cores, memories, peripherals and the ROM, in one simulated time.
 *
 * Time is what the cores' cycle counters say. They run in turns of a few cycles; between turns alarms fire
 * (bytes leaving a UART, watchdogs, the ROM's next step). Nothing depends on the host's clock: the same flash
 * contents and inputs give the same cycles every time.
 */

import { type Board, defaultBoard } from '../boards/index.ts';
import { BusFault } from '../bus/index.ts';
import { type Core, createCore } from '../core/index.ts';
import { type Clock, createClock } from './clock.ts';
import { createCore1 } from './core1.ts';
import { createChipMemory, layOutArena, mapRom } from './memory-map.ts';
import { createPeripherals, type Peripherals } from './peripherals.ts';
import { RESET_REASON } from './reset-reasons.ts';
import { createOwnRom } from './rom/own.ts';
import { createRom } from './rom/rom.ts';
import { RomEntered, type RomPlace, romStubBytes } from './rom/stub.ts';
import { createBoardScreen } from './screen.ts';
import { createSocBus } from './soc-bus.ts';
import type { Screen } from './ssd1306.ts';
import type { Uart } from './uart.ts';
import type { UsbSerialJtag } from './usb-serial-jtag.ts';
import { createWarnings, hex, type Warnings } from './warnings.ts';

export interface ChipOptions {
  /** Contents of flash from address 0; the rest of the board's flash is erased (0xFF). */
  readonly flash?: Uint8Array;
  readonly board?: Board;
  /** Bytes; the board's own by default. */
  readonly psramBytes?: number;
  readonly flashBytes?: number;
  /** Level of GPIO0 at reset; low is download mode. High by default. */
  readonly bootPin?: 0 | 1;
  /** GPIO_STRAP as a whole, instead of `bootPin`. */
  readonly strap?: number;
  readonly mac?: readonly number[];
  /** Contents of the chip's own mask ROM, as `readRomImage` gives them; without it, our stand-in boots. */
  readonly rom?: Uint8Array;
  /** Whether a host reads the native USB console. Default: on boards whose console it is. */
  readonly usbHost?: boolean;
  /** Cycles of one turn of a core while the other runs too. */
  readonly quantum?: number;
}

export interface RunLimits {
  /** Simulated seconds since power-on at which to stop. */
  readonly untilSeconds?: number;
  /** Cycles to run from now. */
  readonly maxCycles?: number;
  /** Asked after every turn of the cores (some 100 cycles); true stops. */
  readonly until?: () => boolean;
}

export interface Chip {
  readonly board: Board;
  readonly cores: readonly [Core, Core];
  readonly uart0: Uart;
  readonly usb: UsbSerialJtag;
  readonly peripherals: Peripherals;
  readonly screen: Screen | undefined;
  readonly warnings: Warnings;
  readonly clock: Clock;
  /** The flash chip itself: what is written here is in flash. Call {@link Chip.flashChanged} after writing. */
  readonly flash: Uint8Array;
  flashChanged(offset: number, bytes: number): void;
  /** CPU cycles since power-on. */
  readonly cycles: number;
  /** Simulated seconds since power-on. */
  readonly seconds: number;
  run(limits: RunLimits): void;
  /** Resets as the EN pin does (POWERON), or with the given cause. */
  reset(reason?: number): void;
  /** Level of GPIO0, looked at in the next reset. */
  setBootPin(level: 0 | 1): void;
  /** Reads bytes of the address space without side effects; undefined where there is no memory. */
  peek(address: number, bytes: number): Uint8Array | undefined;
}

const DEFAULT_MAC = [0x7c, 0xdf, 0xa1, 0x53, 0x33, 0x01];
/** A page of the MMU. */
const FLASH_UNIT = 0x10000;
const DEFAULT_QUANTUM = 100;
/** Turn of a core that runs alone: new alarms are seen after it. */
const ALONE = 2_000;
/** The ROM's code that waits or loops: what a reset finds in core 0's PC recorder. */
const ROM_PC = 0x40045c01;

export function createChip(options: ChipOptions = {}): Chip {
  const board = options.board ?? defaultBoard;
  const wanted = options.flashBytes ?? Math.max(board.flashBytes, options.flash?.length ?? 0);
  const flashBytes = Math.ceil(wanted / FLASH_UNIT) * FLASH_UNIT;
  const psramBytes = options.psramBytes ?? board.psramBytes;
  const layout = layOutArena(flashBytes, psramBytes, options.rom?.length);
  const memory = createChipMemory(layout);
  const flash = memory.bytes.subarray(layout.flash, layout.flash + flashBytes).fill(0xff);
  const psram = memory.bytes.subarray(layout.psram, layout.psram + psramBytes);
  if (options.flash) flash.set(options.flash);
  if (options.rom) mapRom(memory, layout, options.rom);
  else memory.bytes.set(romStubBytes(), layout.rom);

  const clock = createClock();
  const warnings = createWarnings();
  let pendingReset: { reason: number; cores: 'system' | 0 | 1 } | undefined;
  let strap = options.strap ?? (options.bootPin === 0 ? 0x0 : 0x8);

  const peripherals = createPeripherals({
    clock,
    warnings,
    board: { ...board, psramBytes },
    layout,
    flash,
    psram,
    mac: options.mac ?? DEFAULT_MAC,
    hooks: {
      reset(reason, which) {
        pendingReset ??= { reason, cores: which };
        for (const core of which === 'system' ? cores : [cores[which]]) core.running = false;
      },
      coreControlChanged: () => core1.controlChanged(),
      setInterruptLines: (core, lines) => cores[core].setInterruptLines(lines),
      memoryChanged: (offset, bytes) => memory.invalidate(offset, bytes),
      remapped: () => memory.remapped(),
      cacheBanksChanged: () => bus.setCpuBanks(peripherals.sensitive.cpuBanks()),
    },
  });
  const bus = createSocBus({
    memory,
    layout,
    cached: peripherals.cached,
    blocks: peripherals.blocks,
    clock,
    warnings,
  });
  bus.setCpuBanks(peripherals.sensitive.cpuBanks());
  const onUnaligned = (address: number, pc: number) => {
    warnings.pc = pc;
    warnings.once(
      `unaligned ${pc}`,
      address,
      `vector access to ${hex(address)}: the chip rounds the address down`,
    );
  };
  const cores: [Core, Core] = [
    createCore({ bus, core: 0, onUnaligned }),
    createCore({ bus, core: 1, onUnaligned }),
  ];
  for (const core of cores) core.running = false;
  const quantum = options.quantum ?? DEFAULT_QUANTUM;
  const core1 = createCore1(cores[1], clock, peripherals.system, peripherals.rtc, options.rom !== undefined);
  const rom = options.rom
    ? createOwnRom(cores[0])
    : createRom({ bus, clock, cores, peripherals, flash, reset: (reason) => chip.reset(reason) });
  const screen = createBoardScreen(board, peripherals.gpio, peripherals.i2c);
  peripherals.usb.hostAttached = options.usbHost ?? board.console === 'usb';

  const now = () => Math.min(cores[0].cycles, cores[1].cycles);

  const resetSystem = (reason: number) => {
    const isRtcReset = reason === RESET_REASON.powerOn || reason >= RESET_REASON.rtcWatchdogRtc;
    const recordedPc = reason === RESET_REASON.powerOn ? 0 : rom.isRunning() ? ROM_PC : cores[0].state.pc;
    for (const core of cores) {
      core.running = false;
      core.reset();
    }
    for (const { peripheral } of peripherals.blocks) peripheral.reset();
    peripherals.cached.reset();
    if (isRtcReset) peripherals.rtc.powerOn();
    bus.resetQueues();
    bus.setCpuBanks(peripherals.sensitive.cpuBanks());
    memory.remapped();
    peripherals.rtc.setResetReason(0, reason);
    peripherals.rtc.setResetReason(1, reason);
    peripherals.assistDebug.set(0x5c, recordedPc);
    peripherals.gpio.strap = strap;
    core1.reset();
    rom.boot();
  };
  const resetCore = (index: 0 | 1, reason: number) => {
    peripherals.rtc.setResetReason(index, reason);
    if (index === 1) core1.reset();
    else {
      peripherals.assistDebug.set(0x5c, cores[0].state.pc);
      rom.boot();
    }
  };
  const performReset = () => {
    if (!pendingReset) return;
    const { reason, cores: which } = pendingReset;
    pendingReset = undefined;
    if (which === 'system') resetSystem(reason);
    else resetCore(which, reason);
  };

  /** What happens when a core's PC comes to a place of the ROM that is ours. */
  const enterRom = (index: 0 | 1, place: RomPlace, address: number) => {
    cores[index].running = false;
    if (place === 'exception' || place === 'interrupt') rom.panic(index);
    else if (place === 'user-code-done') rom.userCodeDone();
    else if (place === 'core1-wait') core1.waitAgain();
    else if (place === 'reset' && index === 0) rom.boot();
    else {
      warnings.pc = address;
      warnings.once(`rom ${index}`, address, `core ${index} returned into the ROM and stays there`);
    }
  };
  /** Runs both cores to `end`; less far when something new is to happen. @returns whether `until` said stop */
  const runTurns = (end: number, until: (() => boolean) | undefined): boolean => {
    const known = clock.scheduled;
    let active: 0 | 1 = 0;
    try {
      for (let turn = clock.cycles; turn < end; ) {
        const together = cores[0].running && cores[1].running;
        turn = Math.min(turn + (together ? quantum : ALONE), end);
        active = 0;
        cores[0].runUntil(turn);
        active = 1;
        cores[1].runUntil(turn);
        if (until?.()) return true;
        if (pendingReset !== undefined || clock.scheduled !== known) return false;
      }
    } catch (error) {
      if (!(error instanceof RomEntered)) throw error;
      clock.cycles = cores[active].cycles;
      enterRom(active, error.place, error.address);
    }
    return false;
  };
  /** Time passes for both cores without a program. */
  const sleepUntil = (end: number) => {
    for (const core of cores) core.runUntil(end);
  };

  const chip: Chip = {
    board,
    cores,
    uart0: peripherals.uarts[0],
    usb: peripherals.usb,
    peripherals,
    screen,
    warnings,
    clock,
    flash,
    flashChanged: (offset, bytes) => memory.invalidate(layout.flash + offset, bytes),
    get cycles() {
      return now();
    },
    get seconds() {
      clock.cycles = now();
      return clock.seconds;
    },
    run({ untilSeconds, maxCycles, until }) {
      const lastCycle = now() + (maxCycles ?? Number.POSITIVE_INFINITY);
      const lastTick = (untilSeconds ?? Number.POSITIVE_INFINITY) * 480e6;
      for (;;) {
        clock.cycles = now();
        clock.fireDue();
        performReset();
        if (clock.cycles >= lastCycle || clock.ticks >= lastTick) return;
        const end = Math.min(
          clock.nextAlarmCycle(),
          lastCycle,
          Number.isFinite(lastTick) ? clock.ticksToCycles(lastTick) : lastTick,
        );
        if (cores[0].running || cores[1].running) {
          if (runTurns(end, until)) return;
        } else if (Number.isFinite(end)) {
          sleepUntil(end);
          if (until?.()) return;
        } else return; // nothing will ever happen again
      }
    },
    reset: (reason = RESET_REASON.powerOn) => resetSystem(reason),
    setBootPin(level) {
      strap = level === 0 ? 0x0 : 0x8;
    },
    peek(address, bytes) {
      const delta = memory.loadMap[address >>> 12];
      try {
        const offset = delta !== 0 ? (address + delta) | 0 : bus.peek!(address);
        return offset < 0 ? undefined : memory.bytes.slice(offset, offset + bytes);
      } catch (error) {
        if (error instanceof BusFault || error instanceof RomEntered) return undefined;
        throw error;
      }
    },
  };
  resetSystem(RESET_REASON.powerOn);
  return chip;
}
