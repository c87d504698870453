/**
 * RTC_CNTL (TRM chapter 10 and 13; docs/esp32-s3.md C4, C9.4): reset causes, software reset and stall, retained STORE
 * words, the RTC watchdog and the super watchdog.
 */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import { type PeripheralContext, RC_SLOW_HERTZ } from './context.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterBlockOptions,
  type RegisterHooks,
} from './peripheral.ts';
import { RESET_REASON } from './reset-reasons.ts';
import { WATCHDOG_KEY } from './timer-group.ts';
import { createStagedWatchdog, type WatchdogAction } from './watchdog.ts';

const OPTIONS0 = 0x00;
const TIME_UPDATE = 0x0c;
const TIME_LOW0 = 0x10;
const TIME_HIGH0 = 0x14;
const RESET_STATE = 0x38;
const INT_ENA = 0x40;
const INT_RAW = 0x44;
const STORE0 = 0x50;
const WDTCONFIG0 = 0x98;
const WDTCONFIG1 = 0x9c;
const WDTFEED = 0xac;
const WDTWPROTECT = 0xb0;
const SWD_CONF = 0xb4;
const SWD_WPROTECT = 0xb8;
const SW_CPU_STALL = 0xbc;
const STORE4 = 0xc0;
const OPTION1 = 0x12c;

const SW_SYS_RST = 1 << 31;
const SW_PROCPU_RST = 1 << 5;
const SW_APPCPU_RST = 1 << 4;

const WDT_EN = 1 << 31;
const WDT_FLASHBOOT_MOD_EN = 1 << 12;
const WDT_CHIP_RESET_EN = 1 << 8;
const ACTIONS: readonly WatchdogAction[] = ['off', 'interrupt', 'reset-cpu', 'reset-system', 'reset-rtc'];

export const SUPER_WATCHDOG_KEY = 0x8f1d312a;
const SWD_AUTO_FEED_EN = 1 << 31;
const SWD_DISABLE = 1 << 30;
const SWD_FEED = 1 << 29;
/**
 * The TRM calls the period "slightly less than one second" without a figure, while boards with empty flash are
 * reset by TIMG0 at 1.3 s and never by this dog. It is put behind the RTC watchdog's 2.94 s, so that every dog
 * can be seen to bite; nothing may rely on the length.
 */
const SWD_SECONDS = 4;

/** 0x86 in the stall fields of a core (high six bits, low two bits) stops it. */
const STALL_HIGH = 0x21;
const STALL_LOW = 2;

export interface RtcControl extends Peripheral {
  readonly registers: RegisterBlock;
  /** Power-on or RTC reset: everything; otherwise the RTC domain keeps its registers. */
  powerOn(): void;
  setResetReason(core: 0 | 1, reason: number): void;
  resetReason(core: 0 | 1): number;
  /** Whether the stall code for the core is in the registers. */
  stalled(core: 0 | 1): boolean;
  /** Retained word 0-7. */
  store(index: number): number;
  bbpllPowered(): boolean;
  /** Whether the watchdog's reset is to be one of the whole chip, which looks at the strapping pins again. */
  dogResetsChip(): boolean;
}

export interface RtcControlOptions {
  readonly base: number;
  onReset(reason: number, cores: 'system' | 0 | 1): void;
  onStallChange(): void;
  /** Whether the straps say to boot from flash: that alone the watchdogs guard until a program takes them over. */
  bootsFromFlash(): boolean;
}

