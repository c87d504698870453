/**
 * Voltages by SAR ADC1 and the chip's temperature (TRM chapter 39; ESP-IDF adc_oneshot_hal.c, adc_cali_curve_fitting.c,
 * temperature_sensor_ll.h; docs/esp32-s3.md D8), calibrated by what the eFuse says of this chip. Every wait has an end.
 */
import { read32, write32 } from "./chip";
import { changeAnalog, setBits, writeAnalog } from "./clock";
import { pause, prepareAnalog } from "./gpio";

const SENS: usize = 0x6000_8800;
const READER1: usize = SENS;
const MEASURE: usize = SENS + 0x0c;
const MUX: usize = SENS + 0x10;
const ATTENUATION: usize = SENS + 0x14;
const POWER: usize = SENS + 0x3c;
const TEMPERATURE: usize = SENS + 0x50;
const TEMPERATURE2: usize = SENS + 0x54;
const CLOCK_GATE: usize = SENS + 0x104;

const ANALOG_POWER: usize = 0x6000_8034;
const ANALOG_BLOCKS: usize = 0x6000_e044;
const ANALOG_BLOCKS2: usize = 0x6000_e048;
const CONVERTER: u32 = 0x69;
/** Block 2 of the eFuse. */
const EFUSE: usize = 0x6000_705c;

const DONE: u32 = 1 << 16;
const START: u32 = 1 << 17;
/** Start and channel by software. */
const BY_SOFTWARE: u32 = (1 << 18) | (1 << 31);
const DUMP: u32 = 1 << 24;
const READY: u32 = 1 << 8;
/** Polls of a flag before giving up: a conversion takes some 20 microseconds. */
const PATIENCE: u32 = 2000;
const CALIBRATED: u32 = 1;

export const NO_READING: i32 = i32.MIN_VALUE;

/** Counts of a pin, GPIO1 to GPIO10, 0 to 4,095 for 0 to 3.1 V; NO_READING where the converter does not answer. */
export function countsOf(pin: u32): i32 {
  const channel = pin - 1;
  prepareAnalog(pin);
  openAnalog();
  setBits(CLOCK_GATE, 0, 1 << 30);
  setBits(POWER, 0, 3 << 29);
  setBits(READER1, (1 << 28) | 0xff, 1);
  setBits(ATTENUATION, 0, 3 << (channel << 1)); // 12 dB
  write32(MUX, 0);
  changeAnalog(CONVERTER, 2, 0x70, 4 << 4);
  if (isCalibrated()) setInitialCode(initialCode());
  const asked = BY_SOFTWARE | (1 << (19 + channel));
  write32(MEASURE, asked);
  write32(MEASURE, asked | START);
  const found = poll(MEASURE, DONE);
  setBits(POWER, 3 << 29, 0);
  return found & DONE ? <i32>(found & 0xffff) : NO_READING;
}

/** The voltage that counts stand for; NO_READING where the chip's eFuse does not tell. */
export function millivoltsOf(counts: i32): i32 {
  if (!isCalibrated()) return NO_READING;
  const slope: u64 = (65536 * 850) / (900 + efuse(225, 8));
  const line = (<u64>counts * slope) >> 16;
  let error: i64 = 0;
  let power = line;
  error -= <i64>((power * 644334888647536) / 10_000_000_000_000_000);
  power *= line;
  error += <i64>((power * 1297891447611) / 10_000_000_000_000_000);
  power *= line;
  error -= <i64>((power * 70769718) / 1_000_000_000_000_000);
  power *= line;
  error += <i64>((power * 13515) / 1_000_000_000_000_000);
  return <i32>(<i64>line - error);
}

/** The chip's temperature in tenths of a degree Celsius; NO_READING where the sensor does not answer. */
export function temperature(): i32 {
  openAnalog();
  changeAnalog(CONVERTER, 6, 15, 15); // -10 to 80 degrees
  setBits(CLOCK_GATE, 0, 1 << 29);
  setBits(TEMPERATURE, 0, 3 << 22);
  setBits(TEMPERATURE2, 0, 1 << 12);
  pause(300);
  setBits(TEMPERATURE, 0, DUMP);
  const found = poll(TEMPERATURE, READY);
  setBits(TEMPERATURE, DUMP | (3 << 22), 0);
  setBits(TEMPERATURE2, 1 << 12, 0);
  if (!(found & READY)) return NO_READING;
  const tenths = (<i32>(found & 0xff) * 4386 - 205_200) / 1000;
  if (!isCalibrated()) return tenths;
  const offset = efuse(132, 9);
  return tenths - (offset & 0x100 ? -<i32>(offset & 0xff) : <i32>offset);
}

/** Lets the analog bus reach converter and sensor. */
function openAnalog(): void {
  setBits(ANALOG_POWER, 0, 1 << 22);
  setBits(ANALOG_BLOCKS, 1 << 18, 0);
  setBits(ANALOG_BLOCKS2, 0, 1 << 16);
}

/** The register, as soon as the flag is up or patience is at its end. */
function poll(register: usize, flag: u32): u32 {
  let found = read32(register);
  for (let tries: u32 = 0; tries < PATIENCE && !(found & flag); tries++) found = read32(register);
  return found;
}

function isCalibrated(): bool {
  return efuse(128, 2) == CALIBRATED;
}

/** At 12 dB: what was burnt for the smaller attenuations adds up. */
function initialCode(): u32 {
  return 1850 + efuse(149, 8) + (90 + efuse(157, 6)) + efuse(163, 6) + (70 + efuse(169, 6));
}

function setInitialCode(code: u32): void {
  changeAnalog(CONVERTER, 1, 15, code >> 8);
  writeAnalog(CONVERTER, 0, code & 0xff);
}

/** Bits of block 2. */
function efuse(first: u32, bits: u32): u32 {
  const at = EFUSE + (<usize>(first >> 5) << 2);
  const words = <u64>read32(at) | (<u64>read32(at + 4) << 32);
  return <u32>(words >> (first & 31)) & ((1 << bits) - 1);
}
