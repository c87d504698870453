/** SYSTIMER (TRM chapter 11; docs/esp32-s3.md D4): two 52-bit counters at 16 MHz and three comparators. */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import { createRegisterBlock, type Peripheral, type RegisterHooks } from './peripheral.ts';

const TICKS_PER_COUNT = TICKS_PER_SECOND / 16_000_000;
const CONF = 0x00;
const UNIT_OP = [0x04, 0x08];
const UNIT_LOAD_HI = [0x0c, 0x14];
const UNIT_VALUE_HI = [0x40, 0x48];
const UNIT_LOAD = [0x5c, 0x60];
const TARGET_HI = [0x1c, 0x24, 0x2c];
const TARGET_CONF = [0x34, 0x38, 0x3c];
const COMP_LOAD = [0x50, 0x54, 0x58];
const INT_ENA = 0x64;
const INT_RAW = 0x68;
const INT_CLR = 0x6c;
const INT_ST = 0x70;
const INTERRUPT_SOURCE = 57;

const OP_UPDATE = 1 << 30;
const OP_VALID = 1 << 29;
const PERIOD_MODE = 1 << 30;
const PERIOD_MASK = 0x3ffffff;

export function createSystemTimer(context: PeripheralContext, base: number): Peripheral {
  const { clock, warnings } = context;
  const start = [0, 0]; // tick at which the unit held 0
  const stoppedAt: (number | undefined)[] = [undefined, 0]; // count a stopped unit holds
  const alarms: (Alarm | undefined)[] = [];
  /** What a comparator took over when it was last loaded: its moment, its period, and when that was. */
  const armed = [0, 1, 2].map(() => ({ target: 0, period: 0, loadedAt: 0 }));

  const workEnabled = (unit: number) => (block.get(CONF) & (1 << (30 - unit))) !== 0;
  const value = (unit: number) =>
    stoppedAt[unit] ?? Math.floor((clock.ticks - start[unit]) / TICKS_PER_COUNT);
  const load = (unit: number, count: number) => {
    if (stoppedAt[unit] !== undefined) stoppedAt[unit] = count;
    start[unit] = clock.ticks - count * TICKS_PER_COUNT;
  };
  const updateInterrupts = () => {
    for (let index = 0; index < 3; index++) {
      context.interrupt(
        INTERRUPT_SOURCE + index,
        (block.get(INT_RAW) & block.get(INT_ENA) & (1 << index)) !== 0,
      );
    }
  };

  const unitOf = (index: number) => block.get(TARGET_CONF[index]) >>> 31;
  /** The mode is looked at now: drivers choose it after they have loaded the period. */
  const isPeriodic = (index: number) =>
    (block.get(TARGET_CONF[index]) & PERIOD_MODE) !== 0 && armed[index].period > 0;
  /** Count of the next match. */
  const nextMatch = (index: number) => {
    const { target, period, loadedAt } = armed[index];
    if (!isPeriodic(index)) return target;
    return loadedAt + (Math.floor((value(unitOf(index)) - loadedAt) / period) + 1) * period;
  };
  const schedule = (index: number) => {
    alarms[index]?.cancel();
    alarms[index] = undefined;
    const enabled = (block.get(CONF) & (1 << (24 - index))) !== 0;
    const unit = unitOf(index);
    if (!enabled || stoppedAt[unit] !== undefined) return;
    alarms[index] = clock.at(start[unit] + nextMatch(index) * TICKS_PER_COUNT, () => {
      block.set(INT_RAW, block.get(INT_RAW) | (1 << index));
      alarms[index] = undefined;
      if (isPeriodic(index)) schedule(index);
      updateInterrupts();
    });
  };
  const loadComparator = (index: number) => {
    armed[index] = {
      target: (block.get(TARGET_HI[index]) & 0xfffff) * 2 ** 32 + block.get(TARGET_HI[index] + 4),
      period: block.get(TARGET_CONF[index]) & PERIOD_MASK,
      loadedAt: value(unitOf(index)),
    };
    schedule(index);
  };

  const registers: Record<number, number | RegisterHooks> = {
    [CONF]: {
      reset: 0x46000000,
      write(next) {
        const counts = [value(0), value(1)];
        block.set(CONF, next);
        counts.forEach((count, unit) => {
          stoppedAt[unit] = workEnabled(unit) ? undefined : count;
          load(unit, count);
        });
        for (let index = 0; index < 3; index++) schedule(index);
        return next;
      },
    },
    [INT_ENA]: {
      write(next) {
        block.set(INT_ENA, next);
        updateInterrupts();
        return next;
      },
    },
    [INT_RAW]: 0,
    [INT_CLR]: {
      read: () => 0,
      write(next) {
        block.set(INT_RAW, block.get(INT_RAW) & ~next);
        updateInterrupts();
      },
    },
    [INT_ST]: { read: () => block.get(INT_RAW) & block.get(INT_ENA) },
  };
  for (let unit = 0; unit < 2; unit++) {
    registers[UNIT_OP[unit]] = {
      write(next) {
        if (!(next & OP_UPDATE)) return 0;
        const count = value(unit);
        block.set(UNIT_VALUE_HI[unit], Math.floor(count / 2 ** 32) & 0xfffff);
        block.set(UNIT_VALUE_HI[unit] + 4, count >>> 0);
        return OP_VALID;
      },
    };
    registers[UNIT_LOAD[unit]] = {
      write() {
        load(unit, (block.get(UNIT_LOAD_HI[unit]) & 0xfffff) * 2 ** 32 + block.get(UNIT_LOAD_HI[unit] + 4));
        return 0;
      },
    };
  }
  COMP_LOAD.forEach((offset, index) => {
    registers[offset] = {
      write() {
        loadComparator(index);
        return 0;
      },
    };
    registers[TARGET_CONF[index]] = {
      write(next) {
        block.set(TARGET_CONF[index], next);
        schedule(index);
        return next;
      },
    };
  });

  const block = createRegisterBlock({
    name: 'SYSTIMER',
    base,
    size: 0x1000,
    warnings,
    plain: [[0x0c, 0x50]],
    registers,
  });

  return {
    ...block,
    reset() {
      block.reset();
      for (const alarm of alarms) alarm?.cancel();
      start[0] = clock.ticks;
      stoppedAt[0] = undefined;
      stoppedAt[1] = 0;
    },
  };
}
