/** The chip's block diagram: every block of registers at its address (docs/esp32-s3.md B2). */

import type { Board } from '../boards/index.ts';
import type { RecentLines } from '../bus/index.ts';
import { createAnalogBus } from './analog.ts';
import { type CachedMemory, createCachedMemory } from './cached-memory.ts';
import type { Clock } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import { createEfuse } from './efuse.ts';
import { createGpio, createIoMux } from './gpio.ts';
import { createI2c } from './i2c.ts';
import { createInterruptMatrix } from './interrupt-matrix.ts';
import { createLedc, type Ledc } from './ledc.ts';
import type { ArenaLayout } from './memory-map.ts';
import { createRegisterBlock, createUnimplementedPeripheral, type Peripheral } from './peripheral.ts';
import type { SampleWindow } from './psram-timing.ts';
import { createRandomWord } from './random.ts';
import { RESET_REASON } from './reset-reasons.ts';
import { createRtcControl } from './rtc-control.ts';
import { createSens } from './sens.ts';
import { createSha } from './sha.ts';
import { createFlashChip, createOctalPsram, createQuadPsram } from './spi-devices.ts';
import { createSpi0, createSpi1, type Spi0Options } from './spi-memory.ts';
import { createSystemRegisters } from './system.ts';
import { createSystemTimer } from './system-timer.ts';
import { createTimerGroup } from './timer-group.ts';
import { createUart } from './uart.ts';
import { createUsbSerialJtag } from './usb-serial-jtag.ts';
import type { Warnings } from './warnings.ts';

/** What the blocks ask of the chip around them. */
export interface ChipHooks {
  reset(reason: number, cores: 'system' | 0 | 1): void;
  /** Core 1's clock, reset, stall or boot address changed. */
  coreControlChanged(): void;
  /** Whether the straps, as the last reset found them, say to boot from flash. */
  bootsFromFlash(): boolean;
  setInterruptLines(core: number, lines: number): void;
  /** Bytes of the arena changed other than by a core's store. */
  memoryChanged(offset: number, bytes: number): void;
  remapped(): void;
  /** SENSITIVE: which SRAM belongs to the caches changed. */
  cacheBanksChanged(): void;
}

export interface PeripheralOptions {
  readonly clock: Clock;
  readonly warnings: Warnings;
  readonly board: Board;
  readonly layout: ArenaLayout;
  readonly recent: RecentLines;
  readonly flash: Uint8Array;
  readonly psram: Uint8Array;
  readonly mac: readonly number[];
  readonly dataCacheWays: 4 | 8;
  /** When the board's octal PSRAM is to be sampled. */
  readonly psramWindow: SampleWindow;
  readonly hooks: ChipHooks;
}

/** Blocks that nothing here models: they keep what is written and warn. */
const UNIMPLEMENTED: readonly (readonly [name: string, base: number, size: number])[] = [
  ['RTCIO', 0x60008400, 0x400],
  ['RTC_I2C', 0x60008c00, 0x400],
  ['I2S0', 0x6000f000, 0x1000],
  ['UHCI0', 0x60014000, 0x1000],
  ['RMT', 0x60016000, 0x1000],
  ['PCNT', 0x60017000, 0x1000],
  ['NRX', 0x6001c000, 0x1000],
  ['MCPWM0', 0x6001e000, 0x1000],
  ['SPI2', 0x60024000, 0x1000],
  ['SPI3', 0x60025000, 0x1000],
  ['SYSCON', 0x60026000, 0x1000],
  ['SDMMC', 0x60028000, 0x1000],
  ['TWAI', 0x6002b000, 0x1000],
  ['MCPWM1', 0x6002c000, 0x1000],
  ['I2S1', 0x6002d000, 0x1000],
  ['AES', 0x6003a000, 0x1000],
  ['RSA', 0x6003c000, 0x1000],
  ['DS', 0x6003d000, 0x1000],
  ['HMAC', 0x6003e000, 0x1000],
  ['GDMA', 0x6003f000, 0x1000],
  ['APB_SARADC', 0x60040000, 0x1000],
  ['LCD_CAM', 0x60041000, 0x1000],
  ['ITAG', 0x600c6000, 0x2000],
  ['DTAG', 0x600c8000, 0x2000],
  ['WORLD_CONTROLLER', 0x600d0000, 0x1000],
];

/** With their signals in the GPIO matrix. */
const I2C = [
  { name: 'I2C0', base: 0x60013000, interruptSource: 42, scl: 89, sda: 90 },
  { name: 'I2C1', base: 0x60027000, interruptSource: 43, scl: 91, sda: 92 },
] as const;
const UARTS = [
  { name: 'UART0', base: 0x60000000, interruptSource: 27 },
  { name: 'UART1', base: 0x60010000, interruptSource: 28 },
  { name: 'UART2', base: 0x6002e000, interruptSource: 29 },
] as const;

