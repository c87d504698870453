/**
 * What a core sees of the rest of the chip.
 *
 * All memory with contents (SRAM, ROM, RTC RAM, flash, PSRAM) lives in ONE ArrayBuffer, the arena. Two tables with one
 * entry per 4 KB page of the 4 GB address space say where a page's bytes lie in it: `offset = (address + map[page]) | 0`;
 * entry 0 = not directly reachable. Generated code inlines that lookup, so everything mapped here costs nothing beyond
 * the pipeline (SRAM speed). What is not in the tables goes the slow way: cached flash and PSRAM (`locate`, which
 * charges the line fill; recent-lines.ts holds what of it need not be asked for again) and devices (`read`, `write`).
 *
 * chip-soc implements {@link Bus}; it builds its memory with {@link createMemory}.
 */

import { PAGE_SHIFT } from './pages.ts';
import { CORE_RECENT_BYTES, createRecentLines, type RecentLines } from './recent-lines.ts';
import { createStoreWatch } from './store-watch.ts';

export { PAGE_SHIFT };

const PAGE = 1 << PAGE_SHIFT;

export const ACCESS = { load: 0, store: 1, fetch: 2 } as const;
export type Access = (typeof ACCESS)[keyof typeof ACCESS];

export interface Memory {
  readonly arena: ArrayBuffer;
  /** What `arena` is the buffer of: translated code is WebAssembly. Behind the bytes lie the three page tables and the cores' states. */
  readonly wasm: WebAssembly.Memory;
  readonly loadMapOffset: number;
  readonly storeMapOffset: number;
  readonly codeMapOffset: number;
  /** Where the state of a core (0 or 1) lies: {@link CORE_STATE_BYTES}; and where it finds its translations: {@link CORE_SLOTS_BYTES}. */
  stateOffset(core: number): number;
  slotsOffset(core: number): number;
  /** Two words: the core that runs; not 0 where something happened that ends the cores' turns. */
  readonly shared: Int32Array;
  /** Lines that translated code reads on in without asking; where a core finds its part of them. */
  readonly recent: RecentLines;
  recentOffset(core: number): number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Delta per page for plain loads (0 = slow path). */
  readonly loadMap: Int32Array;
  /** Delta per page for code in memory that plain loads do not reach (the instruction bus takes whole words); the bus fills it. */
  readonly codeMap: Int32Array;
  /** Delta per page for plain stores: 0 also where translated code lies in the page (the slow path looks closer). */
  readonly storeMap: Int32Array;
  /** Delta per page for stores whether or not there is code in it. */
  readonly writable: Int32Array;
  /**
   * Maps [address, address + length) to the arena; both multiples of 4 KB. `execute` lets the core fetch there at SRAM
   * speed (cached flash is fetched through `Bus.locate` instead). Map the I-bus and D-bus alias of SRAM1 to one offset.
   */
  map(address: number, length: number, offset: number, access: { load: boolean; store: boolean }): void;
  unmap(address: number, length: number): void;
  /** Lets stores to the page at `address` be looked at, as long as somebody does: 1 takes it off the fast way, -1 gives it back. */
  watchStores(address: number, change: 1 | -1): void;
  /** Code was translated from these bytes of the arena: stores there are watched from now on. */
  markCode(offset: number, length: number): void;
  /**
   * The bytes of the arena changed other than by a core's store (loader, DMA), or their meaning did (MMU, cache
   * invalidation): drops translations made from them.
   */
  invalidate(offset: number, length: number): void;
  /** For slow-path stores: drops translations where a granule holds code. @returns whether it did */
  stored(offset: number, length: number): boolean;
  /** The address space changed (MMU entry, cache switched): drops every translation. */
  remapped(): void;
  /** Called with the arena range whose translations are void; with (0, Infinity) for all. */
  onInvalidate(listener: (offset: number, length: number) => void): void;
}

/** Thrown by a bus for an access that must end in an architectural exception of that cause (2, 3, 28, 29 ...). */
export class BusFault extends Error {
  constructor(
    override readonly cause: number,
    readonly address: number,
  ) {
    super(`bus fault, cause ${cause}, at 0x${(address >>> 0).toString(16)}`);
  }
}

export interface Bus {
  readonly memory: Memory;
  /**
   * Extra cycles of the last call (line fill, MMIO wait, write buffer full), set by the bus on EVERY call of the three
   * methods below, beyond the 1 issue cycle.
   */
  stall: number;
  /**
   * Memory reached the slow way (through a cache, RTC RAM ...): the arena offset of `address`, valid for `bytes` bytes
   * (1, 2, 4, 8 or 16, naturally aligned; for fetches 4), or -1 when a device (or nothing) lives there.
   * `cycle` is the time of the access in CPU cycles since reset of the chip (a double, monotone per core).
   */
  locate(address: number, bytes: number, access: Access, core: number, cycle: number): number;
  /** Device read, `bytes` 1, 2 or 4, aligned; returns the value zero-extended (int32 or uint32). Unmapped: warn once, return 0 or throw {@link BusFault}. */
  read(address: number, bytes: number, core: number, cycle: number, pc: number): number;
  write(address: number, bytes: number, value: number, core: number, cycle: number, pc: number): void;
  /**
   * True when an instruction at `address` is fetched through a cache: translated blocks then call
   * `locate(address, 4, ACCESS.fetch, …)` once per `fetchLine` bytes of code they run through.
   */
  isCachedCode(address: number): boolean;
  readonly fetchLine: number;
  /**
   * Where code at `address` (not in `loadMap`) lies in the arena, or -1: like `locate` for a fetch of one byte, but no
   * time passes and no cache changes. The translator reads code this way, ahead of its execution.
   */
  peek?(address: number): number;
  /**
   * What a device's register reads if reading it changes nothing, and it changes only when something is written or happens by itself
   * (`nextEvent`): undefined for all others. Absent: there is none.
   */
  steady?(address: number): number | undefined;
  /** First cycle at which something may happen by itself. */
  nextEvent?(): number;
  /** Reads of devices so far, by core. */
  readonly deviceReads?: Int32Array;
  /** memw: cycles until this core's posted writes have left the write buffer. Absent: they always have. */
  fence?(core: number, cycle: number): number;
  /** False where the bus to fetch instructions from does not reach (the D-bus view of SRAM). Absent: everywhere. */
  isExecutable?(address: number): boolean;
}