/** The RTC watchdog and the super watchdog, and the registers that only a key opens. */
function createDogs(context: PeripheralContext, options: RtcControlOptions, block: () => RegisterBlock) {
  const { clock, warnings } = context;

  const setup = () => {
    const config = block().get(WDTCONFIG0);
    const flashBoot = (config & WDT_FLASHBOOT_MOD_EN) !== 0 && options.bootsFromFlash();
    const stages = [0, 1, 2, 3].map((index) => ({
      // Stage 0 is doubled by hardware while eFuse WDT_DELAY_SEL is 0.
      hold: block().get(WDTCONFIG1 + 4 * index) * (index === 0 ? 2 : 1),
      action: ACTIONS[Math.min((config >>> (28 - 3 * index)) & 7, 4)],
    }));
    if (flashBoot) stages[0] = { hold: stages[0].hold, action: 'reset-rtc' };
    return { enabled: (config & WDT_EN) !== 0 || flashBoot, stages };
  };
  const expire = (action: WatchdogAction) => {
    if (action === 'interrupt') block().set(INT_RAW, block().get(INT_RAW) | (1 << 3));
    else if (action === 'reset-cpu') options.onReset(RESET_REASON.rtcWatchdogCpu, 0);
    else if (action === 'reset-system') options.onReset(RESET_REASON.rtcWatchdogSystem, 'system');
    else if (action === 'reset-rtc') options.onReset(RESET_REASON.rtcWatchdogRtc, 'system');
  };
  const watchdog = createStagedWatchdog(clock, setup, () => TICKS_PER_SECOND / RC_SLOW_HERTZ, expire);

  let superAlarm: Alarm | undefined;
  const restartSuper = () => {
    superAlarm?.cancel();
    superAlarm = undefined;
    if (!options.bootsFromFlash()) return; // boards wait in download mode for hours (INF)
    if (block().get(SWD_CONF) & (SWD_AUTO_FEED_EN | SWD_DISABLE)) return;
    superAlarm = clock.after(SWD_SECONDS * TICKS_PER_SECOND, () =>
      options.onReset(RESET_REASON.superWatchdog, 'system'),
    );
  };

  /** A register behind a write protection word. */
  const behind = (
    offset: number,
    reset: number,
    lock: number,
    key: number,
    applied: () => void,
  ): RegisterHooks => ({
    reset,
    write(value, stored) {
      if (block().get(lock) !== key) {
        warnings.once(
          `rtc locked ${lock}`,
          options.base + offset,
          'RTC_CNTL: a write to a watchdog register is ignored, because its protection word does not hold the key',
        );
        return stored;
      }
      block().set(offset, value);
      applied();
      return block().get(offset);
    },
  });

  return {
    /** A register of the RTC watchdog. */
    guarded: (offset: number, reset: number) =>
      behind(offset, reset, WDTWPROTECT, WATCHDOG_KEY, watchdog.configure),
    /** The register of the super watchdog. */
    superDog: behind(SWD_CONF, 0x04b00000, SWD_WPROTECT, SUPER_WATCHDOG_KEY, () => {
      block().set(SWD_CONF, block().get(SWD_CONF) & ~SWD_FEED);
      restartSuper();
    }),
    feed: () => watchdog.feed(),
    restart() {
      watchdog.configure();
      watchdog.feed();
      restartSuper();
    },
  };
}

const registersOf = (
  { clock }: PeripheralContext,
  options: RtcControlOptions,
  dogs: ReturnType<typeof createDogs>,
  block: () => RegisterBlock,
): RegisterBlockOptions['registers'] => ({
  [OPTIONS0]: {
    reset: 0x1c00a000,
    write(value) {
      block().set(OPTIONS0, value & ~(SW_SYS_RST | SW_PROCPU_RST | SW_APPCPU_RST));
      if (value & SW_SYS_RST) options.onReset(RESET_REASON.softwareSystem, 'system');
      else if (value & SW_PROCPU_RST) options.onReset(RESET_REASON.softwareCpu, 0);
      else if (value & SW_APPCPU_RST) options.onReset(RESET_REASON.softwareCpu, 1);
      else options.onStallChange();
      return block().get(OPTIONS0);
    },
  },
  [TIME_UPDATE]: {
    write(value) {
      if (!(value & (1 << 31))) return;
      const count = Math.floor((clock.ticks * RC_SLOW_HERTZ) / TICKS_PER_SECOND);
      block().set(TIME_LOW0, count >>> 0);
      block().set(TIME_HIGH0, Math.floor(count / 2 ** 32) & 0xffff);
    },
  },
  [RESET_STATE]: { write: (_value, stored) => stored },
  [INT_RAW + 4]: { read: () => block().get(INT_RAW) & block().get(INT_ENA) },
  [INT_RAW + 8]: {
    read: () => 0,
    write(value) {
      block().set(INT_RAW, block().get(INT_RAW) & ~value);
    },
  },
  [0x34]: 0x00440000, // ANA_CONF: the analog bus of the converter has power
  [0x74]: 0x1158321c, // CLK_CONF
  [0x78]: 0x00000000, // SLOW_CLK_CONF
  [0x7c]: 0x00000000, // SDIO_CONF
  [0x84]: 0x00000000, // BIAS_CONF / REG
  [0x88]: 0x00000000, // REGULATOR
  [0x8c]: 0x00000000, // PWC
  [0x90]: 0x00000000, // DIG_PWC
  [0x94]: 0x00000000, // DIG_ISO: pads not held
  [WDTCONFIG0]: dogs.guarded(WDTCONFIG0, 0x00013214),
  [WDTCONFIG1]: dogs.guarded(WDTCONFIG1, 200_000),
  [WDTCONFIG1 + 4]: dogs.guarded(WDTCONFIG1 + 4, 80_000),
  [WDTCONFIG1 + 8]: dogs.guarded(WDTCONFIG1 + 8, 0x00000fff),
  [WDTCONFIG1 + 12]: dogs.guarded(WDTCONFIG1 + 12, 0x00000fff),
  [WDTFEED]: {
    write(value) {
      if (value & (1 << 31)) dogs.feed();
      return 0;
    },
  },
  [WDTWPROTECT]: WATCHDOG_KEY,
  [SWD_CONF]: dogs.superDog,
  [SWD_WPROTECT]: SUPER_WATCHDOG_KEY,
  [SW_CPU_STALL]: {
    write(value) {
      block().set(SW_CPU_STALL, value);
      options.onStallChange();
    },
  },
  [OPTION1]: 0,
});

