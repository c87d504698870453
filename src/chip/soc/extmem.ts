/** EXTMEM: the registers of both caches (docs/esp32-s3.md B3, B4, C9.6). */

import type { CacheGeometry } from './cache-tags.ts';
import type { Clock } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterHooks,
} from './peripheral.ts';

export const EXTMEM = {
  dcacheCtrl: 0x000,
  dcacheCtrl1: 0x004,
  dcacheSyncCtrl: 0x028,
  dcacheSyncAddr: 0x02c,
  dcacheSyncSize: 0x030,
  dcachePreloadCtrl: 0x040,
  dcacheAutoloadCtrl: 0x04c,
  icacheCtrl: 0x060,
  icacheCtrl1: 0x064,
  icacheSyncCtrl: 0x088,
  icacheSyncAddr: 0x08c,
  icacheSyncSize: 0x090,
  icachePreloadCtrl: 0x094,
  icacheAutoloadCtrl: 0x0a0,
  countersClear: 0x0c4,
  ibusMiss: 0x0c8,
  ibusAccess: 0x0cc,
  dbusFlashMiss: 0x0d0,
  dbusPsramMiss: 0x0d4,
  dbusAccess: 0x0d8,
  wrapCtrl: 0x128,
  state: 0x130,
  dcacheFreeze: 0x150,
  icacheFreeze: 0x154,
} as const;

const SYNC_INVALIDATE = 1;
const SYNC_WRITEBACK = 2;
const SYNC_CLEAN = 4;
const PRELOAD_ENABLE = 1;
const PRELOAD_DONE = 2;
const PRELOAD_DESCENDING = 4;
const AUTOLOAD_ENABLE = 4;
const AUTOLOAD_DESCENDING = 1 << 4;

export type Which = 'data' | 'instruction';

/** What the registers ask of the caches. */
export interface CacheCommands {
  geometryChanged(): void;
  autoloadChanged(): void;
  invalidate(which: Which, address: number, bytes: number): void;
  /** Writes dirty lines back and returns the CPU cycles that takes. */
  writeBack(address: number, bytes: number): number;
  /** Addresses of lines to bring in, in this order. */
  preload(which: Which, lines: readonly number[]): void;
  /** Whether all that was to be preloaded is there. */
  preloaded(which: Which): boolean;
  counter(offset: number): number;
  /** No register says how many ways the data cache has. */
  readonly dataCacheWays: 4 | 8;
  clearCounters(): void;
}

/** What a cache brings in by itself next to a line that is looked at; undefined where it does not. */
export interface Autoload {
  readonly onMiss: boolean;
  readonly onHit: boolean;
  /** The lines that an access to `address` asks for, within the sections that are switched on. */
  linesAfter(address: number, lineBytes: number): number[];
}

export interface ExtmemRegisters extends Peripheral {
  readonly registers: RegisterBlock;
  readonly autoload: Record<Which, Autoload | undefined>;
  dataGeometry(): CacheGeometry;
  instructionGeometry(): CacheGeometry;
  /** Whether the core may reach memory through the bus of this cache now. */
  open(which: Which, core: number): boolean;
}

/** What the registers of a cache work with. */
interface Context {
  readonly block: RegisterBlock;
  readonly caches: CacheCommands;
  readonly autoload: ExtmemRegisters['autoload'];
  readonly busyUntil: Record<Which, number>;
  readonly clock: Clock;
}

/** Where a cache's registers are; sync and preload have address and size behind their control word, autoload those of two sections. */
interface CacheRegisters {
  readonly ctrl: number;
  readonly ctrl1: number;
  readonly sync: number;
  /** The bit that says that a sync command is done. */
  readonly syncDone: number;
  readonly preload: number;
  readonly autoload: number;
}

const REGISTERS: Readonly<Record<Which, CacheRegisters>> = {
  data: {
    ctrl: EXTMEM.dcacheCtrl,
    ctrl1: EXTMEM.dcacheCtrl1,
    sync: EXTMEM.dcacheSyncCtrl,
    syncDone: 1 << 3,
    preload: EXTMEM.dcachePreloadCtrl,
    autoload: EXTMEM.dcacheAutoloadCtrl,
  },
  instruction: {
    ctrl: EXTMEM.icacheCtrl,
    ctrl1: EXTMEM.icacheCtrl1,
    sync: EXTMEM.icacheSyncCtrl,
    syncDone: 1 << 1,
    preload: EXTMEM.icachePreloadCtrl,
    autoload: EXTMEM.icacheAutoloadCtrl,
  },
};

function geometryOf(which: Which, { block, caches }: Context): CacheGeometry {
  const control = block.get(REGISTERS[which].ctrl);
  if (which === 'data')
    return {
      bytes: control & 4 ? 65536 : 32768,
      ways: caches.dataCacheWays,
      lineBytes: [16, 32, 64, 64][(control >>> 3) & 3],
    };
  return {
    bytes: control & 4 ? 32768 : 16384,
    ways: control & 2 ? 8 : 4,
    lineBytes: control & 8 ? 32 : 16,
  };
}

const changing = (context: Context, offset: number, reset: number): RegisterHooks => ({
  reset,
  write(value) {
    context.block.set(offset, value);
    context.caches.geometryChanged();
    return value;
  },
});

function sync(context: Context, which: Which): RegisterHooks {
  const { caches, clock, busyUntil } = context;
  const { sync: offset, syncDone: done } = REGISTERS[which];
  return {
    reset: done,
    read: (stored) => (clock.cycles >= busyUntil[which] ? stored | done : stored & ~done),
    write(value) {
      const address = context.block.get(offset + 4);
      const bytes = context.block.get(offset + 8);
      let cycles = 0;
      if (which === 'data' && value & (SYNC_WRITEBACK | SYNC_CLEAN))
        cycles = caches.writeBack(address, bytes);
      if (value & SYNC_INVALIDATE) caches.invalidate(which, address, bytes);
      busyUntil[which] = clock.cycles + cycles;
      return done;
    },
  };
}

