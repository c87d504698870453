/** Timer group (TRM chapter 12 and 13): two 54-bit counters and the main system watchdog. */

import { TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext } from './context.ts';
import { createRegisterBlock, type Peripheral, type RegisterHooks } from './peripheral.ts';
import { createStagedWatchdog, type WatchdogAction } from './watchdog.ts';

export const WATCHDOG_KEY = 0x50d83aa1;

const WDTCONFIG0 = 0x48;
const WDTCONFIG1 = 0x4c;
const WDTCONFIG2 = 0x50;
const WDTFEED = 0x60;
const WDTWPROTECT = 0x64;
const RTCCALICFG = 0x68;
const RTCCALICFG1 = 0x6c;

const WDT_EN = 1 << 31;
const WDT_FLASHBOOT_MOD_EN = 1 << 14;
const TIMER_EN = 1 << 31;
const TIMER_INCREASE = 1 << 30;
const TIMER_USE_XTAL = 1 << 9;

const ACTIONS: readonly WatchdogAction[] = ['off', 'interrupt', 'reset-cpu', 'reset-system'];

export interface TimerGroup extends Peripheral {
  clockChanging(): void;
  clockChanged(): void;
}

export interface TimerGroupOptions {
  readonly name: string;
  readonly base: number;
  /** TIMG0 guards the boot from flash until a program switches that off. */
  readonly flashBootProtection: boolean;
  /** Whether the straps say to boot from flash: that alone the protection guards. */
  bootsFromFlash(): boolean;
  readonly watchdogInterruptSource: number;
  onReset(action: 'reset-cpu' | 'reset-system'): void;
}

/** One counter: value = value at `since` plus the counts since then. */
function createCounter(context: PeripheralContext, config: () => number) {
  let value = 0n;
  let since = 0;
  const hertz = () => {
    const divider = (config() >>> 13) & 0xffff;
    return (
      (config() & TIMER_USE_XTAL ? CRYSTAL_HERTZ : context.apbHertz()) / (divider === 0 ? 65536 : divider)
    );
  };
  const sync = () => {
    const counted = ((context.clock.ticks - since) * hertz()) / TICKS_PER_SECOND;
    if (!(config() & TIMER_EN)) since = context.clock.ticks;
    else if (counted >= 1) {
      const whole = Math.floor(counted);
      since += (whole * TICKS_PER_SECOND) / hertz();
      value = BigInt.asUintN(54, value + BigInt(config() & TIMER_INCREASE ? whole : -whole));
    }
    return value;
  };
  return {
    sync,
    load(next: bigint) {
      value = next;
      since = context.clock.ticks;
    },
  };
}

/** Registers of one counter at `at`: CONFIG, LO, HI, UPDATE, ALARMLO, ALARMHI, LOADLO, LOADHI, LOAD. */
function counterRegisters(
  context: PeripheralContext,
  at: number,
  get: (offset: number) => number,
  set: (offset: number, value: number) => void,
): { registers: Record<number, number | RegisterHooks>; sync: () => bigint } {
  const counter = createCounter(context, () => get(at));
  return {
    sync: counter.sync,
    registers: {
      [at]: {
        reset: 0x60002000,
        write(value) {
          counter.sync();
          set(at, value);
        },
      },
      [at + 0x04]: 0,
      [at + 0x08]: 0,
      [at + 0x0c]: {
        write() {
          const value = counter.sync();
          set(at + 0x04, Number(value & 0xffffffffn));
          set(at + 0x08, Number(value >> 32n));
        },
      },
      [at + 0x10]: 0,
      [at + 0x14]: 0,
      [at + 0x18]: 0,
      [at + 0x1c]: 0,
      [at + 0x20]: {
        write() {
          counter.load((BigInt(get(at + 0x1c) & 0x3fffff) << 32n) | BigInt(get(at + 0x18)));
        },
      },
    },
  };
}