/** Room for a core's registers. */
export const CORE_STATE_BYTES = 2048;
/** Room for what a core keeps of its translations. */
export const CORE_SLOTS_BYTES = 1 << 18;
const WASM_PAGE = 0x10000;

/** An arena of `size` bytes with empty maps. Page 0 of the arena is never handed out by `createMemory`'s users' choice of offsets; any offset is legal except one equal to its address. */
export function createMemory(size: number): Memory {
  const pages = 2 ** (32 - PAGE_SHIFT);
  const loadMapOffset = Math.ceil(size / WASM_PAGE) * WASM_PAGE;
  const storeMapOffset = loadMapOffset + 4 * pages;
  const codeMapOffset = storeMapOffset + 4 * pages;
  const states = codeMapOffset + 4 * pages;
  const shared = states + 2 * CORE_STATE_BYTES;
  const recent = shared + 16;
  const slots = states + WASM_PAGE;
  const wasmPages = (slots + 2 * CORE_SLOTS_BYTES) / WASM_PAGE;
  const wasm = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages });
  const arena = wasm.buffer as ArrayBuffer;
  const loadMap = new Int32Array(arena, loadMapOffset, pages);
  const storeMap = new Int32Array(arena, storeMapOffset, pages);
  const codeMap = new Int32Array(arena, codeMapOffset, pages);
  const writable = new Int32Array(pages);
  const aliases = new Map<number, number[]>();
  const listeners: ((offset: number, length: number) => void)[] = [];
  const stores = createStoreWatch(size, { writable, storeMap, aliases });
  const notify = (offset: number, length: number) => {
    for (const listener of listeners) listener(offset, length);
  };
  const unmapPage = (page: number) => {
    const delta = loadMap[page] || writable[page];
    if (delta !== 0) {
      const arenaPage = ((page << PAGE_SHIFT) + delta) >>> PAGE_SHIFT;
      const pagesThere = aliases.get(arenaPage)?.filter((other) => other !== page) ?? [];
      aliases.set(arenaPage, pagesThere);
    }
    loadMap[page] = storeMap[page] = writable[page] = 0;
  };
  return {
    arena,
    wasm,
    loadMapOffset,
    storeMapOffset,
    codeMapOffset,
    stateOffset: (core) => states + core * CORE_STATE_BYTES,
    slotsOffset: (core) => slots + core * CORE_SLOTS_BYTES,
    shared: new Int32Array(arena, shared, 2),
    recent: createRecentLines(arena, recent),
    recentOffset: (core) => recent + core * CORE_RECENT_BYTES,
    bytes: new Uint8Array(arena, 0, size),
    view: new DataView(arena, 0, size),
    loadMap,
    storeMap,
    codeMap,
    writable,
    map(address, length, offset, access) {
      if ((address | length | offset) & (PAGE - 1)) throw new RangeError('memory is mapped in pages of 4 KB');
      if (offset === address)
        throw new RangeError('an arena offset must differ from the address mapped there');
      if (offset + length > size) throw new RangeError('mapping beyond the end of the arena');
      const delta = (offset - address) | 0;
      let replaced = false;
      for (let at = 0; at < length; at += PAGE) {
        const page = ((address + at) >>> 0) >>> PAGE_SHIFT;
        const arenaPage = (offset + at) >>> PAGE_SHIFT;
        replaced ||= loadMap[page] !== 0 || writable[page] !== 0;
        unmapPage(page);
        aliases.set(arenaPage, [...(aliases.get(arenaPage) ?? []), page]);
        if (access.load) loadMap[page] = delta;
        if (access.store) writable[page] = delta;
        stores.update(page, arenaPage);
      }
      // Memory where there was none makes no translation wrong: it took the slow way there.
      if (replaced) notify(0, Number.POSITIVE_INFINITY);
    },
    unmap(address, length) {
      for (let at = 0; at < length; at += PAGE) unmapPage(((address + at) >>> 0) >>> PAGE_SHIFT);
      notify(0, Number.POSITIVE_INFINITY);
    },
    watchStores: stores.watchStores,
    markCode: stores.markCode,
    invalidate(offset, length) {
      if (length <= 0) return;
      notify(offset, length);
      stores.clear(offset, length);
    },
    stored(offset, length) {
      const code = stores.codeIn(offset, length);
      if (!code) return false;
      notify(code.start, code.bytes);
      stores.clear(code.start, code.bytes);
      return true;
    },
    remapped() {
      notify(0, Number.POSITIVE_INFINITY);
    },
    onInvalidate(listener) {
      listeners.push(listener);
    },
  };
}