export function createRtcControl(context: PeripheralContext, options: RtcControlOptions): RtcControl {
  const dogs = createDogs(context, options, () => block);

  const block = createRegisterBlock({
    name: 'RTC_CNTL',
    base: options.base,
    size: 0x400,
    warnings: context.warnings,
    plain: [
      [0x04, 0x74],
      [STORE4, STORE4 + 16],
      [0xd0, 0x160],
    ],
    registers: registersOf(context, options, dogs, () => block),
  });

  dogs.restart();

  const stalled = (core: 0 | 1) => {
    const high = (block.get(SW_CPU_STALL) >>> (core === 0 ? 26 : 20)) & 0x3f;
    const low = (block.get(OPTIONS0) >>> (core === 0 ? 2 : 0)) & 3;
    return high === STALL_HIGH && low === STALL_LOW;
  };

  return {
    ...block,
    registers: block,
    /** A system reset leaves the RTC domain alone, except that its dogs guard the new boot. */
    reset() {
      for (const offset of [WDTCONFIG0, WDTCONFIG1, WDTWPROTECT, SWD_CONF, SWD_WPROTECT, SW_CPU_STALL]) {
        block.set(offset, RESET_VALUES_OF_DOGS[offset]);
      }
      block.set(OPTIONS0, 0x1c00a000);
      dogs.restart();
    },
    powerOn() {
      const state = block.get(RESET_STATE);
      block.reset();
      block.set(RESET_STATE, state);
      dogs.restart();
    },
    setResetReason(core, reason) {
      const shift = core === 0 ? 0 : 6;
      block.set(RESET_STATE, (block.get(RESET_STATE) & ~(0x3f << shift)) | (reason << shift));
    },
    resetReason: (core) => (block.get(RESET_STATE) >>> (core === 0 ? 0 : 6)) & 0x3f,
    stalled,
    store: (index) => block.get(index < 4 ? STORE0 + 4 * index : STORE4 + 4 * (index - 4)),
    dogResetsChip: () => (block.get(WDTCONFIG0) & WDT_CHIP_RESET_EN) !== 0,
    bbpllPowered: () => (block.get(OPTIONS0) & 0x540) === 0,
  };
}

const RESET_VALUES_OF_DOGS: Readonly<Record<number, number>> = {
  [WDTCONFIG0]: 0x00013214,
  [WDTCONFIG1]: 200_000,
  [WDTWPROTECT]: WATCHDOG_KEY,
  [SWD_CONF]: 0x04b00000,
  [SWD_WPROTECT]: SUPER_WATCHDOG_KEY,
  [SW_CPU_STALL]: 0,
};
