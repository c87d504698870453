/**
 * The chip's memories in one arena, and where they appear in the address space (docs/esp32-s3.md B1).
 *
 * SRAM1 has two addresses for the same bytes. Its I-bus address takes aligned words only; so I-bus pages are
 * not in the fast tables but answered by `locate`, which refuses the rest as the chip does.
 */

import { createMemory, type Memory } from '../bus/index.ts';

const KB = 1024;

/** Offsets in the arena. */
export interface ArenaLayout {
  readonly sram0: number;
  /** SRAM1 and SRAM2 together: D-bus 0x3FC88000–0x3FCFFFFF. */
  readonly sram: number;
  readonly rtcFast: number;
  readonly rtcSlow: number;
  /** The mask ROM: all of the user's, or what of it is ours (vectors and landing places). */
  readonly rom: number;
  readonly flash: number;
  readonly psram: number;
  readonly size: number;
}

export const SRAM0 = { address: 0x40370000, length: 32 * KB } as const;
export const SRAM_DATA = { address: 0x3fc88000, length: 480 * KB } as const;
/** SRAM1 through the I-bus: I-address = D-address + 0x6F0000. */
export const SRAM1_INSTRUCTION = { address: 0x40378000, length: 416 * KB } as const;
export const SRAM2 = { address: 0x3fcf0000, length: 64 * KB } as const;
export const RTC_FAST = { address: 0x600fe000, length: 8 * KB } as const;
export const RTC_SLOW = { address: 0x50000000, length: 8 * KB } as const;
export const ROM = { address: 0x40000000, length: 384 * KB } as const;
/** The upper part of the ROM through the data bus. */
export const ROM_DATA = { address: 0x3ff00000, length: 128 * KB } as const;
/** The part of the ROM that has contents of ours. */
export const ROM_STUB_BYTES = 4 * KB;
export const DATA_CACHE_BUS = { address: 0x3c000000, length: 32 << 20 } as const;
export const INSTRUCTION_CACHE_BUS = { address: 0x42000000, length: 32 << 20 } as const;

const PAGE = 4 * KB;

export function layOutArena(
  flashBytes: number,
  psramBytes: number,
  romBytes: number = ROM_STUB_BYTES,
): ArenaLayout {
  let next = PAGE; // offset 0 stays free, so that no offset can be taken for "not mapped"
  const take = (bytes: number) => {
    const at = next;
    next += Math.ceil(bytes / PAGE) * PAGE;
    return at;
  };
  return {
    sram0: take(SRAM0.length),
    sram: take(SRAM_DATA.length),
    rtcFast: take(RTC_FAST.length),
    rtcSlow: take(RTC_SLOW.length),
    rom: take(romBytes),
    flash: take(flashBytes),
    psram: take(psramBytes),
    size: next,
  };
}

/** @returns the arena with everything mapped that costs no more than SRAM. */
export function createChipMemory(layout: ArenaLayout): Memory {
  const memory = createMemory(layout.size);
  const readWrite = { load: true, store: true };
  memory.map(SRAM_DATA.address, SRAM_DATA.length, layout.sram, readWrite);
  memory.map(RTC_FAST.address, RTC_FAST.length, layout.rtcFast, readWrite);
  memory.map(RTC_SLOW.address, RTC_SLOW.length, layout.rtcSlow, readWrite);
  return memory;
}

/** Puts the chip's own ROM where the core finds it, code and data. */
export function mapRom(memory: Memory, layout: ArenaLayout, contents: Uint8Array): void {
  const readOnly = { load: true, store: false };
  memory.bytes.set(contents, layout.rom);
  memory.map(ROM.address, ROM.length, layout.rom, readOnly);
  memory.map(ROM_DATA.address, ROM_DATA.length, layout.rom + ROM.length - ROM_DATA.length, readOnly);
}

/** A bank of SRAM that a cache may own: bit of SENSITIVE 0x600C1014 that gives it to the CPU. */
export const CACHE_BANKS = [
  { usageBit: 0, address: 0x40370000, length: 16 * KB, owner: 'ICache' },
  { usageBit: 1, address: 0x40374000, length: 16 * KB, owner: 'ICache' },
  { usageBit: 2, address: 0x3fcf0000, length: 32 * KB, owner: 'DCache' },
  { usageBit: 3, address: 0x3fcf8000, length: 32 * KB, owner: 'DCache' },
] as const;
