/** The MMU in front of the caches: which page of flash or PSRAM each of the 512 pages of their address windows is (docs/esp32-s3.md B3). */

import type { ArenaLayout } from './memory-map.ts';
import type { Peripheral } from './peripheral.ts';

export const MMU_ENTRIES = 512;
export const MMU_INVALID = 0x4000;
const MMU_PSRAM = 0x8000;
const MMU_PAGE_MASK = 0x3fff;
export const UNKNOWN = -1;
const PAGE_SHIFT = 16;
export const PAGE_BYTES = 1 << PAGE_SHIFT;
const WINDOW_MASK = 0x01ffffff;

/** Number of the entry that says where an address lies. */
export const mmuIndex = (address: number): number => (address & WINDOW_MASK) >>> PAGE_SHIFT;

export interface Mmu {
  /** Its table at 0x600C5000. */
  readonly registers: Peripheral;
  readonly entries: Uint32Array;
  /** Arena offset of each page that can be read without a look at its entry, {@link UNKNOWN} for the others. */
  readonly pageOffsets: Int32Array;
  isMapped(address: number): boolean;
  inPsram(address: number): boolean;
  /** Arena offset of the page of an address that is mapped. */
  pageOffset(address: number): number;
}

export interface MmuOptions {
  readonly layout: ArenaLayout;
  readonly flashBytes: number;
  readonly psramBytes: number;
  /** Meaning of addresses changed. */
  remapped(): void;
}

export function createMmu({ layout, flashBytes, psramBytes, remapped }: MmuOptions): Mmu {
  const entries = new Uint32Array(MMU_ENTRIES).fill(MMU_INVALID);
  const pageOffsets = new Int32Array(MMU_ENTRIES).fill(UNKNOWN);
  return {
    registers: {
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
    },
    entries,
    pageOffsets,
    isMapped: (address) => (entries[mmuIndex(address)] & MMU_INVALID) === 0,
    inPsram: (address) => (entries[mmuIndex(address)] & MMU_PSRAM) !== 0,
    pageOffset(address) {
      const entry = entries[mmuIndex(address)];
      const start = (entry & MMU_PAGE_MASK) * PAGE_BYTES;
      return entry & MMU_PSRAM ? layout.psram + (start % psramBytes) : layout.flash + (start % flashBytes);
    },
  };
}
