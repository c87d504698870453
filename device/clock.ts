/**
 * The CPU clock by registers alone (docs/esp32-s3.md C5, C9.7: ESP-IDF's rtc_clk.c and the mask ROM's regi2c routines): crystal/2 =
 * 20 MHz at hand-over, then the PLL at 480 MHz. Every wait has an end, because a chip that does not answer must still boot.
 */
import { ccount, read32, write32 } from "./chip";
import { clockMegahertz } from "./contract/config";

const RTC_OPTIONS0: usize = 0x6000_8000;
const SYSTEM_CPU_PER_CONF: usize = 0x600c_0010;
const SYSTEM_SYSCLK_CONF: usize = 0x600c_0060;
/** The analog bus master of the PLL and the voltage regulators: BUSY[25], WRITE[24], data, register, block. */
const ANALOG_BUS: usize = 0x6000_e000;
const ANALOG_STATE: usize = 0x6000_e040;
const ANALOG_BLOCKS: usize = 0x6000_e044;
const ANALOG_MODE: usize = 0x6000_e048;

const BUSY: u32 = 1 << 25;
const PLL_BLOCK: u32 = 0x66;
const VOLTAGE_BLOCK: u32 = 0x6d;
const PLL_GATE: u32 = 1 << 17;
const VOLTAGE_GATE: u32 = 1 << 14;
const CALIBRATION_HIGH: u32 = 1 << 2;
const CALIBRATION_LOW: u32 = 1 << 3;
const CALIBRATION_DONE: u32 = 1 << 24;

const BOOT_MEGAHERTZ: u32 = 20;
/** Of the PLL, except while tuning.ts tries how far a setting bears others. */
export const PLL_MEGAHERTZ: u32 = 480;
/** Polls of a flag before giving up: a millisecond or more at 20 MHz. */
const PATIENCE: u32 = 2000;

/** SYSTIMER: UPDATE[30] asks for the count, VALID[29] says that it is there; 16 MHz from the crystal. */
const SYSTIMER_OPERATION: usize = 0x6002_3004;
const SYSTIMER_LOW: usize = 0x6002_3044;
const SYSTIMER_MEGAHERTZ: u32 = 16;

/** Raises the clock to config.clockMegahertz. Watchdogs must be off: one counts the bus clock, which rises fourfold. */
export function raiseClock(): void {
  setBits(RTC_OPTIONS0, 0x540, 0); // power up the PLL and its bias
  setBits(SYSTEM_CPU_PER_CONF, 0, 1 << 2); // 480 MHz
  setBits(ANALOG_BLOCKS, PLL_GATE, 0);
  startPll(PLL_MEGAHERTZ);
  pause(10);
  endCalibration();
  raiseVoltage();
  divideToConfigured();
  setBits(SYSTEM_SYSCLK_CONF, 0xfff, 1 << 10); // PLL, pre-divider 1
}

/** The PLL's 480 MHz down to config.clockMegahertz. */
// @ts-ignore: decorator
@inline
export function divideToConfigured(): void {
  divideClock(clockMegahertz == 240 ? 2 : clockMegahertz == 160 ? 1 : 0);
}

/** The PLL by 6, 3 or 2: CPUPERIOD_SEL 0, 1 or 2. */
// @ts-ignore: decorator
@inline
export function divideClock(select: u32): void {
  setBits(SYSTEM_CPU_PER_CONF, 3, select);
}

/** Begins a calibration of the PLL of a 40 MHz crystal for 480 MHz, or for another multiple of 4 as ESP-IDF sets it for a while; waits until it is done. */
// @ts-ignore: decorator
@inline
export function startPll(megahertz: u32): void {
  const isUsual = megahertz == PLL_MEGAHERTZ;
  setBits(ANALOG_STATE, CALIBRATION_HIGH, CALIBRATION_LOW);
  setBits(ANALOG_MODE, 0x1_fff0, 0x1_ff40);
  // 40 MHz (divider + 4) / (reference divider + 1)
  writeAnalog(PLL_BLOCK, 4, 0x6b);
  writeAnalog(PLL_BLOCK, 2, isUsual ? 0x50 : 0x59);
  writeAnalog(PLL_BLOCK, 3, isUsual ? 8 : megahertz / 4 - 4);
  changeAnalog(PLL_BLOCK, 5, 0x77, 0);
  writeAnalog(PLL_BLOCK, 6, 0x73);
  changeAnalog(PLL_BLOCK, 9, 3, isUsual ? 3 : 2);
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if (read32(ANALOG_STATE) & CALIBRATION_DONE) break;
  }
}

// @ts-ignore: decorator
@inline
export function endCalibration(): void {
  setBits(ANALOG_STATE, CALIBRATION_LOW, CALIBRATION_HIGH);
}

/** 240 MHz needs a little more than the voltage after reset. */
function raiseVoltage(): void {
  const level: u32 = clockMegahertz == 240 ? 28 : 27;
  setBits(ANALOG_BLOCKS, VOLTAGE_GATE, 0);
  changeAnalog(VOLTAGE_BLOCK, 4, 0x1f, level);
  changeAnalog(VOLTAGE_BLOCK, 6, 0x1f, level);
  pause(40);
}

/** Cycles a microsecond as the crystal's timer sees them, or 0 where that timer does not answer. */
export function measureMegahertz(): u32 {
  const MICROSECONDS: u32 = 1000;
  const begin = readTimer();
  const start = ccount();
  let ticks: u32 = 0;
  let cycles: u32 = 0;
  while (ticks < MICROSECONDS * SYSTIMER_MEGAHERTZ) {
    const now = readTimer();
    cycles = ccount() - start;
    if (now < 0 || cycles > MICROSECONDS * <u32>clockMegahertz * 4) return 0;
    ticks = <u32>(now - begin);
  }
  return (cycles * SYSTIMER_MEGAHERTZ + ticks / 2) / ticks;
}

/** The low 32 bits of the timer, or -1 if it does not answer. */
function readTimer(): i64 {
  write32(SYSTIMER_OPERATION, 1 << 30);
  for (let tries: u32 = 0; tries < 100; tries++) {
    if (read32(SYSTIMER_OPERATION) & (1 << 29)) return <i64>read32(SYSTIMER_LOW);
  }
  return -1;
}

/** Busy wait at the clock of the boot ROM. */
function pause(microseconds: u32): void {
  const start = ccount();
  while (ccount() - start < microseconds * BOOT_MEGAHERTZ) {}
}

export function setBits(address: usize, clear: u32, set: u32): void {
  write32(address, (read32(address) & ~clear) | set);
}

export function writeAnalog(block: u32, register: u32, value: u32): void {
  waitForAnalogBus();
  write32(ANALOG_BUS, 0x0500_0000 | (value << 16) | (register << 8) | block);
  waitForAnalogBus();
}

export function changeAnalog(block: u32, register: u32, clear: u32, set: u32): void {
  waitForAnalogBus();
  write32(ANALOG_BUS, 0x0400_0000 | (register << 8) | block);
  waitForAnalogBus();
  const old = (read32(ANALOG_BUS) >> 16) & 0xff;
  writeAnalog(block, register, (old & ~clear) | set);
}

function waitForAnalogBus(): void {
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if (!(read32(ANALOG_BUS) & BUSY)) return;
  }
}
