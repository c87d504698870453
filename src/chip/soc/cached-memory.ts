/**
 * Flash and PSRAM behind the MMU and the two caches (docs/esp32-s3.md B3, B4, B5): where an address lies, and how long
 * the core waits for it.
 */

import { ACCESS, type Access, BusFault, CAUSE } from '../bus/index.ts';
import { type CacheTags, createCacheTags, LOOKUP } from './cache-tags.ts';
import type { PeripheralContext } from './context.ts';
import {
  type BusTiming,
  createExternalBus,
  FIRST_WORD_BYTES,
  type LineCost,
  type LineCosts,
  lineCosts,
} from './external-bus.ts';
import { createExtmem, EXTMEM, type ExtmemRegisters } from './extmem.ts';
import { createLinesAhead, type LinesAhead } from './lines-ahead.ts';
import type { ArenaLayout } from './memory-map.ts';
import type { Peripheral } from './peripheral.ts';
import { garble } from './psram-timing.ts';
import { hex } from './warnings.ts';

export const MMU_ENTRIES = 512;
export const MMU_INVALID = 0x4000;
const MMU_PSRAM = 0x8000;
const MMU_PAGE_MASK = 0x3fff;
const UNKNOWN = -1;
const PAGE_SHIFT = 16;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const WINDOW_MASK = 0x01ffffff;

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

type Which = 'data' | 'instruction';

/** The MMU's table as registers. @param pageOffsets what was found out about entries, void where one changes */
const createMmuTable = (entries: Uint32Array, pageOffsets: Int32Array, remapped: () => void): Peripheral => ({
  name: 'MMU',
  read: (offset) => (offset < 4 * MMU_ENTRIES ? entries[offset >>> 2] : 0),
  write(offset, value) {
    if (offset >= 4 * MMU_ENTRIES || entries[offset >>> 2] === value >>> 0) return;
    const wasInvalid = (entries[offset >>> 2] & MMU_INVALID) !== 0;
    entries[offset >>> 2] = value;
    pageOffsets[offset >>> 2] = UNKNOWN;
    if (!wasInvalid) remapped();
  },
  reset() {
    entries.fill(MMU_INVALID);
    pageOffsets.fill(UNKNOWN);
  },
});

/** Says what speaks against an access behind the caches, if anything does. */
function createReason(extmem: ExtmemRegisters, entries: Uint32Array, options: CachedMemoryOptions) {
  return (address: number, access: Access, core: number): string | undefined => {
    const which: Which = address >>> 24 < 0x40 ? 'data' : 'instruction';
    if (!extmem.open(which, core)) return `the ${which} cache is off or shut for core ${core}`;
    const index = (address & WINDOW_MASK) >>> PAGE_SHIFT;
    const entry = entries[index];
    if (entry & MMU_INVALID) {
      return `MMU entry ${index} is invalid (${hex(entry)}); silicon raises a cache error`;
    }
    if (!(entry & MMU_PSRAM))
      return access === ACCESS.store ? 'flash behind the cache is read only' : undefined;
    return options.psramBytes === 0 ? 'this board has no PSRAM' : options.psramProblem();
  };
}

