/**
 * Flash and PSRAM behind the MMU and the two caches (docs/esp32-s3.md B3, B4, B5): where an address lies (mmu.ts), and
 * how long the core waits for it (cache-lines.ts).
 */

import { ACCESS, type Access, BusFault, CAUSE, type RecentLines } from '../bus/index.ts';
import { createCacheLines } from './cache-lines.ts';
import type { PeripheralContext } from './context.ts';
import type { BusTiming } from './external-bus.ts';
import { createExtmem, EXTMEM, type ExtmemRegisters, type Which } from './extmem.ts';
import type { ArenaLayout } from './memory-map.ts';
import { createMmu, MMU_INVALID, type Mmu, mmuIndex, PAGE_BYTES, UNKNOWN } from './mmu.ts';
import type { Peripheral } from './peripheral.ts';
import { garble } from './psram-timing.ts';
import { hex } from './warnings.ts';

export interface CachedMemory {
  readonly extmem: ExtmemRegisters;
  /** The MMU table at 0x600C5000. */
  readonly mmu: Peripheral;
  /** Arena offset of a byte behind the caches, -1 when it is refused; `stall` holds the wait. */
  locate(address: number, bytes: number, access: Access, core: number, cycle: number): number;
  stall: number;
  /** Says why an access is refused. @throws BusFault always */
  refuse(address: number, access: Access, core: number): never;
  /** Something that lines cost changed: CPU clock, SPI0 set-up, geometry. */
  costsChanged(): void;
  reset(): void;
  /** CPU cycles that a loop waits which reads so many bytes of flash in order through the DCache, and takes longer over a line than the rest of it. */
  readCycles(bytes: number): number;
  readonly instructionLineBytes: number;
  /** Arena offset of a byte of code, or -1 when it cannot be fetched; no time passes. */
  peek(address: number): number;
}

export interface CachedMemoryOptions {
  readonly extmemBase: number;
  readonly layout: ArenaLayout;
  readonly recent: RecentLines;
  readonly flashBytes: number;
  readonly psramBytes: number;
  readonly dataCacheWays: 4 | 8;
  timing(): BusTiming;
  /** Why PSRAM cannot be reached now (SPI0 not set up), or undefined. */
  psramProblem(): string | undefined;
  /** Whether PSRAM is sampled at the right moment (psram-timing.ts). */
  psramReadsRight(): boolean;
  /** Its contents, for what is read at a wrong one. */
  readonly psram: Uint8Array;
  /** Meaning of addresses changed: translations are void. */
  remapped(): void;
}

/** Says what speaks against an access behind the caches, if anything does. */
function createReason(extmem: ExtmemRegisters, mmu: Mmu, options: CachedMemoryOptions) {
  return (address: number, access: Access, core: number): string | undefined => {
    const which: Which = address >>> 24 < 0x40 ? 'data' : 'instruction';
    if (!extmem.open(which, core)) return `the ${which} cache is off or shut for core ${core}`;
    const index = mmuIndex(address);
    const entry = mmu.entries[index];
    if (entry & MMU_INVALID) {
      return `MMU entry ${index} is invalid (${hex(entry)}); silicon raises a cache error`;
    }
    if (!mmu.inPsram(address))
      return access === ACCESS.store ? 'flash behind the cache is read only' : undefined;
    return options.psramBytes === 0 ? 'this board has no PSRAM' : options.psramProblem();
  };
}