/** Its size counts lines. ENA falls by itself, DONE rises when the last one is there. */
function preload(context: Context, which: Which): RegisterHooks {
  const { caches } = context;
  const { preload: offset } = REGISTERS[which];
  return {
    reset: PRELOAD_DONE,
    read: (stored) => (caches.preloaded(which) ? stored | PRELOAD_DONE : stored & ~PRELOAD_DONE),
    write(value) {
      if (value & PRELOAD_ENABLE) {
        const line = geometryOf(which, context).lineBytes;
        const first = context.block.get(offset + 4) & -line;
        const step = value & PRELOAD_DESCENDING ? -line : line;
        const count = context.block.get(offset + 8) & 0xffff;
        caches.preload(
          which,
          Array.from({ length: count }, (_, index) => (first + step * index) >>> 0),
        );
      }
      return value & ~PRELOAD_ENABLE;
    },
  };
}

/** What the control word at `offset` says, and behind it address and size of two sections. */
function autoloadOf(block: RegisterBlock, offset: number): Autoload | undefined {
  const control = block.get(offset);
  if (!(control & AUTOLOAD_ENABLE)) return undefined;
  const sections = [0, 1]
    .filter((section) => (control >>> section) & 1)
    .map((section) => {
      const start = block.get(offset + 4 + 8 * section) >>> 0;
      return { start, end: start + (block.get(offset + 8 + 8 * section) & 0x7ffffff) };
    });
  const trigger = (control >>> 5) & 3;
  const count = ((control >>> 7) & 3) + 1;
  const direction = control & AUTOLOAD_DESCENDING ? -1 : 1;
  return {
    onMiss: trigger !== 1,
    onHit: trigger === 1 || trigger === 2,
    linesAfter(address, lineBytes) {
      const section = sections.find(({ start, end }) => address >= start && address < end);
      if (!section) return [];
      const line = (address & -lineBytes) >>> 0;
      return Array.from({ length: count }, (_, index) => line + direction * lineBytes * (index + 1)).filter(
        (next) => next >= section.start && next < section.end,
      );
    },
  };
}

function autoloading(context: Context, which: Which): Record<number, RegisterHooks> {
  const { autoload: offset } = REGISTERS[which];
  const changed = (at: number, done: number): RegisterHooks => ({
    reset: done,
    write(value) {
      context.block.set(at, value | done);
      context.autoload[which] = autoloadOf(context.block, offset);
      context.caches.autoloadChanged();
      return value | done;
    },
  });
  return Object.fromEntries(
    [0, 4, 8, 12, 16].map((word) => [offset + word, changed(offset + word, word === 0 ? 1 << 3 : 0)]),
  );
}

const registersOf = (context: Context, which: Which): Record<number, RegisterHooks> => {
  const { ctrl, ctrl1, sync: syncCtrl, preload: preloadCtrl } = REGISTERS[which];
  return {
    [ctrl]: changing(context, ctrl, 0),
    [ctrl1]: changing(context, ctrl1, 3),
    [syncCtrl]: sync(context, which),
    [preloadCtrl]: preload(context, which),
    ...autoloading(context, which),
  };
};

const COUNTERS = [
  EXTMEM.ibusMiss,
  EXTMEM.ibusAccess,
  EXTMEM.dbusFlashMiss,
  EXTMEM.dbusPsramMiss,
  EXTMEM.dbusAccess,
];

export function createExtmem(
  { clock, warnings }: PeripheralContext,
  base: number,
  caches: CacheCommands,
): ExtmemRegisters {
  const busyUntil = { data: 0, instruction: 0 };
  const autoload: ExtmemRegisters['autoload'] = { data: undefined, instruction: undefined };
  const context: Context = {
    get block() {
      return block;
    },
    caches,
    autoload,
    busyUntil,
    clock,
  };
  const freeze: RegisterHooks = { read: (stored) => (stored & ~4) | ((stored & 1) << 2) };
  const block = createRegisterBlock({
    name: 'EXTMEM',
    base,
    size: 0x1000,
    warnings,
    plain: [[0x000, 0x180]],
    registers: {
      ...registersOf(context, 'data'),
      ...registersOf(context, 'instruction'),
      ...Object.fromEntries(COUNTERS.map((offset) => [offset, { read: () => caches.counter(offset) }])),
      [EXTMEM.countersClear]: {
        write() {
          caches.clearCounters();
          return 0;
        },
      },
      [0x0e0]: 0xffffffff,
      [EXTMEM.wrapCtrl]: 0,
      [EXTMEM.state]: { read: () => 0x1001 }, // both idle
      [0x148]: 0x00ffffff,
      [EXTMEM.dcacheFreeze]: freeze,
      [EXTMEM.icacheFreeze]: freeze,
      [0x3fc]: 0x02012310, // DATE
    },
  });
  return {
    ...block,
    registers: block,
    autoload,
    dataGeometry: () => geometryOf('data', context),
    instructionGeometry: () => geometryOf('instruction', context),
    reset() {
      block.reset();
      autoload.data = autoload.instruction = undefined;
      busyUntil.data = busyUntil.instruction = 0;
      caches.geometryChanged();
    },
    open(which, core) {
      const { ctrl, ctrl1 } = REGISTERS[which];
      return (block.get(ctrl) & 1) === 1 && ((block.get(ctrl1) >>> core) & 1) === 0;
    },
  };
}