export function createCachedMemory(context: PeripheralContext, options: CachedMemoryOptions): CachedMemory {
  const { warnings } = context;
  const { layout, flashBytes, psramBytes } = options;
  const entries = new Uint32Array(MMU_ENTRIES).fill(MMU_INVALID);
  const bus = createExternalBus();
  const counters = new Map<number, number>();
  /** Of the data and the instruction cache; fetches count once a line. */
  const accesses = new Float64Array(2);
  const count = (offset: number) => counters.set(offset, (counters.get(offset) ?? 0) + 1);
  /** Arena offset of each page that can be read without a look at its entry, UNKNOWN for the others. */
  const pageOffsets = new Int32Array(MMU_ENTRIES).fill(UNKNOWN);
  /** 1 where a core's way through a cache is open: data for core 0 and 1, instruction for core 0 and 1. */
  const openWays = new Uint8Array(4);
  let costs: LineCosts | undefined;
  /** PSRAM is read at a wrong moment. Known with the costs. */
  let garbles = false;
  let tags: Record<Which, CacheTags>;

  const currentCosts = () => {
    if (costs) return costs;
    costs = lineCosts(options.timing(), tags.data.geometry.lineBytes, tags.instruction.geometry.lineBytes);
    garbles = !options.psramReadsRight();
    return costs;
  };
  const sameGeometry = (which: Which, next: CacheTags['geometry']) => {
    const old = tags?.[which].geometry;
    return old && old.bytes === next.bytes && old.ways === next.ways && old.lineBytes === next.lineBytes;
  };
  const geometryChanged = () => {
    const data = extmem.dataGeometry();
    const instruction = extmem.instructionGeometry();
    const linesDiffer = tags?.instruction.geometry.lineBytes !== instruction.lineBytes;
    tags = {
      data: sameGeometry('data', data) ? tags.data : createCacheTags(data),
      instruction: sameGeometry('instruction', instruction) ? tags.instruction : createCacheTags(instruction),
    };
    costs = undefined;
    for (const core of [0, 1]) {
      openWays[core] = Number(extmem.open('data', core));
      openWays[2 + core] = Number(extmem.open('instruction', core));
    }
    if (linesDiffer) options.remapped();
  };

  const extmem = createExtmem(context, options.extmemBase, {
    geometryChanged,
    invalidate: (which, address, bytes) => tags[which].invalidate(address, bytes),
    writeBack(address, bytes) {
      const cycles = tags.data.writeBack(address, bytes) * currentCosts().writeBack;
      bus.background(context.clock.cycles, cycles);
      return bus.freeAt - context.clock.cycles;
    },
    preload: (which, lines) => ahead[which].ask(lines, context.clock.cycles),
    preloaded(which) {
      ahead[which].advance(context.clock.cycles);
      return ahead[which].doneAt() <= context.clock.cycles;
    },
    dataCacheWays: options.dataCacheWays,
    counter(offset) {
      if (offset === EXTMEM.dbusAccess) return accesses[0] >>> 0;
      return offset === EXTMEM.ibusAccess ? accesses[1] >>> 0 : (counters.get(offset) ?? 0);
    },
    clearCounters() {
      counters.clear();
      accesses.fill(0);
    },
  });
  geometryChanged();

  const inPsram = (address: number): boolean =>
    (entries[(address & WINDOW_MASK) >>> PAGE_SHIFT] & MMU_PSRAM) !== 0;
  const costOf = (which: Which, address: number): LineCost => {
    const lines = currentCosts();
    if (which === 'instruction') return inPsram(address) ? lines.instructionPsram : lines.instructionFlash;
    return inPsram(address) ? lines.dataPsram : lines.dataFlash;
  };
  const isMapped = (address: number): boolean =>
    (entries[(address & WINDOW_MASK) >>> PAGE_SHIFT] & MMU_INVALID) === 0;

  /** Contents live in the memory itself, so that is where a line that was read wrong goes wrong. */
  const garbleLine = (which: Which, address: number): void => {
    const { lineBytes } = tags[which].geometry;
    const start = pageOffset(address) - layout.psram + (address & (PAGE_BYTES - lineBytes));
    garble(options.psram.subarray(start, start + lineBytes));
    warnings.once(
      'psram timing',
      address,
      `PSRAM at ${hex(address)} is sampled at a wrong moment: SPI0's input delay does not suit this clock and board, bits are wrong`,
    );
  };
  /** Brings a line in that is missing, from `cycle` on at the earliest; returns the cycle at which it is complete. */
  const bringIn = (which: Which, address: number, outcome: number, cycle: number): number => {
    bus.transfer(cycle, costOf(which, address));
    if (garbles && inPsram(address)) garbleLine(which, address);
    const complete = bus.freeAt;
    tags[which].arrival = complete;
    // The victim leaves after the line that replaces it has come.
    if (outcome === LOOKUP.missDirtyVictim) bus.background(cycle, currentCosts().eviction);
    return complete;
  };
  /** Lines that nobody waits for yet: each takes its turn on the bus when that is free. */
  const aheadOf = (which: Which): LinesAhead =>
    createLinesAhead({
      freeAt: () => bus.freeAt,
      bring(address, cycle) {
        if (tags[which].holds(address) || !isMapped(address)) return cycle;
        return bringIn(which, address, tags[which].access(address, false), cycle);
      },
    });
  const ahead = { data: aheadOf('data'), instruction: aheadOf('instruction') };

  /** Brings a line in if it is missing; returns the wait for `bytes` of it from `address` on. */
  const fill = (which: Which, address: number, bytes: number, store: boolean, cycle: number): number => {
    if (ahead.data.pending || ahead.instruction.pending) {
      ahead.data.advance(cycle);
      ahead.instruction.advance(cycle);
    }
    const cache = tags[which];
    const outcome = cache.access(address, store);
    const autoload = extmem.autoload[which];
    if (outcome !== LOOKUP.hit) {
      if (which === 'instruction') count(EXTMEM.ibusMiss);
      else count(inPsram(address) ? EXTMEM.dbusPsramMiss : EXTMEM.dbusFlashMiss);
      bringIn(which, address, outcome, cycle);
    }
    if (autoload && (outcome === LOOKUP.hit ? autoload.onHit : autoload.onMiss)) {
      const next = autoload.linesAfter(address, cache.geometry.lineBytes);
      ahead[which].ask(
        next.filter((line) => !cache.holds(line) && !ahead[which].waitsFor(line)),
        cycle,
      );
    }
    if (cache.arrival <= cycle) return 0;
    const { first, whole, perByte } = costOf(which, address);
    const offset = address & (cache.geometry.lineBytes - 1);
    const start = cache.arrival - whole;
    return Math.max(0, start + first + perByte * (offset + bytes - FIRST_WORD_BYTES) - cycle);
  };

  const reasonAgainst = createReason(extmem, entries, options);
  /** Arena offset of the page of an address that nothing speaks against. */
  const pageOffset = (address: number): number => {
    const entry = entries[(address & WINDOW_MASK) >>> PAGE_SHIFT];
    const start = (entry & MMU_PAGE_MASK) * PAGE_BYTES;
    return entry & MMU_PSRAM ? layout.psram + (start % psramBytes) : layout.flash + (start % flashBytes);
  };

  const memory: CachedMemory = {
    extmem,
    mmu: createMmuTable(entries, pageOffsets, options.remapped),
    stall: 0,
    locate(address, bytes, access, core, cycle) {
      const isData = address >>> 24 < 0x40;
      const page = (address & WINDOW_MASK) >>> PAGE_SHIFT;
      memory.stall = 0;
      if (openWays[isData ? core : 2 + core] === 0) return -1;
      if (pageOffsets[page] === UNKNOWN || access === ACCESS.store) {
        if (reasonAgainst(address, access, core) !== undefined) return -1;
        pageOffsets[page] = pageOffset(address);
      }
      accesses[isData ? 0 : 1]++;
      memory.stall = fill(isData ? 'data' : 'instruction', address, bytes, access === ACCESS.store, cycle);
      return pageOffsets[page] + (address & (PAGE_BYTES - 1));
    },
    refuse(address, access, core) {
      const verb = access === ACCESS.fetch ? 'instruction fetch' : access === ACCESS.store ? 'store' : 'load';
      const why = reasonAgainst(address, access, core) ?? 'the cache does not take it';
      warnings.once(`cache ${verb} ${why}`, address, `${verb} at ${hex(address)} refused: ${why}`);
      throw new BusFault(access === ACCESS.fetch ? CAUSE.fetchError : CAUSE.loadStoreError, address);
    },
    costsChanged() {
      costs = undefined;
      pageOffsets.fill(UNKNOWN); // PSRAM may have come or gone
    },
    reset() {
      memory.mmu.reset();
      bus.reset();
      ahead.data.reset();
      ahead.instruction.reset();
      counters.clear();
      extmem.reset();
      tags.data.invalidate(0, 0);
      tags.instruction.invalidate(0, 0);
    },
    readCycles: (bytes) => Math.ceil(bytes / tags.data.geometry.lineBytes) * currentCosts().dataFlash.first,
    get instructionLineBytes() {
      return tags.instruction.geometry.lineBytes;
    },
    peek(address) {
      const core = extmem.open('instruction', 0) ? 0 : 1;
      if (reasonAgainst(address, ACCESS.fetch, core) !== undefined) return -1;
      return pageOffset(address) + (address & (PAGE_BYTES - 1));
    },
  };
  return memory;
}
