/**
 * The USB-Serial-JTAG console. Nobody may be listening: then its FIFO stays full, and all output to it is dropped after one
 * short wait, as the mask ROM does, until a host reads again.
 */
import { ccount, read32, write32 } from "./chip";
import { clockMegahertz } from "./config";

const EP1: usize = 0x6003_8000;
/** WR_DONE[0], SERIAL_IN_EP_DATA_FREE[1], SERIAL_OUT_EP_DATA_AVAIL[2]. */
const EP1_CONF: usize = 0x6003_8004;
const WR_DONE: u32 = 1;
const DATA_FREE: u32 = 2;
const DATA_AVAILABLE: u32 = 4;

/** A host that is there polls every millisecond; the ROM waits 5 ms. */
const PATIENCE_MICROSECONDS: u32 = 5000;

let hostReads: bool = true;

/** The next received byte, or -1. */
export function readByte(): i32 {
  return read32(EP1_CONF) & DATA_AVAILABLE ? <i32>(read32(EP1) & 0xff) : -1;
}

/** Queues a byte, or drops it when no host reads. */
export function writeByte(byte: u32): void {
  if (!(read32(EP1_CONF) & DATA_FREE)) {
    if (!hostReads) return;
    hostReads = waitForRoom();
    if (!hostReads) return;
  }
  hostReads = true;
  write32(EP1, byte);
}

/** Sends what is queued as a (short or empty) packet, without which the host would wait for the 64th byte. */
export function flush(): void {
  if (hostReads) write32(EP1_CONF, WR_DONE);
}

function waitForRoom(): bool {
  const start = ccount();
  do {
    if (read32(EP1_CONF) & DATA_FREE) return true;
  } while (ccount() - start < PATIENCE_MICROSECONDS * <u32>clockMegahertz);
  return false;
}
