/** What a chip is made of, wired up. */
import { type Board, defaultBoard } from '../boards/index.ts';
import type { Memory } from '../bus/index.ts';
import { type Core, createCore, type VisibleRegisters } from '../core/index.ts';
import { type Clock, createClock } from './clock.ts';
import { type Core1, createCore1 } from './core1.ts';
import { type ArenaLayout, createChipMemory, layOutArena, mapRom } from './memory-map.ts';
import { createPeripherals, type Peripherals } from './peripherals.ts';
import { type SampleWindow, windowOf } from './psram-timing.ts';
import { createOwnRom } from './rom/own.ts';
import { createRom, type Rom } from './rom/rom.ts';
import { romStubBytes } from './rom/stub.ts';
import { createBoardScreen } from './screen.ts';
import { createSocBus, type SocBus } from './soc-bus.ts';
import type { Screen } from './ssd1306.ts';
import { createWarnings, hex, type Warnings } from './warnings.ts';
import { type Watcher, watchSpin } from './watch-spin.ts';

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
  /** Ways of the data cache, which no register says. Default 4. */
  readonly dataCacheWays?: 4 | 8;
  /** Steps at which the board's octal PSRAM reads right above 40 MHz (psram-timing.ts). Default: by the MAC address. */
  readonly psramWindow?: SampleWindow;
  /** Carries out SIMCALL for a program without a system; without it the instruction is illegal, as in hardware. */
  readonly simcall?: ChipSimcall;
  /** Core 0 stays where a reset leaves it: somebody else starts it. */
  readonly held?: boolean;
  /** Where core 1's exceptions go when a program starts it. Default: into the ROM. */
  readonly vecbase?: number;
}

export type ChipSimcall = (core: Core, registers: VisibleRegisters, pc: number) => number | undefined;

const DEFAULT_MAC = [0x7c, 0xdf, 0xa1, 0x53, 0x33, 0x01];
/** A page of the MMU. */
const FLASH_UNIT = 0x10000;
const DEFAULT_QUANTUM = 100;
/** GPIO0's bit in GPIO_STRAP: high boots from flash, low goes to download mode. */
export const GPIO0 = 0x8;

export const strapOf = (bootPin: 0 | 1): number => (bootPin === 0 ? 0 : GPIO0);

interface ChipMemory {
  readonly memory: Memory;
  readonly layout: ArenaLayout;
  readonly flash: Uint8Array;
  readonly psram: Uint8Array;
}

export interface ChipParts extends ChipMemory {
  readonly board: Board;
  readonly clock: Clock;
  readonly warnings: Warnings;
  readonly peripherals: Peripherals;
  readonly bus: SocBus;
  readonly cores: readonly [Core, Core];
  readonly core1: Core1;
  readonly rom: Rom;
  readonly screen: Screen | undefined;
  readonly quantum: number;
  readonly psramWindow: SampleWindow;
  /** A reset that a peripheral asked for, to be carried out between the cores' turns. */
  pendingReset: { readonly reason: number; readonly cores: 'system' | 0 | 1 } | undefined;
  /** Core 0 is started by somebody else than the ROM. */
  readonly held: boolean;
  /** What the last reset's straps said: set before the peripherals are reset, whose watchdogs ask. */
  readonly boot: { fromFlash: boolean };
  /** The strapping pins now, as GPIO_STRAP shows them, and as the last reset of the whole chip found them. */
  pins: number;
  latchedPins: number;
  readonly resetListeners: ((reason: number) => void)[];
  /** Run a core to the end of a turn. */
  readonly watchers: readonly [Watcher, Watcher];
}

function createMemories(options: ChipOptions, board: Board, psramBytes: number): ChipMemory {
  const wanted = options.flashBytes ?? Math.max(board.flashBytes, options.flash?.length ?? 0);
  const flashBytes = Math.ceil(wanted / FLASH_UNIT) * FLASH_UNIT;
  const layout = layOutArena(flashBytes, psramBytes, options.rom?.length);
  const memory = createChipMemory(layout);
  const flash = memory.bytes.subarray(layout.flash, layout.flash + flashBytes).fill(0xff);
  const psram = memory.bytes.subarray(layout.psram, layout.psram + psramBytes);
  if (options.flash) flash.set(options.flash);
  if (options.rom) mapRom(memory, layout, options.rom);
  else memory.bytes.set(romStubBytes(), layout.rom);
  return { memory, layout, flash, psram };
}

