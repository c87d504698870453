/** UART0 as the ROM leaves it: 115200 baud from the crystal, so that it survives every clock change. Registers: TRM chapter 26. */
import { read32, write32 } from "./chip";

const FIFO: usize = 0x6000_0000;
/** RXFIFO_CNT[9:0], TXFIFO_CNT[25:16]. */
const STATUS: usize = 0x6000_001c;
/** UTX_OUT[7:4] is 0 when the shift register rests. */
const FSM_STATUS: usize = 0x6000_006c;

const FIFO_BYTES: i32 = 128;
/** Polls; far beyond the time of one character at any clock. */
const PATIENCE: u32 = 1 << 16;

/** The next received byte, or -1. */
export function readByte(): i32 {
  return read32(STATUS) & 0x3ff ? <i32>(read32(FIFO) & 0xff) : -1;
}

/** How many bytes can be put now. */
export function room(): i32 {
  return FIFO_BYTES - 1 - <i32>((read32(STATUS) >> 16) & 0x3ff);
}

/** Queues a byte; there must be room. */
export function put(byte: u32): void {
  write32(FIFO, byte);
}

/** Waits for room; the transmitter always drains, unless there is none. */
export function waitForRoom(): void {
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if (room() > 0) return;
  }
}

/** Waits until the last bit has left the pin. */
export function drain(): void {
  for (let tries: u32 = 0; tries < PATIENCE << 4; tries++) {
    if (room() == FIFO_BYTES - 1 && !(read32(FSM_STATUS) & 0xf0)) return;
  }
}
