/** For tests of the memories behind the caches: an N16R8 board's as ESP-IDF sets them up, with cold caches. */
import type { Chip } from './chip.ts';
import { bringUp } from './program/bring-up.ts';

/** Sixteen pages of PSRAM, and behind them sixteen of flash. */
export const PSRAM = 0x3c000000;
export const FLASH = PSRAM + (16 << 16);

export function setUpMemories(chip: Chip, lineBytes: 16 | 32 | 64, bytes: 32768 | 65536 = 32768): void {
  bringUp(chip, {
    clockMegahertz: 240,
    dataCache: { bytes, ways: 4, lineBytes },
    instructionCache: { bytes: 16384, ways: 8, lineBytes: 32 },
    cachesCode: false,
    mappings: Array.from({ length: 32 }, (_, entry) => ({
      entry,
      target: entry < 16 ? ('psram' as const) : ('flash' as const),
      page: entry % 16,
    })),
  });
}