export function createTimerGroup(context: PeripheralContext, options: TimerGroupOptions): TimerGroup {
  const { clock, warnings } = context;

  const setup = () => {
    const config = block.get(WDTCONFIG0);
    const flashBoot = (config & WDT_FLASHBOOT_MOD_EN) !== 0 && options.bootsFromFlash();
    const stage = (index: number) => ({
      hold: block.get(WDTCONFIG2 + 4 * index),
      action: ACTIONS[(config >>> (29 - 2 * index)) & 3],
    });
    const stages = [0, 1, 2, 3].map(stage);
    // In flash-boot mode stage 0 resets the system whatever its field says (TRM 13.2.2.3).
    if (flashBoot) stages[0] = { hold: stages[0].hold, action: 'reset-system' };
    return { enabled: (config & WDT_EN) !== 0 || flashBoot, stages };
  };
  const watchdog = createStagedWatchdog(
    clock,
    setup,
    () => ((block.get(WDTCONFIG1) >>> 16 || 1) * TICKS_PER_SECOND) / context.apbHertz(),
    (action) => {
      if (action === 'interrupt') context.interrupt(options.watchdogInterruptSource, true);
      else if (action === 'reset-cpu' || action === 'reset-system') options.onReset(action);
    },
  );

  /** A watchdog register: writes count only while the protection holds the key. */
  const guarded = (offset: number, reset: number): RegisterHooks => ({
    reset,
    write(value, stored) {
      if (block.get(WDTWPROTECT) !== WATCHDOG_KEY) {
        warnings.once(
          `${options.name} locked`,
          options.base + offset,
          `${options.name}: a write to a watchdog register is ignored, because WDTWPROTECT does not hold the key`,
        );
        return stored;
      }
      block.set(offset, value);
      watchdog.configure();
      return value;
    },
  });

  const get = (offset: number) => block.get(offset);
  const set = (offset: number, value: number) => block.set(offset, value);
  const counters = [counterRegisters(context, 0x00, get, set), counterRegisters(context, 0x24, get, set)];

  const block = createRegisterBlock({
    name: options.name,
    base: options.base,
    size: 0x1000,
    warnings,
    plain: [[0x70, 0x84]], // INT_ENA, RAW, ST, CLR, RTCCALICFG2
    registers: {
      ...counters[0].registers,
      ...counters[1].registers,
      [WDTCONFIG0]: guarded(
        WDTCONFIG0,
        0x0004c000 & (options.flashBootProtection ? -1 : ~WDT_FLASHBOOT_MOD_EN),
      ),
      [WDTCONFIG1]: guarded(WDTCONFIG1, 0x00010000),
      [WDTCONFIG2]: guarded(WDTCONFIG2, 26_000_000),
      [WDTCONFIG2 + 4]: guarded(WDTCONFIG2 + 4, 0x07ffffff),
      [WDTCONFIG2 + 8]: guarded(WDTCONFIG2 + 8, 0x000fffff),
      [WDTCONFIG2 + 12]: guarded(WDTCONFIG2 + 12, 0x000fffff),
      [WDTFEED]: {
        write() {
          watchdog.feed();
          return 0;
        },
      },
      [WDTWPROTECT]: WATCHDOG_KEY,
      [RTCCALICFG]: { reset: 0x00011000, read: (stored) => stored | 0x8000 }, // RDY
      // XTAL cycles in the asked number of slow-clock cycles, as a 136 kHz clock gives them.
      [RTCCALICFG1]: {
        read: () => ((((get(RTCCALICFG) >>> 16) & 0x7fff) * (CRYSTAL_HERTZ / 136_000)) << 7) >>> 0,
      },
    },
  });
  watchdog.configure();

  return {
    ...block,
    reset() {
      block.reset();
      watchdog.configure();
      watchdog.feed();
    },
    clockChanging() {
      watchdog.rateChanging();
      for (const counter of counters) counter.sync();
    },
    clockChanged: watchdog.rateChanged,
  };
}
