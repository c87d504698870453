/**
 * SPI0 (the caches' way to flash and PSRAM) and SPI1 (commands by the program): registers as the ROM leaves
 * them, flash and PSRAM chips that answer SPI1's user commands (docs/esp32-s3.md B6, C9.4).
 */

import type { PeripheralContext } from './context.ts';
import type { BusTiming, FlashMode, PsramMode } from './external-bus.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterHooks,
} from './peripheral.ts';
import { garble, type SampleWindow, samplesRight } from './psram-timing.ts';
import type { SpiDevice } from './spi-devices.ts';

const CMD = 0x00;
const ADDR = 0x04;
const CTRL = 0x08;
const CLOCK = 0x14;
const USER = 0x18;
const USER1 = 0x1c;
const USER2 = 0x20;
const MOSI_DLEN = 0x24;
const MISO_DLEN = 0x28;
const RD_STATUS = 0x2c;
const MISC = 0x34;
const CACHE_SCTRL = 0x40;
const SRAM_CLK = 0x50;
const W0 = 0x58;
const TIMING_CALI = 0xa8;
const SMEM_TIMING_CALI = 0xbc;
const SMEM_DIN_MODE = 0xc0;
const SMEM_DIN_NUM = 0xc4;
const SMEM_AC = 0xdc;
const SMEM_DDR = 0xe4;
const CORE_CLK_SEL = 0xec;

const CTRL_COMMAND_QUAD = 1 << 8;
const CTRL_COMMAND_OCTAL = 1 << 9;
const CTRL_FASTRD = 1 << 13;
const CTRL_DUAL = 1 << 14;
const CTRL_QUAD = 1 << 20;
const CTRL_DIO = 1 << 23;
const CTRL_QIO = 1 << 24;

const USER_COMMAND = 1 << 31;
const USER_ADDR = 1 << 30;
const USER_DUMMY = 1 << 29;
const USER_MISO = 1 << 28;
const USER_MOSI = 1 << 27;

/** Dummy clocks that quad PSRAM has behind an address; those beyond are for the delay (ESP-IDF: its calibration registers' do not count). */
const QUAD_DUMMIES = 6;
/** Of a register's field, which says one less. */
const dummiesIn = (value: number, shift: number): number => ((value >>> shift) & 0x3f) + 1;
/** Extra dummy clocks of a read: octal's are a calibration register's, quad's are among all that it has. */
function extraDummies(psram: PsramMode, calibration: number, all: number): number {
  if (psram === 'quad') return all - QUAD_DUMMIES;
  return calibration & 2 ? (calibration >>> 2) & 7 : 0;
}

/** One-bit commands of the CMD register: bit → the flash chip's opcode. */
const SHORT_COMMANDS: readonly (readonly [
  bit: number,
  opcode: number,
  argumentBytes: number,
  read: number,
])[] = [
  [31, 0x03, 3, 64],
  [30, 0x06, 0, 0],
  [29, 0x04, 0, 0],
  [28, 0x9f, 0, 3],
  [27, 0x05, 0, 1],
  [26, 0x01, 0, 0],
  [25, 0x02, 3, 0],
  [24, 0x20, 3, 0],
  [23, 0xd8, 3, 0],
  [22, 0xc7, 0, 0],
  [21, 0xb9, 0, 0],
  [20, 0xab, 0, 0],
];

/** Divider of CLOCK and SRAM_CLK: bit 31 means 1, else N + 1. */
const clockDivider = (value: number) => (value >>> 31 ? 1 : ((value >>> 16) & 0xff) + 1);

export interface Spi0 extends Peripheral {
  readonly registers: RegisterBlock;
  /** How the caches reach memory now. */
  timing(): Omit<BusTiming, 'cpuHertz'>;
  psramProblem(): string | undefined;
  /** Whether the caches read PSRAM at the right moment. */
  readsRight(): boolean;
  /** The same for SPI1, with extra dummy clocks and the divider that are its own; the delays of the inputs are shared. */
  readsRightWith(extraDummies: number, clock: number): boolean;
}

