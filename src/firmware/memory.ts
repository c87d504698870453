/** What has to lie somewhere, and where there is room: the vocabulary of the memory planner. All sizes in bytes. */

export type Purpose = 'code' | 'weights' | 'tables' | 'activations' | 'kv cache' | 'system';

export interface MemoryItem {
  name: string;
  purpose: Purpose;
  bytes: number;
  /** Power of two. */
  align: number;
  /**
   * `loaded`: it has contents, which the ROM puts there or the cache maps. `early`: empty, but in use before core 1 has left
   * the ROM. `late`: empty, first used when both cores run our code, so it may lie where the ROM keeps its own data.
   */
  lifetime: 'loaded' | 'early' | 'late';
  /** `sram` only, or wherever there is room, or `flash` alone: tables of which a token reads a row. */
  memory: 'sram' | 'any' | 'flash';
  /** The boot code zeroes it. Only for what is not loaded. */
  zero: boolean;
  /** Bytes of it that a token reads, and writes, in the mean of a story: what moves most stays in SRAM when not all can. */
  reads: number;
  writes: number;
  /** The instruction bus must reach it, which ends where SRAM1 does. */
  executable?: boolean;
  /** Its address, where nothing else will do: data that the compiled program has already placed. */
  fixed?: number;
}

/** Loaded into SRAM and moved by no token, but for what `more` says. */
export const memoryItem = (name: string, bytes: number, more: Partial<MemoryItem> = {}): MemoryItem => ({
  name,
  purpose: 'system',
  bytes,
  align: 16,
  lifetime: 'loaded',
  memory: 'sram',
  zero: false,
  reads: 0,
  writes: 0,
  ...more,
});

export type RegionName = 'sram0' | 'sram' | 'flash' | 'psram';

export interface PlacedItem extends MemoryItem {
  region: RegionName;
  /** As the data bus sees it; for code, as the instruction bus does. */
  address: number;
  /** The end of an item whose beginning lies right before it, in another memory. */
  isRest?: boolean;
}

/** Internal memory that holds code while the instruction cache stays off (docs/esp32-s3.md B1, C9.2). */
export const SRAM0 = { start: 0x40370000, end: 0x40378000 } as const;
/** SRAM1 and the half of SRAM2 that the data cache leaves: one run of addresses. The ROM's data cache owns the rest. */
export const SRAM = { start: 0x3fc88000, end: 0x3fcf8000 } as const;
/** Within SRAM, the ROM refuses or must not load here: its stack and data (docs/esp32-s3.md C9.2). Free once our code runs. */
export const ROM_DATA = { start: 0x3fceb170, end: 0x3fcf0000 } as const;
/** I-bus address of SRAM1 = D-bus address + this. */
export const INSTRUCTION_ALIAS = 0x6f0000;
/** End of what the instruction bus sees of SRAM, as a D-bus address. */
export const SRAM1_END = 0x3fcf0000;
/** What moves between the cache and the memories behind it at a time (device/flash.ts). */
export const CACHE_LINE = 64;
/** Flash and PSRAM through the data cache. */
export const CACHED = { start: 0x3c000000, end: 0x3e000000 } as const;
/** Page of the MMU before the cache. */
export const MMU_PAGE = 0x10000;

export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

export const kilobytes = (bytes: number): string =>
  bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${(bytes / 1024).toFixed(1)} KB`;
