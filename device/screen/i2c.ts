/**
 * The I2C0 controller as a master that only writes (TRM chapter 27; docs/esp32-s3.md D3). A transaction is put into the 32-byte FIFO and
 * started; it then needs no core until it is over. Every wait has an end.
 */
import { ccount, read32, write32 } from "../chip";
import { setBits } from "../clock";
import { clockMegahertz } from "../contract/config";
import { connectOutput, drivePin, GPIO, pause, readPin, setPin } from "../gpio";

const SCL_LOW: usize = 0x6001_3000;
const CTR: usize = 0x6001_3004;
const TO: usize = 0x6001_300c;
const FIFO_CONF: usize = 0x6001_3018;
const DATA: usize = 0x6001_301c;
const INT_RAW: usize = 0x6001_3020;
const INT_CLR: usize = 0x6001_3024;
const SDA_HOLD: usize = 0x6001_3030;
const SDA_SAMPLE: usize = 0x6001_3034;
const SCL_HIGH: usize = 0x6001_3038;
const START_HOLD: usize = 0x6001_3040;
const RSTART_SETUP: usize = 0x6001_3044;
const STOP_HOLD: usize = 0x6001_3048;
const STOP_SETUP: usize = 0x6001_304c;
const FILTER: usize = 0x6001_3050;
const CLK_CONF: usize = 0x6001_3054;
const COMMAND: usize = 0x6001_3058;

// CTR
const OPEN_DRAIN: u32 = 3; // SDA_FORCE_OUT, SCL_FORCE_OUT
const MASTER: u32 = 1 << 4;
const TRANS_START: u32 = 1 << 5;
const CLK_EN: u32 = 1 << 8;
const FSM_RST: u32 = 1 << 10;
const CONF_UPGATE: u32 = 1 << 11;
// FIFO_CONF
const RX_RST: u32 = 1 << 12;
const TX_RST: u32 = 1 << 13;
// INT_RAW
const TRANS_COMPLETE: u32 = 1 << 7;
/** Arbitration lost, time-out, NACK. */
const FAILURES: u32 = (1 << 5) | (1 << 8) | (1 << 10);
// Command list
const WRITE_CHECKED: u32 = (1 << 11) | (1 << 8); // a NACK ends it
const STOP: u32 = 2 << 11;
const RSTART: u32 = 6 << 11;

const CLOCK_GATE: usize = 0x600c_0018;
const BLOCK_RESET: usize = 0x600c_0020;
const I2C0: u32 = 1 << 7;

const SIGNAL_SCL: u32 = 89;
const SIGNAL_SDA: u32 = 90;

/** Half a period of 400 kHz in ticks of the 40 MHz crystal, and how much of it the controller waits for SCL to rise. */
const HALF: u32 = 50;
const RISE: u32 = HALF / 2 - 2;
/** Tenths of a microsecond of a byte and its acknowledge bit at 400 kHz, and of start and stop. */
const BYTE_TENTHS: u32 = 225;
const ENDS_TENTHS: u32 = 80;
/** A transaction that takes this many times as long is stuck. */
const PATIENCE: u32 = 8;

export const FIFO_BYTES: u32 = 32;

let queued: u32 = 0;
let started: u32 = 0;
/** What the transaction under way takes. */
export let transactionCycles: u32 = 0;

export const enum Bus {
  /** Still sending. */
  Busy,
  Done,
  /** Nobody acknowledged, or the lines are stuck. */
  Failed,
}

/** Sets up controller and pins. */
export function openBus(sda: u32, scl: u32): void {
  preparePin(sda);
  preparePin(scl);
  freeBus(sda, scl);
  setBits(CLOCK_GATE, 0, I2C0);
  setBits(BLOCK_RESET, 0, I2C0);
  setBits(BLOCK_RESET, I2C0, 0);
  write32(CTR, OPEN_DRAIN | MASTER | CLK_EN);
  write32(CLK_CONF, 1 << 21); // crystal, undivided
  write32(SCL_LOW, HALF - 1);
  write32(SCL_HIGH, (HALF - RISE - 1) | (RISE << 9));
  write32(SDA_HOLD, HALF / 4 - 1);
  write32(SDA_SAMPLE, HALF / 2 - 1);
  write32(START_HOLD, HALF - 1);
  write32(RSTART_SETUP, HALF - 1);
  write32(STOP_HOLD, HALF - 1);
  write32(STOP_SETUP, HALF - 1);
  write32(TO, (1 << 5) | 16); // 2^16 ticks: 1.6 ms
  write32(FILTER, 0x377);
  clearFifo();
  setBits(CTR, 0, CONF_UPGATE);
  route(scl, SIGNAL_SCL);
  route(sda, SIGNAL_SDA);
}

/** Puts a byte into the FIFO: the device's address first, at most FIFO_BYTES in all. */
export function put(byte: u32): void {
  write32(DATA, byte);
  queued++;
}

/** Starts the transaction of all bytes put. */
export function send(): void {
  write32(COMMAND, RSTART);
  write32(COMMAND + 4, WRITE_CHECKED | queued);
  write32(COMMAND + 8, STOP);
  write32(INT_CLR, 0x3_ffff);
  setBits(CTR, 0, CONF_UPGATE);
  setBits(CTR, 0, TRANS_START);
  transactionCycles = (queued * BYTE_TENTHS + ENDS_TENTHS) * clockMegahertz / 10;
  started = ccount();
  queued = 0;
}

/** How the transaction stands; worth asking when its cycles are over. */
export function poll(): Bus {
  const raised = read32(INT_RAW);
  if (raised & FAILURES) return Bus.Failed;
  if (raised & TRANS_COMPLETE) return Bus.Done;
  return ccount() - started > transactionCycles * PATIENCE ? Bus.Failed : Bus.Busy;
}

/** Lets go of the lines, for good. */
export function closeBus(): void {
  setBits(CTR, 0, FSM_RST);
  clearFifo();
}

function clearFifo(): void {
  setBits(FIFO_CONF, 0, RX_RST | TX_RST);
  setBits(FIFO_CONF, RX_RST | TX_RST, 0);
}

/** Open drain, high: pulled up only. */
function preparePin(pin: u32): void {
  setBits(GPIO + 0x74 + (pin << 2), 0, 1 << 2);
  drivePin(pin, 1);
}

/** Both directions of a signal of the controller to a pin. */
function route(pin: u32, signal: u32): void {
  write32(GPIO + 0x154 + (signal << 2), 0x80 | pin);
  connectOutput(pin, signal);
}

/** A reset in the middle of a byte leaves the device waiting for clocks, with SDA low: up to nine of them free the line. */
function freeBus(sda: u32, scl: u32): void {
  for (let pulse = 0; pulse < 9 && !readPin(sda); pulse++) {
    setPin(scl, 0);
    pause(5);
    setPin(scl, 1);
    pause(5);
  }
}