/** @param reset resets the whole chip */
export function createParts(options: ChipOptions, reset: (reason: number) => void): ChipParts {
  const board = options.board ?? defaultBoard;
  const psramBytes = options.psramBytes ?? board.psramBytes;
  const pins = options.strap ?? strapOf(options.bootPin ?? 1);
  const memories = createMemories(options, board, psramBytes);
  const { memory, layout, flash, psram } = memories;
  const mac = options.mac ?? DEFAULT_MAC;
  const psramWindow = options.psramWindow ?? windowOf(mac, board.psramMode);
  const clock = createClock();
  const warnings = createWarnings();
  const boot = { fromFlash: true };
  const peripherals: Peripherals = createPeripherals({
    clock,
    warnings,
    board: { ...board, psramBytes },
    layout,
    recent: memory.recent,
    flash,
    psram,
    mac,
    dataCacheWays: options.dataCacheWays ?? 4,
    psramWindow,
    hooks: {
      reset(reason, which) {
        parts.pendingReset ??= { reason, cores: which };
        for (const core of which === 'system' ? cores : [cores[which]]) core.running = false;
      },
      coreControlChanged: () => core1.controlChanged(),
      bootsFromFlash: () => boot.fromFlash,
      setInterruptLines: (core, lines) => cores[core].setInterruptLines(lines),
      memoryChanged: (offset, bytes) => memory.invalidate(offset, bytes),
      remapped: () => memory.remapped(),
      cacheBanksChanged: () => bus.setCpuBanks(peripherals.sensitive.cpuBanks()),
    },
  });
  const { cached, blocks } = peripherals;
  const bus: SocBus = createSocBus({ memory, layout, cached, blocks, clock, warnings });
  const cores = createCores(bus, warnings, options.simcall);
  const core1 = createCore1(cores[1], clock, peripherals.system, peripherals.rtc, {
    ownRom: options.rom !== undefined,
    vecbase: options.vecbase,
  });
  const rom = options.rom
    ? createOwnRom(cores[0])
    : createRom({ bus, clock, cores, peripherals, flash, reset });
  const parts: ChipParts = {
    ...memories,
    board,
    clock,
    warnings,
    peripherals,
    bus,
    cores,
    core1,
    rom,
    psramWindow,
    screen: createBoardScreen(board, peripherals.gpio, peripherals.i2c),
    quantum: options.quantum ?? DEFAULT_QUANTUM,
    pendingReset: undefined,
    boot,
    held: options.held ?? false,
    pins,
    latchedPins: pins,
    resetListeners: [],
    watchers: [watchSpin(cores[0]), watchSpin(cores[1])],
  };
  clock.onScheduled = () => {
    memory.shared[1] = 1;
  };
  bus.setCpuBanks(peripherals.sensitive.cpuBanks());
  peripherals.usb.hostAttached = options.usbHost ?? board.console === 'usb';
  return parts;
}

/** Both cores, not running. */
function createCores(bus: SocBus, warnings: Warnings, simcall: ChipSimcall | undefined): [Core, Core] {
  const onUnaligned = (address: number, pc: number) => {
    warnings.pc = pc;
    warnings.once(
      `unaligned ${pc}`,
      address,
      `vector access to ${hex(address)}: the chip rounds the address down`,
    );
  };
  const cores: [Core, Core] = [
    createCore({ bus, core: 0, onUnaligned, simcall: simcall && ((...call) => simcall(cores[0], ...call)) }),
    createCore({ bus, core: 1, onUnaligned, simcall: simcall && ((...call) => simcall(cores[1], ...call)) }),
  ];
  for (const core of cores) core.running = false;
  return cores;
}
