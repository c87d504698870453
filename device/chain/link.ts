/**
 * UART1 as the line between boards, polled: 5 Mbit/s from the bus clock, which is 80 MHz whatever the cores run at (TRM chapter 26;
 * docs/esp32-s3.md D1). A byte takes 480 cycles at 240 MHz, more than receiving and checking it.
 */
import { ccount, read32, write32 } from "../chip";
import { setBits } from "../clock";
import { clockMegahertz, linkRx, linkTx } from "../contract/config";
import { LINK_BAUD } from "../contract/constants";
import { feedInput, givePin, prepareInput } from "../gpio";

const FIFO: usize = 0x6001_0000;
const CLKDIV: usize = 0x6001_0014;
/** RXFIFO_CNT[9:0], TXFIFO_CNT[25:16]. */
const STATUS: usize = 0x6001_001c;
const CONF0: usize = 0x6001_0020;
const CLK_CONF: usize = 0x6001_0078;
const ID: usize = 0x6001_0080;

const CLOCK_GATE: usize = 0x600c_0018;
const BLOCK_RESET: usize = 0x600c_0020;
const UART1: u32 = 1 << 5;
const UART_MEMORY: u32 = 1 << 24;
/** RST_CORE: without it the transmitter may begin with a byte of its own (ESP-IDF, SOC_UART_REQUIRE_CORE_RESET). */
const CORE_RESET: u32 = 1 << 23;
/** SCLK_SEL 1, SCLK_EN, TX_SCLK_EN, RX_SCLK_EN; SCLK_DIV_NUM 0. */
const FROM_BUS_CLOCK: u32 = (1 << 20) | (1 << 22) | (1 << 24) | (1 << 25);
const BUS_HERTZ: u32 = 80_000_000;
/** 8 bits, no parity, one stop bit. */
const FORM: u32 = (3 << 2) | (1 << 4);
const EMPTY_FIFOS: u32 = (1 << 17) | (1 << 18);
const UPDATE: u32 = 1 << 31;
/** U1TXD and U1RXD in the GPIO matrix. */
const SIGNAL: u32 = 15;

const FIFO_BYTES: i32 = 128;
/** Polls; far beyond the time of one byte at any clock. */
const PATIENCE: u32 = 1 << 12;
/** Microseconds without a byte after which no more of a frame will come: 20 bytes' time. */
const GAP: u32 = 40;

export function openLink(): void {
  setBits(CLOCK_GATE, 0, UART1 | UART_MEMORY);
  setBits(CLK_CONF, 0, CORE_RESET);
  setBits(BLOCK_RESET, 0, UART1);
  setBits(BLOCK_RESET, UART1, 0);
  write32(CLK_CONF, FROM_BUS_CLOCK);
  write32(CLKDIV, BUS_HERTZ / <u32>LINK_BAUD);
  write32(CONF0, FORM | EMPTY_FIFOS);
  write32(CONF0, FORM);
  setBits(ID, 0, UPDATE);
  givePin(linkTx, SIGNAL);
  prepareInput(linkRx);
  feedInput(SIGNAL, linkRx);
}

/** The next received byte, or -1. */
// @ts-ignore: decorator
@inline
function received(): i32 {
  return read32(STATUS) & 0x3ff ? <i32>(read32(FIFO) & 0xff) : -1;
}

/** The same, waited for; -1 after so many cycles, of which 0 are any number. */
export function awaitByte(patience: u32): i32 {
  const begin = ccount();
  do {
    const byte = received();
    if (byte >= 0) return byte;
  } while (!patience || ccount() - begin < patience);
  return -1;
}

/** The next byte of a frame, or -1 where none will come. */
// @ts-ignore: decorator
@inline
export function nextByte(): i32 {
  return awaitByte(GAP * <u32>clockMegahertz);
}

/** Lets pass what is on its way, until the line is silent. */
export function awaitSilence(): void {
  while (nextByte() >= 0) {}
}

/** Forgets what has arrived. */
export function discard(): void {
  while (received() >= 0) {}
}

/** Sends a byte once there is room: the transmitter always drains, unless there is none. */
// @ts-ignore: decorator
@inline
export function sendByte(byte: u32): void {
  for (let tries: u32 = 0; tries < PATIENCE; tries++) if (<i32>((read32(STATUS) >> 16) & 0x3ff) < FIFO_BYTES - 1) break;
  write32(FIFO, byte);
}