/** Flash and PSRAM, their controllers, and the caches before them. @param clocks of SPI0 and SPI1, and of the PLL that they come from */
function createExternalMemory(
  context: PeripheralContext,
  options: PeripheralOptions,
  clocks: Pick<Spi0Options, 'memoryClockHertz' | 'pllHertz'>,
) {
  const { clock, board, layout, hooks } = options;
  const changedAt = (start: number) => (offset: number, bytes: number) =>
    hooks.memoryChanged(start + offset, bytes);
  const flashChip = createFlashChip(options.flash, changedAt(layout.flash));
  const psramMode = board.psramMode ?? 'quad';
  const createPsram = psramMode === 'octal' ? createOctalPsram : createQuadPsram;
  const psramChip = board.psramBytes > 0 ? createPsram(options.psram, changedAt(layout.psram)) : undefined;
  const spi0 = createSpi0(context, {
    base: 0x60003000,
    ...clocks,
    onChange: () => cached.costsChanged(),
    psramMode,
    psramWindow: options.psramWindow,
  });
  const spi1 = createSpi1(context, {
    base: 0x60002000,
    flash: flashChip,
    psram: psramChip,
    psramMode,
    psramReadsRight: spi0.readsRightWith,
  });
  const cached: CachedMemory = createCachedMemory(context, {
    extmemBase: 0x600c4000,
    layout,
    recent: options.recent,
    flashBytes: options.flash.length,
    psramBytes: options.psram.length,
    dataCacheWays: options.dataCacheWays,
    timing: () => ({
      ...spi0.timing(),
      cpuHertz: clock.cpuHertz,
    }),
    psramProblem: () => spi0.psramProblem(),
    psramReadsRight: () => spi0.readsRight(),
    psram: options.psram,
    remapped: hooks.remapped,
  });
  return { spi0, spi1, cached };
}

/** Two timer groups, whose watchdogs reset with reasons of their own. */
const createTimerGroups = (context: PeripheralContext, { reset, bootsFromFlash }: ChipHooks) =>
  [
    [RESET_REASON.timerGroup0System, RESET_REASON.timerGroup0Cpu],
    [RESET_REASON.timerGroup1System, RESET_REASON.timerGroup1Cpu],
  ].map(([system, cpu], index) =>
    createTimerGroup(context, {
      name: `TIMG${index}`,
      base: 0x6001f000 + 0x1000 * index,
      flashBootProtection: index === 0,
      bootsFromFlash,
      watchdogInterruptSource: 52 + 3 * index,
      onReset: (action) => (action === 'reset-cpu' ? reset(cpu, 0) : reset(system, 'system')),
    }),
  );

/** Pads and pins, and the two I2C controllers that reach a screen through them. */
function createPins(context: PeripheralContext, { screen }: Board, ledc: Ledc) {
  const ioMux = createIoMux(context, 0x60009000);
  const gpio = createGpio(context, 0x60004000, ioMux, ledc);
  const i2c = I2C.map(({ scl, sda, ...controller }) =>
    createI2c(context, {
      ...controller,
      routingFault: () =>
        screen
          ? (gpio.routingFault(screen.scl, scl) ?? gpio.routingFault(screen.sda, sda))
          : 'this board has nothing on its I2C bus',
    }),
  );
  return { ioMux, gpio, i2c };
}

