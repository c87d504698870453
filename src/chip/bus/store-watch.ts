/** Which stores are looked at: those to pages with translated code in them, and to those that somebody watches. */

import { PAGE_SHIFT } from './pages.ts';

/** Translated code is tracked in granules of 4 bytes: literals and data beside code are written often. */
const GRANULE_SHIFT = 2;
const PAGE_GRANULES = 2 ** (PAGE_SHIFT - GRANULE_SHIFT);

/** The address space's pages: where stores to them go, and the fast way there. */
export interface StorePages {
  readonly writable: Int32Array;
  readonly storeMap: Int32Array;
  /** Pages of the address space by the page of the arena that they show. */
  readonly aliases: ReadonlyMap<number, readonly number[]>;
}

export interface StoreWatch {
  /** Gives a page of the address space the fast way for stores, or takes it. */
  update(page: number, arenaPage: number): void;
  /** Lets stores to the page at `address` be looked at, as long as somebody does. */
  watchStores(address: number, change: 1 | -1): void;
  markCode(offset: number, length: number): void;
  /** What of [offset, offset + length) may hold code, in whole granules, if there is any in them. */
  codeIn(offset: number, length: number): { start: number; bytes: number } | undefined;
  /** There is no code any more. */
  clear(offset: number, length: number): void;
}

/** @param size bytes of the arena */
export function createStoreWatch(size: number, { writable, storeMap, aliases }: StorePages): StoreWatch {
  const granules = new Uint8Array(Math.ceil(size / 2 ** GRANULE_SHIFT));
  /** Arena pages in which stores are looked at because there is code. */
  const watched = new Uint8Array(Math.ceil(size / 2 ** PAGE_SHIFT));
  /** How many look at the stores to a page of the address space. */
  const watchers = new Uint8Array(writable.length);
  const update = (page: number, arenaPage: number) => {
    storeMap[page] = watched[arenaPage] || watchers[page] ? 0 : writable[page]!;
  };
  const watchPage = (arenaPage: number, watch: boolean) => {
    watched[arenaPage] = watch ? 1 : 0;
    for (const page of aliases.get(arenaPage) ?? []) update(page, arenaPage);
  };
  const pageHasCode = (arenaPage: number) =>
    granules.subarray(arenaPage * PAGE_GRANULES, (arenaPage + 1) * PAGE_GRANULES).includes(1);
  return {
    update,
    watchStores(address, change) {
      const page = address >>> PAGE_SHIFT;
      watchers[page] += change;
      const delta = writable[page]!;
      if (delta !== 0) update(page, ((page << PAGE_SHIFT) + delta) >>> PAGE_SHIFT);
    },
    markCode(offset, length) {
      const last = (offset + length - 1) >>> GRANULE_SHIFT;
      for (let granule = offset >>> GRANULE_SHIFT; granule <= last; granule++) granules[granule] = 1;
      for (let page = offset >>> PAGE_SHIFT; page <= (offset + length - 1) >>> PAGE_SHIFT; page++) {
        if (watched[page] === 0) watchPage(page, true);
      }
    },
    codeIn(offset, length) {
      const first = offset >>> GRANULE_SHIFT;
      const last = (offset + length - 1) >>> GRANULE_SHIFT;
      let hasCode = false;
      for (let granule = first; granule <= last; granule++) hasCode ||= granules[granule] === 1;
      if (!hasCode) return undefined;
      const start = first << GRANULE_SHIFT;
      return { start, bytes: ((last + 1) << GRANULE_SHIFT) - start };
    },
    clear(offset, length) {
      granules.fill(0, offset >>> GRANULE_SHIFT, ((offset + length - 1) >>> GRANULE_SHIFT) + 1);
      for (let page = offset >>> PAGE_SHIFT; page <= (offset + length - 1) >>> PAGE_SHIFT; page++) {
        if (!pageHasCode(page)) watchPage(page, false);
      }
    },
  };
}