export interface Spi0Options {
  readonly base: number;
  /** Hertz of the clock before the dividers when CORE_CLK_SEL is 0. */
  memoryClockHertz(): number;
  /** Of the PLL. */
  pllHertz(): number;
  onChange(): void;
  /** Of the board's PSRAM. */
  readonly psramMode: PsramMode;
  readonly psramWindow: SampleWindow;
}

function flashMode(control: number): FlashMode {
  if (control & CTRL_QIO) return 'qio';
  if (control & CTRL_DIO) return 'dio';
  if (control & CTRL_QUAD) return 'qout';
  if (control & CTRL_DUAL) return 'dout';
  return control & CTRL_FASTRD ? 'fast' : 'slow';
}

export function createSpi0(context: PeripheralContext, options: Spi0Options): Spi0 {
  const telling = (offset: number, reset: number): RegisterHooks => ({
    reset,
    write(value) {
      block.set(offset, value);
      options.onChange();
      return value;
    },
  });
  const block = createRegisterBlock({
    name: 'SPI0',
    base: options.base,
    size: 0x400,
    warnings: context.warnings,
    plain: [[0x00, 0x100]],
    registers: {
      [CTRL]: telling(CTRL, 0x002c2000),
      [0x0c]: 0x0000000c,
      [CLOCK]: telling(CLOCK, 0x00030103),
      [USER]: 0x80000000,
      [USER1]: 0x5c000007,
      [USER2]: 0x70000003,
      [CACHE_SCTRL]: telling(CACHE_SCTRL, 0x0055c040),
      [SRAM_CLK]: telling(SRAM_CLK, 0x00030103),
      [SMEM_TIMING_CALI]: telling(SMEM_TIMING_CALI, 0),
      [SMEM_DIN_MODE]: telling(SMEM_DIN_MODE, 0),
      [SMEM_DIN_NUM]: telling(SMEM_DIN_NUM, 0),
      [SMEM_AC]: 0x0000b107,
      [SMEM_DDR]: telling(SMEM_DDR, 0x00003020),
      [CORE_CLK_SEL]: telling(CORE_CLK_SEL, 0),
      [0x3fc]: 0x02101040, // DATE
    },
  });
  const coreClock = () => {
    const select = block.get(CORE_CLK_SEL) & 3;
    const base = options.memoryClockHertz();
    return base < 80_000_000 ? base : [80, 120, 160, 240][select] * 1_000_000;
  };
  const readsRightWith = (dummy: number, divider: number) => {
    // Delays want the clock of the delay line.
    const isDelayed = (block.get(SMEM_TIMING_CALI) & 1) !== 0;
    const setting = {
      mode: isDelayed ? block.get(SMEM_DIN_MODE) & 7 : 0,
      num: isDelayed ? block.get(SMEM_DIN_NUM) & 3 : 0,
      dummy,
    };
    const coreHertz = coreClock();
    return samplesRight(options.psramMode, setting, options.psramWindow, {
      coreHertz,
      busHertz: coreHertz / divider,
      pllHertz: options.pllHertz(),
    });
  };
  return {
    ...block,
    registers: block,
    timing: () => ({
      flashMode: flashMode(block.get(CTRL)),
      flashHertz: coreClock() / clockDivider(block.get(CLOCK)),
      psramMode: options.psramMode,
      psramHertz: coreClock() / clockDivider(block.get(SRAM_CLK)),
    }),
    psramProblem() {
      const needed = (1 << 20) | (1 << 5); // USR_WCMD, USR_RCMD
      if ((block.get(CACHE_SCTRL) & needed) !== needed)
        return 'SPI0 has no PSRAM commands set (CACHE_SCTRL 0x60003040)';
      return undefined;
    },
    readsRight: () =>
      readsRightWith(
        extraDummies(options.psramMode, block.get(SMEM_TIMING_CALI), dummiesIn(block.get(CACHE_SCTRL), 6)),
        clockDivider(block.get(SRAM_CLK)),
      ),
    readsRightWith: (dummy, clock) => readsRightWith(dummy, clockDivider(clock)),
  };
}

export interface Spi1 extends Peripheral {
  readonly registers: RegisterBlock;
}

