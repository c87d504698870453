/**
 * The USB-Serial-JTAG console. Nobody may be listening: then its FIFO stays full, and output to it is dropped after a short
 * while, as the mask ROM does, until a host reads again.
 */
import { ccount, read32, write32 } from "./chip";
import { clockMegahertz } from "./contract/config";

const EP1: usize = 0x6003_8000;
/** WR_DONE[0], SERIAL_IN_EP_DATA_FREE[1], SERIAL_OUT_EP_DATA_AVAIL[2]. */
const EP1_CONF: usize = 0x6003_8004;
const WR_DONE: u32 = 1;
const DATA_FREE: u32 = 2;
const DATA_AVAILABLE: u32 = 4;

/** A host that is there polls every millisecond; the ROM waits 5 ms. */
const PATIENCE_MICROSECONDS: u32 = 5000;

/** True since a wait was in vain, until there is room again. */
let deaf: bool = false;
let waiting: bool = false;
let waitingSince: u32 = 0;

/** The next received byte, or -1. */
export function readByte(): i32 {
  return read32(EP1_CONF) & DATA_AVAILABLE ? <i32>(read32(EP1) & 0xff) : -1;
}

/** True if a byte can be put now. */
export function hasRoom(): bool {
  if (!(read32(EP1_CONF) & DATA_FREE)) return false;
  deaf = false;
  waiting = false;
  return true;
}

/** Without room: true once the host has been given its time. */
export function isDeaf(): bool {
  if (deaf) return true;
  if (!waiting) {
    waiting = true;
    waitingSince = ccount();
  }
  deaf = ccount() - waitingSince > PATIENCE_MICROSECONDS * <u32>clockMegahertz;
  return deaf;
}

/** Queues a byte; there must be room. */
export function put(byte: u32): void {
  write32(EP1, byte);
}

/** Sends what is queued as a (short or empty) packet, without which the host would wait for the 64th byte. */
export function flush(): void {
  write32(EP1_CONF, WR_DONE);
}
