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

/** What the registers ask of the caches. */
export interface CacheCommands {
  geometryChanged(): void;
  invalidate(which: 'data' | 'instruction', address: number, bytes: number): void;
  /** Writes dirty lines back and returns the CPU cycles that takes. */
  writeBack(address: number, bytes: number): number;
  preload(which: 'data' | 'instruction', address: number, bytes: number): void;
  counter(offset: number): number;
  /** No register says how many ways the data cache has. */
  readonly dataCacheWays: 4 | 8;
  clearCounters(): void;
}

export interface ExtmemRegisters extends Peripheral {
  readonly registers: RegisterBlock;
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
  const preload = (which: 'data' | 'instruction', offset: number): RegisterHooks => ({
    reset: 2,
    write(value) {
      if (value & 1) caches.preload(which, block.get(offset + 4), block.get(offset + 8) & 0xffff);
      return (value & ~1) | 2; // DONE
    },
  });
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
      [EXTMEM.dcacheAutoloadCtrl]: { reset: 1 << 3, write: (value) => value | (1 << 3) },
      [EXTMEM.icacheCtrl]: changing(EXTMEM.icacheCtrl, 0),
      [EXTMEM.icacheCtrl1]: changing(EXTMEM.icacheCtrl1, 3),
      [EXTMEM.icacheSyncCtrl]: sync('instruction', EXTMEM.icacheSyncCtrl, 1 << 1),
      [EXTMEM.icachePreloadCtrl]: preload('instruction', EXTMEM.icachePreloadCtrl),
      [EXTMEM.icacheAutoloadCtrl]: { reset: 1 << 3, write: (value) => value | (1 << 3) },
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

  return {
    ...block,
    registers: block,
    reset() {
      block.reset();
      busyUntil.data = busyUntil.instruction = 0;
      caches.geometryChanged();
    },
    dataGeometry() {
      const control = block.get(EXTMEM.dcacheCtrl);
      return {
        bytes: control & 4 ? 65536 : 32768,
        ways: caches.dataCacheWays,
        lineBytes: [16, 32, 64, 64][(control >>> 3) & 3],
      };
    },
    instructionGeometry() {
      const control = block.get(EXTMEM.icacheCtrl);
      return {
        bytes: control & 4 ? 32768 : 16384,
        ways: control & 2 ? 8 : 4,
        lineBytes: control & 8 ? 32 : 16,
      };
    },
    open(which, core) {
      const control = block.get(which === 'data' ? EXTMEM.dcacheCtrl : EXTMEM.icacheCtrl);
      const shut = block.get(which === 'data' ? EXTMEM.dcacheCtrl1 : EXTMEM.icacheCtrl1);
      return (control & 1) === 1 && ((shut >>> core) & 1) === 0;
    },
  };
}
