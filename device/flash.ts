/** Flash and PSRAM as memory: the data cache with 64-byte lines and its MMU (docs/esp32-s3.md C9.6; the steps are the mask ROM's own). */
import { read32, write32 } from "./chip";
import { copiedBytes, flashOffset, flashPages, psramPages } from "./contract/config";
import { setBits } from "./clock";

const DCACHE_CTRL: usize = 0x600c_4000;
const DCACHE_CTRL1: usize = 0x600c_4004;
const SYNC_CTRL: usize = 0x600c_4028;
const SYNC_ADDRESS: usize = 0x600c_402c;
const SYNC_SIZE: usize = 0x600c_4030;
const PRELOAD_CTRL: usize = 0x600c_4040;
const PRELOAD_ADDRESS: usize = 0x600c_4044;
const PRELOAD_LINES: usize = 0x600c_4048;
const AUTOLOAD_CTRL: usize = 0x600c_404c;
const FREEZE: usize = 0x600c_4150;
const MMU: usize = 0x600c_5000;

const BOTH_BUSES: u32 = 3;
const LINE_64: u32 = 2 << 3;
export const LINE_BYTES: u32 = 64;
const PRELOAD_ENABLE: u32 = 1;
const PRELOAD_DONE: u32 = 2;
const GEOMETRY: u32 = 0b11100;
const PSRAM: u32 = 1 << 15;
const PAGE_SHIFT: u32 = 16;
const PATIENCE: u32 = 100_000;

/**
 * Maps the weights at 0x3C000000, page by page, the PSRAM behind them, and what is to be copied there behind that, through a 32 KB cache in
 * the upper half of SRAM2.
 */
export function mapMemory(): void {
  if (!flashPages && !psramPages) return;
  setBits(DCACHE_CTRL1, 0, BOTH_BUSES);
  setBits(DCACHE_CTRL, 1, 0);
  if (read32(AUTOLOAD_CTRL) & (1 << 2)) {
    setBits(AUTOLOAD_CTRL, 1 << 2, 0);
    waitFor(AUTOLOAD_CTRL, 1 << 3, 1 << 3);
  }
  waitFor(PRELOAD_CTRL, PRELOAD_DONE, PRELOAD_DONE);
  setBits(FREEZE, 2, 1);
  waitFor(FREEZE, 4, 4);
  setBits(FREEZE, 1, 0);
  waitFor(FREEZE, 4, 0);

  setBits(DCACHE_CTRL, GEOMETRY, LINE_64);
  write32(SYNC_ADDRESS, 0);
  write32(SYNC_SIZE, 0);
  setBits(SYNC_CTRL, 0, 1);
  waitFor(SYNC_CTRL, 1 << 3, 1 << 3);
  for (let page = 0; page < flashPages; page++) {
    write32(MMU + ((<usize>page) << 2), (flashOffset >> PAGE_SHIFT) + page);
  }
  for (let page = 0; page < psramPages; page++) {
    write32(MMU + ((<usize>(flashPages + page)) << 2), PSRAM | page);
  }

  const source = flashPages + psramPages; // of what load.ts copies
  const copiedPages = <i32>((copiedBytes + 0xffff) >> PAGE_SHIFT);
  for (let page = 0; page < copiedPages; page++) {
    write32(MMU + ((<usize>(source + page)) << 2), (flashOffset >> PAGE_SHIFT) + flashPages + page);
  }

  setBits(DCACHE_CTRL, 0, 1);
  setBits(DCACHE_CTRL1, BOTH_BUSES, 0);
}

/** Has the cache bring in what lies there, while the cores do something else. */
export function preload(address: usize, bytes: u32): void {
  if (!(read32(PRELOAD_CTRL) & PRELOAD_DONE)) return;
  const first = <u32>address & ~(LINE_BYTES - 1);
  write32(PRELOAD_ADDRESS, first);
  write32(PRELOAD_LINES, (<u32>address + bytes - first + LINE_BYTES - 1) / LINE_BYTES);
  write32(PRELOAD_CTRL, PRELOAD_ENABLE);
}

/** Waits for bits of a register; not for ever. */
function waitFor(address: usize, mask: u32, value: u32): void {
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if ((read32(address) & mask) == value) return;
  }
}
