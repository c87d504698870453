/** EXTMEM: the registers of both caches (docs/esp32-s3.md B3, B4, C9.6). */

import type { CacheGeometry } from './cache-tags.ts';
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

/** What the registers ask of the caches. */
export interface CacheCommands {
  geometryChanged(): void;
  invalidate(which: 'data' | 'instruction', address: number, bytes: number): void;
  /** Writes dirty lines back and returns the CPU cycles that takes. */
  writeBack(address: number, bytes: number): number;
  /** Addresses of lines to bring in, in this order. */
  preload(which: 'data' | 'instruction', lines: readonly number[]): void;
  /** Whether all that was to be preloaded is there. */
  preloaded(which: 'data' | 'instruction'): boolean;
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
  readonly autoload: Record<'data' | 'instruction', Autoload | undefined>;
  dataGeometry(): CacheGeometry;
  instructionGeometry(): CacheGeometry;
  /** Whether the core may reach memory through the bus of this cache now. */
  open(which: 'data' | 'instruction', core: number): boolean;
}

export function createExtmem(
  context: PeripheralContext,
  base: number,
  caches: CacheCommands,
): ExtmemRegisters {
  const { clock } = context;
  const busyUntil = { data: 0, instruction: 0 };

  const changing = (offset: number, reset: number): RegisterHooks => ({
    reset,
    write(value) {
      block.set(offset, value);
      caches.geometryChanged();
      return value;
    },
  });
  const autoload: ExtmemRegisters['autoload'] = { data: undefined, instruction: undefined };
  /** Its size counts lines. ENA falls by itself, DONE rises when the last one is there. */
  const preload = (which: 'data' | 'instruction', offset: number): RegisterHooks => ({
    reset: PRELOAD_DONE,
    read: (stored) => (caches.preloaded(which) ? stored | PRELOAD_DONE : stored & ~PRELOAD_DONE),
    write(value) {
      if (value & PRELOAD_ENABLE) {
        const line = lineBytesOf(which);
        const first = block.get(offset + 4) & -line;
        const step = value & PRELOAD_DESCENDING ? -line : line;
        const count = block.get(offset + 8) & 0xffff;
        caches.preload(
          which,
          Array.from({ length: count }, (_, index) => (first + step * index) >>> 0),
        );
      }
      return value & ~PRELOAD_ENABLE;
    },
  });
  /** The control word, and behind it address and size of two sections. */
  const autoloadOf = (offset: number): Autoload | undefined => {
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
  };
  const autoloading = (which: 'data' | 'instruction', offset: number): Record<number, RegisterHooks> => {
    const changed = (at: number, done: number): RegisterHooks => ({
      reset: done,
      write(value) {
        block.set(at, value | done);
        autoload[which] = autoloadOf(offset);
        return value | done;
      },
    });
    return Object.fromEntries(
      [0, 4, 8, 12, 16].map((word) => [offset + word, changed(offset + word, word === 0 ? 1 << 3 : 0)]),
    );
  };
  const sync = (which: 'data' | 'instruction', offset: number, done: number): RegisterHooks => ({
    reset: done,
    read: (stored) => (clock.cycles >= busyUntil[which] ? stored | done : stored & ~done),
    write(value) {
      const address = block.get(offset + 4);
      const bytes = block.get(offset + 8);
      let cycles = 0;
      if (which === 'data' && value & (SYNC_WRITEBACK | SYNC_CLEAN))
        cycles = caches.writeBack(address, bytes);
      if (value & SYNC_INVALIDATE) caches.invalidate(which, address, bytes);
      busyUntil[which] = clock.cycles + cycles;
      return done;
    },
  });
  const freeze: RegisterHooks = { read: (stored) => (stored & ~4) | ((stored & 1) << 2) };
  const counter = (offset: number): RegisterHooks => ({ read: () => caches.counter(offset) });

  const block = createRegisterBlock({
    name: 'EXTMEM',
    base,
    size: 0x1000,
    warnings: context.warnings,
    plain: [[0x000, 0x180]],
    registers: {
      [EXTMEM.dcacheCtrl]: changing(EXTMEM.dcacheCtrl, 0),
      [EXTMEM.dcacheCtrl1]: changing(EXTMEM.dcacheCtrl1, 3),
      [EXTMEM.dcacheSyncCtrl]: sync('data', EXTMEM.dcacheSyncCtrl, 1 << 3),
      [EXTMEM.dcachePreloadCtrl]: preload('data', EXTMEM.dcachePreloadCtrl),
      ...autoloading('data', EXTMEM.dcacheAutoloadCtrl),
      [EXTMEM.icacheCtrl]: changing(EXTMEM.icacheCtrl, 0),
      [EXTMEM.icacheCtrl1]: changing(EXTMEM.icacheCtrl1, 3),
      [EXTMEM.icacheSyncCtrl]: sync('instruction', EXTMEM.icacheSyncCtrl, 1 << 1),
      [EXTMEM.icachePreloadCtrl]: preload('instruction', EXTMEM.icachePreloadCtrl),
      ...autoloading('instruction', EXTMEM.icacheAutoloadCtrl),
      [EXTMEM.countersClear]: {
        write() {
          caches.clearCounters();
          return 0;
        },
      },
      [EXTMEM.ibusMiss]: counter(EXTMEM.ibusMiss),
      [EXTMEM.ibusAccess]: counter(EXTMEM.ibusAccess),
      [EXTMEM.dbusFlashMiss]: counter(EXTMEM.dbusFlashMiss),
      [EXTMEM.dbusPsramMiss]: counter(EXTMEM.dbusPsramMiss),
      [EXTMEM.dbusAccess]: counter(EXTMEM.dbusAccess),
      [0x0e0]: 0xffffffff,
      [EXTMEM.wrapCtrl]: 0,
      [EXTMEM.state]: { read: () => 0x1001 }, // both idle
      [0x148]: 0x00ffffff,
      [EXTMEM.dcacheFreeze]: freeze,
      [EXTMEM.icacheFreeze]: freeze,
      [0x3fc]: 0x02012310, // DATE
    },
  });

  const dataGeometry = (): CacheGeometry => {
    const control = block.get(EXTMEM.dcacheCtrl);
    return {
      bytes: control & 4 ? 65536 : 32768,
      ways: caches.dataCacheWays,
      lineBytes: [16, 32, 64, 64][(control >>> 3) & 3],
    };
  };
  const instructionGeometry = (): CacheGeometry => {
    const control = block.get(EXTMEM.icacheCtrl);
    return {
      bytes: control & 4 ? 32768 : 16384,
      ways: control & 2 ? 8 : 4,
      lineBytes: control & 8 ? 32 : 16,
    };
  };
  const lineBytesOf = (which: 'data' | 'instruction'): number =>
    (which === 'data' ? dataGeometry() : instructionGeometry()).lineBytes;

  return {
    ...block,
    registers: block,
    autoload,
    dataGeometry,
    instructionGeometry,
    reset() {
      block.reset();
      autoload.data = autoload.instruction = undefined;
      busyUntil.data = busyUntil.instruction = 0;
      caches.geometryChanged();
    },
    open(which, core) {
      const control = block.get(which === 'data' ? EXTMEM.dcacheCtrl : EXTMEM.icacheCtrl);
      const shut = block.get(which === 'data' ? EXTMEM.dcacheCtrl1 : EXTMEM.icacheCtrl1);
      return (control & 1) === 1 && ((shut >>> core) & 1) === 0;
    },
  };
}