export interface Spi1Options {
  readonly base: number;
  readonly flash: SpiDevice;
  readonly psram: SpiDevice | undefined;
  readonly psramMode: PsramMode;
  /** Whether what is read of it arrives right. */
  readonly psramReadsRight: (extraDummies: number, clock: number) => boolean;
}

export function createSpi1(context: PeripheralContext, options: Spi1Options): Spi1 {
  const { warnings } = context;
  const buffer = () => {
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    for (let word = 0; word < 16; word++) view.setUint32(4 * word, block.get(W0 + 4 * word), true);
    return bytes;
  };
  const store = (bytes: Uint8Array) => {
    const padded = new Uint8Array(64);
    padded.set(bytes.subarray(0, 64));
    const view = new DataView(padded.buffer);
    for (let word = 0; word < Math.ceil(Math.min(bytes.length, 64) / 4); word++) {
      block.set(W0 + 4 * word, view.getUint32(4 * word, true));
    }
  };
  const selected = () => {
    const misc = block.get(MISC);
    return (misc & 1) === 0 ? options.flash : (misc & 2) === 0 ? options.psram : undefined;
  };

  const lines = () => {
    const control = block.get(CTRL);
    return control & CTRL_COMMAND_OCTAL ? 8 : control & CTRL_COMMAND_QUAD ? 4 : 1;
  };
  const dummies = () => (block.get(USER) & USER_DUMMY ? dummiesIn(block.get(USER1), 0) : 0);
  const userTransaction = () => {
    const user = block.get(USER);
    const device = selected();
    if (!device) {
      warnings.once(
        'spi1 select',
        options.base + MISC,
        'SPI1: a command went to a chip select with nothing on it',
      );
      store(new Uint8Array(64).fill(0xff));
      return;
    }
    const bits = (offset: number) => (block.get(offset) & 0x3ff) + 1;
    const addressBits = user & USER_ADDR ? (block.get(USER1) >>> 26) + 1 : 0;
    const reply = device.transact({
      command: user & USER_COMMAND ? block.get(USER2) & 0xffff : -1,
      lines: lines(),
      address: addressBits > 0 ? block.get(ADDR) : 0,
      addressBits,
      sent:
        user & USER_MOSI
          ? buffer().subarray(0, Math.min(Math.ceil(bits(MOSI_DLEN) / 8), 64))
          : new Uint8Array(0),
      wanted: user & USER_MISO ? Math.min(Math.ceil(bits(MISO_DLEN) / 8), 64) : 0,
    });
    const extra = extraDummies(options.psramMode, block.get(TIMING_CALI), dummies());
    const isRight = device !== options.psram || options.psramReadsRight(extra, block.get(CLOCK));
    if (!isRight) garble(reply);
    if (user & USER_MISO) store(reply);
  };
  const shortCommand = (value: number) => {
    for (const [bit, command, argumentBytes, read] of SHORT_COMMANDS) {
      if (!((value >>> bit) & 1)) continue;
      const length = block.get(ADDR) >>> 24;
      const reply = options.flash.transact({
        command,
        lines: 1,
        address: block.get(ADDR) & 0xffffff,
        addressBits: 8 * argumentBytes,
        sent: command === 0x02 ? buffer().subarray(0, Math.min(length || 64, 64)) : new Uint8Array(0),
        wanted: command === 0x03 ? Math.min(length || 64, 64) : read,
      });
      if (command === 0x05) block.set(RD_STATUS, reply[0]);
      else if (read > 0) store(reply);
    }
  };

  const block = createRegisterBlock({
    name: 'SPI1',
    base: options.base,
    size: 0x400,
    warnings,
    plain: [[0x00, 0x100]],
    registers: {
      [CMD]: {
        write(value) {
          if (value & (1 << 18)) userTransaction();
          shortCommand(value);
          return 0; // commands are done when the register reads 0
        },
      },
      [CTRL]: 0x002ca000,
      [0x0c]: 0x0000000c,
      [CLOCK]: 0x00030103,
      [USER]: 0x80000000,
      [USER1]: 0x5c000007,
      [USER2]: 0x70000000,
      [MISC]: 0x00000002, // CS1 off
      [0x3fc]: 0x02101040, // DATE
    },
  });
  return { ...block, registers: block };
}