/** Builds every block; `blocks` says where each lies. */
export function createPeripherals(options: PeripheralOptions) {
  const { clock, warnings, board, hooks } = options;
  const context: PeripheralContext = {
    clock,
    warnings,
    apbHertz: () => system.apbHertz(),
    interrupt: (source, level) => interruptMatrix.setSource(source, level),
  };
  const interruptMatrix = createInterruptMatrix(0x600c2000, warnings, hooks.setInterruptLines);
  const analog = createAnalogBus(context, 0x6000e000);
  const rtc = createRtcControl(context, {
    base: 0x60008000,
    onReset: hooks.reset,
    onStallChange: hooks.coreControlChanged,
    bootsFromFlash: hooks.bootsFromFlash,
  });
  const system = createSystemRegisters(context, {
    base: 0x600c0000,
    pllProblem: () => (rtc.bbpllPowered() ? analog.pllProblem() : 'RTC_CNTL_OPTIONS0 keeps it powered down'),
    clockChanging: () => timerGroups.forEach((group) => void group.clockChanging()),
    clockChanged() {
      timerGroups.forEach((group) => void group.clockChanged());
      cached.costsChanged();
    },
    onCore1Change: hooks.coreControlChanged,
  });
  const timerGroups = createTimerGroups(context, hooks);
  const { spi0, spi1, cached } = createExternalMemory(context, options, {
    memoryClockHertz: () => system.memoryClockHertz(),
    pllHertz: () => analog.pllHertz(),
  });
  const ledc = createLedc(context, { base: 0x60019000, running: () => system.ledcRuns() });
  const { ioMux, gpio, i2c } = createPins(context, board, ledc);
  const sens = createSens(context, {
    base: 0x60008800,
    millivolts: (channel) => gpio.millivolts(channel + 1),
    analogRegister: analog.saradcRegister,
  });
  const uarts = UARTS.map((uart) => createUart(context, uart));
  const usb = createUsbSerialJtag(context, 0x60038000);
  const sensitive = createSensitive(warnings, hooks.cacheBanksChanged);
  const assistDebug = createRegisterBlock({
    name: 'ASSIST_DEBUG',
    base: 0x600ce000,
    size: 0x1000,
    warnings,
    plain: [[0x00, 0x100]],
    registers: {},
  });
  const random = createRandomWord(0x60035000, warnings);
  const efuse = createEfuse(context, 0x60007000, {
    mac: options.mac,
    flashInPackage: board.package.flashBytes,
    psramInPackage: board.package.psramBytes,
    revision: [0, 2],
  });

  const blocks: { readonly base: number; readonly size: number; readonly peripheral: Peripheral }[] = [
    { base: 0x60000000, size: 0x1000, peripheral: uarts[0] },
    { base: 0x60002000, size: 0x400, peripheral: spi1 },
    { base: 0x60003000, size: 0x400, peripheral: spi0 },
    { base: 0x60004000, size: 0x1000, peripheral: gpio },
    { base: 0x60007000, size: 0x1000, peripheral: efuse },
    { base: 0x60008000, size: 0x400, peripheral: rtc },
    { base: 0x60008800, size: 0x400, peripheral: sens },
    { base: 0x60009000, size: 0x1000, peripheral: ioMux },
    { base: 0x6000e000, size: 0x1000, peripheral: analog },
    { base: 0x60010000, size: 0x1000, peripheral: uarts[1] },
    { base: 0x60013000, size: 0x1000, peripheral: i2c[0] },
    { base: 0x60019000, size: 0x1000, peripheral: ledc },
    { base: 0x6001f000, size: 0x1000, peripheral: timerGroups[0] },
    { base: 0x60020000, size: 0x1000, peripheral: timerGroups[1] },
    { base: 0x60023000, size: 0x1000, peripheral: createSystemTimer(context, 0x60023000) },
    { base: 0x60027000, size: 0x1000, peripheral: i2c[1] },
    { base: 0x6002e000, size: 0x1000, peripheral: uarts[2] },
    { base: 0x60035000, size: 0x1000, peripheral: random },
    { base: 0x60038000, size: 0x1000, peripheral: usb },
    { base: 0x6003b000, size: 0x1000, peripheral: createSha(0x6003b000, warnings) },
    { base: 0x600c0000, size: 0x1000, peripheral: system },
    { base: 0x600c1000, size: 0x1000, peripheral: sensitive },
    { base: 0x600c2000, size: 0x1000, peripheral: interruptMatrix },
    { base: 0x600c4000, size: 0x1000, peripheral: cached.extmem },
    { base: 0x600c5000, size: 0x1000, peripheral: cached.mmu },
    { base: 0x600ce000, size: 0x1000, peripheral: assistDebug },
    ...UNIMPLEMENTED.map(([name, base, size]) => ({
      base,
      size,
      peripheral: createUnimplementedPeripheral(name, base, size, warnings),
    })),
  ];

  return {
    blocks,
    interruptMatrix,
    rtc,
    system,
    timerGroups,
    spi0,
    spi1,
    cached,
    gpio,
    sens,
    i2c,
    uarts,
    usb,
    sensitive,
    assistDebug,
    efuse,
  };
}

export type Peripherals = ReturnType<typeof createPeripherals>;

/** SENSITIVE: of all its permissions only the ownership of SRAM by the caches has an effect here. */
function createSensitive(warnings: Warnings, cacheBanksChanged: () => void) {
  const INTERNAL_SRAM_USAGE_1 = 0x14;
  const block = createRegisterBlock({
    name: 'SENSITIVE',
    base: 0x600c1000,
    size: 0x1000,
    warnings,
    plain: [[0x00, 0x400]],
    registers: {
      [0x04]: 0x0000002f,
      [INTERNAL_SRAM_USAGE_1]: {
        reset: 0x000007f7,
        write(value) {
          block.set(INTERNAL_SRAM_USAGE_1, value);
          cacheBanksChanged();
          return value;
        },
      },
      [0xffc]: 0x02101280, // DATE
    },
  });
  return {
    ...block,
    reset() {
      block.reset();
      cacheBanksChanged();
    },
    /** Bits 3:0: 1 = the bank of `CACHE_BANKS` is the CPU's. */
    cpuBanks: () => block.get(INTERNAL_SRAM_USAGE_1) & 15,
  };
}