/** EXTMEM, the MMU, and the lines of both caches that they say how to fill. */
function createCaches(context: PeripheralContext, options: CachedMemoryOptions) {
  const { recent } = options;
  const mmu = createMmu({
    ...options,
    remapped() {
      recent.forget();
      options.remapped();
    },
  });
  /** Of the data and the instruction cache; fetches count once a line. What the chip was not asked for is not among them. */
  const accesses = new Float64Array(2);
  /** 1 where a core's way through a cache is open: data for core 0 and 1, instruction for core 0 and 1. */
  const openWays = new Uint8Array(4);
  const counters: Readonly<Record<number, () => number>> = {
    [EXTMEM.dbusAccess]: () => accesses[0] + recent.count,
    [EXTMEM.ibusAccess]: () => accesses[1],
    [EXTMEM.ibusMiss]: () => lines.misses.instruction,
    [EXTMEM.dbusFlashMiss]: () => lines.misses.flash,
    [EXTMEM.dbusPsramMiss]: () => lines.misses.psram,
  };
  const geometry = () => ({ data: extmem.dataGeometry(), instruction: extmem.instructionGeometry() });
  const openingsChanged = () => {
    for (const core of [0, 1]) {
      openWays[core] = Number(extmem.open('data', core));
      openWays[2 + core] = Number(extmem.open('instruction', core));
    }
  };

  const extmem = createExtmem(context, options.extmemBase, {
    geometryChanged() {
      const before = lines.tags.instruction.geometry.lineBytes;
      lines.reshape(geometry());
      openingsChanged();
      if (lines.tags.instruction.geometry.lineBytes !== before) options.remapped();
    },
    autoloadChanged: recent.forget,
    invalidate(which, address, bytes) {
      recent.forget();
      lines.tags[which].invalidate(address, bytes);
    },
    writeBack: (address, bytes) => lines.writeBack(address, bytes),
    preload: (which, wanted) => lines.preload(which, wanted),
    preloaded: (which) => lines.preloaded(which),
    dataCacheWays: options.dataCacheWays,
    counter: (offset) => counters[offset](),
    clearCounters() {
      lines.forgetMisses();
      accesses.fill(0);
      recent.clearCount();
    },
  });
  const lines = createCacheLines({
    clock: context.clock,
    mmu,
    recent,
    geometry: geometry(),
    autoload: extmem.autoload,
    timing: options.timing,
    psramReadsRight: options.psramReadsRight,
    garbleLine(address, lineBytes) {
      // Contents live in the memory itself, so that is where a line that was read wrong goes wrong.
      const start = mmu.pageOffset(address) - options.layout.psram + (address & (PAGE_BYTES - lineBytes));
      garble(options.psram.subarray(start, start + lineBytes));
      context.warnings.once(
        'psram timing',
        address,
        `PSRAM at ${hex(address)} is sampled at a wrong moment: SPI0's input delay does not suit this clock and board, bits are wrong`,
      );
    },
  });
  openingsChanged();
  return { mmu, extmem, lines, accesses, openWays };
}

export function createCachedMemory(context: PeripheralContext, options: CachedMemoryOptions): CachedMemory {
  const { mmu, extmem, lines, accesses, openWays } = createCaches(context, options);
  const { pageOffsets } = mmu;
  const reasonAgainst = createReason(extmem, mmu, options);

  const memory: CachedMemory = {
    extmem,
    mmu: mmu.registers,
    stall: 0,
    locate(address, bytes, access, core, cycle) {
      const isData = address >>> 24 < 0x40;
      const page = mmuIndex(address);
      memory.stall = 0;
      if (openWays[isData ? core : 2 + core] === 0) return -1;
      if (pageOffsets[page] === UNKNOWN || access === ACCESS.store) {
        if (reasonAgainst(address, access, core) !== undefined) return -1;
        pageOffsets[page] = mmu.pageOffset(address);
      }
      accesses[isData ? 0 : 1]++;
      memory.stall = lines.fill(
        isData ? 'data' : 'instruction',
        address,
        bytes,
        access === ACCESS.store,
        cycle,
      );
      const offset = pageOffsets[page] + (address & (PAGE_BYTES - 1));
      if (isData) lines.share(core, address, offset);
      return offset;
    },
    refuse(address, access, core) {
      const verb = access === ACCESS.fetch ? 'instruction fetch' : access === ACCESS.store ? 'store' : 'load';
      const why = reasonAgainst(address, access, core) ?? 'the cache does not take it';
      context.warnings.once(`cache ${verb} ${why}`, address, `${verb} at ${hex(address)} refused: ${why}`);
      throw new BusFault(access === ACCESS.fetch ? CAUSE.fetchError : CAUSE.loadStoreError, address);
    },
    costsChanged() {
      lines.costsChanged();
      pageOffsets.fill(UNKNOWN); // PSRAM may have come or gone
    },
    reset() {
      memory.mmu.reset();
      lines.forgetMisses();
      extmem.reset();
      lines.reset();
    },
    readCycles: (bytes) =>
      Math.ceil(bytes / lines.tags.data.geometry.lineBytes) * lines.costs().dataFlash.first,
    get instructionLineBytes() {
      return lines.tags.instruction.geometry.lineBytes;
    },
    peek(address) {
      const core = extmem.open('instruction', 0) ? 0 : 1;
      if (reasonAgainst(address, ACCESS.fetch, core) !== undefined) return -1;
      return mmu.pageOffset(address) + (address & (PAGE_BYTES - 1));
    },
  };
  return memory;
}
