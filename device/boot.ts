/** From the ROM's hand-over to a running chip, in the order of docs/esp32-s3.md C10. The stub before it set stack and vectors. */
import { read32, write32 } from "./chip";
import { raiseClock } from "./clock";
import { cores, earlyRangeCount, entry1, zeroRangeCount, zeroRanges } from "./contract/config";
import { mapMemory } from "./flash";
import { hasArrived } from "./barrier";
import { startPsram } from "./psram";

/** Opens the protected registers of every watchdog but the super one. */
const WATCHDOG_KEY: u32 = 0x50d8_3aa1;
const SUPER_KEY: u32 = 0x8f1d_312a;
const SUPER_PROTECT: usize = 0x6000_80b8;
const SUPER_CONFIG: usize = 0x6000_80b4;
const AUTO_FEED: u32 = 0x8000_0000;

const CORE_1_CONTROL: usize = 0x600c_0000;
const CORE_1_ENTRY: usize = 0x600c_0004;
const CLOCK_ON: u32 = 2;
const IN_RESET: u32 = 4;
/** The data cache's window, flash and PSRAM, ends here; all of SRAM lies above. */
const EXTERNAL_END: u32 = 0x3e00_0000;
const RTC_OPTIONS0: usize = 0x6000_8000;
const RTC_CPU_STALL: usize = 0x6000_80bc;
/** Polls for core 1: half a second or more, of which the ROM needs a millisecond or two. */
const PATIENCE: u32 = 10_000_000;

/** Watchdogs off, clock up, external memory mapped; false if the PSRAM that the image needs does not answer. */
export function bootChip(): bool {
  stopWatchdog(0x6000_80b0, 0x6000_8098); // RTC
  stopWatchdog(0x6001_f064, 0x6001_f048); // timer group 0
  stopWatchdog(0x6002_0064, 0x6002_0048); // timer group 1
  write32(SUPER_PROTECT, SUPER_KEY);
  write32(SUPER_CONFIG, read32(SUPER_CONFIG) | AUTO_FEED);
  write32(SUPER_PROTECT, 0);
  raiseClock();
  const present = startPsram();
  mapMemory();
  return present;
}

function stopWatchdog(protect: usize, config: usize): void {
  write32(protect, WATCHDOG_KEY);
  write32(config, 0);
  write32(protect, 0);
}

/** SRAM is random after power-up: zeroes what the program expects to be zero and both cores' ROM no longer use. */
export function clearEarlyMemory(hasExternal: bool): void {
  clear(0, earlyRangeCount, hasExternal);
}

/** The rest, once core 1 has left the ROM, whose stack lies there. */
export function clearLateMemory(hasExternal: bool): void {
  clear(earlyRangeCount, zeroRangeCount, hasExternal);
}

/** Memory behind the data cache is left alone where it does not answer: a store there would end in an exception. */
function clear(first: i32, end: i32, hasExternal: bool): void {
  for (let i = first; i < end; i++) {
    const range = zeroRanges + ((<usize>i) << 3);
    if (!hasExternal && load<u32>(range) < EXTERNAL_END) continue;
    memory.fill(load<u32>(range), 0, load<u32>(range, 4));
  }
}

/** Lets core 1 out of reset, and waits until the ROM has sent it to our entry; false if it does not come. */
export function startCore1(): bool {
  if (cores == 1) return true;
  write32(RTC_CPU_STALL, read32(RTC_CPU_STALL) & ~0x03f0_0000);
  write32(RTC_OPTIONS0, read32(RTC_OPTIONS0) & ~3);
  write32(CORE_1_ENTRY, entry1);
  write32(CORE_1_CONTROL, CLOCK_ON | IN_RESET);
  write32(CORE_1_CONTROL, CLOCK_ON);
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if (hasArrived(1)) {
      write32(CORE_1_ENTRY, 0); // a later reset of core 1 shall not call a stale address
      return true;
    }
  }
  return false;
}
