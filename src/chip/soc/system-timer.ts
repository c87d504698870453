/** SYSTIMER (TRM chapter 11; docs/esp32-s3.md D4): two 52-bit counters at 16 MHz and three comparators. */

import { type Alarm, type Clock, TICKS_PER_SECOND } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterHooks,
} from './peripheral.ts';

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

/** 52 bits in two registers, the higher ones first. */
const count52 = (block: RegisterBlock, high: number): number =>
  (block.get(high) & 0xfffff) * 2 ** 32 + block.get(high + 4);

/** The two counters; unit 1 is stopped at first. */
function createUnits(clock: Clock) {
  const start = [0, 0]; // tick at which the unit held 0
  const stoppedAt: (number | undefined)[] = [undefined, 0]; // count a stopped unit holds
  const load = (unit: number, count: number) => {
    if (stoppedAt[unit] !== undefined) stoppedAt[unit] = count;
    start[unit] = clock.ticks - count * TICKS_PER_COUNT;
  };
  return {
    value: (unit: number) => stoppedAt[unit] ?? Math.floor((clock.ticks - start[unit]) / TICKS_PER_COUNT),
    load,
    /** Lets a unit count on from `count`, or stops it there. */
    run(unit: number, runs: boolean, count: number) {
      stoppedAt[unit] = runs ? undefined : count;
      load(unit, count);
    },
    runs: (unit: number) => stoppedAt[unit] === undefined,
    /** When a unit that runs holds this. */
    tickOf: (unit: number, count: number) => start[unit] + count * TICKS_PER_COUNT,
    reset() {
      start[0] = clock.ticks;
      stoppedAt[0] = undefined;
      stoppedAt[1] = 0;
    },
  };
}

/** What comparators and registers work with. */
interface State {
  readonly clock: Clock;
  readonly block: RegisterBlock;
  readonly units: ReturnType<typeof createUnits>;
  updateInterrupts(): void;
}

/** The three comparators, each of which raises its interrupt when its unit holds what it waits for. */
function createComparators(state: State) {
  const { clock, units } = state;
  const alarms: (Alarm | undefined)[] = [];
  /** What a comparator took over when it was last loaded: its moment, its period, and when that was. */
  const armed = COMP_LOAD.map(() => ({ target: 0, period: 0, loadedAt: 0 }));
  const unitOf = (index: number) => state.block.get(TARGET_CONF[index]) >>> 31;
  /** The mode is looked at now: drivers choose it after they have loaded the period. */
  const isPeriodic = (index: number) =>
    (state.block.get(TARGET_CONF[index]) & PERIOD_MODE) !== 0 && armed[index].period > 0;
  /** Count of the next match. */
  const nextMatch = (index: number) => {
    const { target, period, loadedAt } = armed[index];
    if (!isPeriodic(index)) return target;
    return loadedAt + (Math.floor((units.value(unitOf(index)) - loadedAt) / period) + 1) * period;
  };
  const schedule = (index: number) => {
    alarms[index]?.cancel();
    alarms[index] = undefined;
    const enabled = (state.block.get(CONF) & (1 << (24 - index))) !== 0;
    const unit = unitOf(index);
    if (!enabled || !units.runs(unit)) return;
    alarms[index] = clock.at(units.tickOf(unit, nextMatch(index)), () => {
      state.block.set(INT_RAW, state.block.get(INT_RAW) | (1 << index));
      alarms[index] = undefined;
      if (isPeriodic(index)) schedule(index);
      state.updateInterrupts();
    });
  };
  return {
    schedule,
    load(index: number) {
      armed[index] = {
        target: count52(state.block, TARGET_HI[index]),
        period: state.block.get(TARGET_CONF[index]) & PERIOD_MASK,
        loadedAt: units.value(unitOf(index)),
      };
      schedule(index);
    },
    cancel() {
      for (const alarm of alarms) alarm?.cancel();
    },
  };
}

/** A unit's value is brought into two registers, and taken from two others. */
const unitRegisters = (state: State, unit: number): Record<number, RegisterHooks> => ({
  [UNIT_OP[unit]]: {
    write(next) {
      if (!(next & OP_UPDATE)) return 0;
      const count = state.units.value(unit);
      state.block.set(UNIT_VALUE_HI[unit], Math.floor(count / 2 ** 32) & 0xfffff);
      state.block.set(UNIT_VALUE_HI[unit] + 4, count >>> 0);
      return OP_VALID;
    },
  },
  [UNIT_LOAD[unit]]: {
    write() {
      state.units.load(unit, count52(state.block, UNIT_LOAD_HI[unit]));
      return 0;
    },
  },
});

/** A comparator is loaded at a command, and looks at its mode whenever that changes. */
const comparatorRegisters = (
  state: State,
  comparators: ReturnType<typeof createComparators>,
  index: number,
): Record<number, RegisterHooks> => ({
  [COMP_LOAD[index]]: {
    write() {
      comparators.load(index);
      return 0;
    },
  },
  [TARGET_CONF[index]]: {
    write(next) {
      state.block.set(TARGET_CONF[index], next);
      comparators.schedule(index);
      return next;
    },
  },
});

export function createSystemTimer(context: PeripheralContext, base: number): Peripheral {
  const { clock, warnings } = context;
  const units = createUnits(clock);
  const pending = () => block.get(INT_RAW) & block.get(INT_ENA);
  const state: State = {
    clock,
    get block() {
      return block;
    },
    units,
    updateInterrupts() {
      COMP_LOAD.forEach((_, index) => {
        context.interrupt(INTERRUPT_SOURCE + index, (pending() & (1 << index)) !== 0);
      });
    },
  };
  const comparators = createComparators(state);
  const block = createRegisterBlock({
    name: 'SYSTIMER',
    base,
    size: 0x1000,
    warnings,
    plain: [[0x0c, 0x50]],
    registers: {
      [CONF]: {
        reset: 0x46000000,
        write(next) {
          const counts = [units.value(0), units.value(1)];
          block.set(CONF, next);
          counts.forEach((count, unit) => {
            units.run(unit, (next & (1 << (30 - unit))) !== 0, count);
          });
          for (let index = 0; index < COMP_LOAD.length; index++) comparators.schedule(index);
          return next;
        },
      },
      [INT_ENA]: {
        write(next) {
          block.set(INT_ENA, next);
          state.updateInterrupts();
          return next;
        },
      },
      [INT_RAW]: 0,
      [INT_CLR]: {
        read: () => 0,
        write(next) {
          block.set(INT_RAW, block.get(INT_RAW) & ~next);
          state.updateInterrupts();
        },
      },
      [INT_ST]: { read: pending },
      ...unitRegisters(state, 0),
      ...unitRegisters(state, 1),
      ...comparatorRegisters(state, comparators, 0),
      ...comparatorRegisters(state, comparators, 1),
      ...comparatorRegisters(state, comparators, 2),
    },
  });

  return {
    ...block,
    reset() {
      block.reset();
      comparators.cancel();
      units.reset();
    },
  };
}
