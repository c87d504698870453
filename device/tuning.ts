/**
 * When octal PSRAM is to be sampled at 80 MHz in both clock edges (docs/esp32-s3.md B6, after ESP-IDF's mspi_timing_tuning): the way there and back is
 * longer than a bit. A pattern written slowly is read under each delay setting, in the order of the moment that it samples at; the middle of
 * the settings that read right is taken. Tried in simulation only.
 */
import { read32, write32 } from "./chip";
import { setBits } from "./clock";
import { readWord, writeWord } from "./mspi";

const SPI1_CLOCK: usize = 0x6000_2014;
const SPI1_CALIBRATION: usize = 0x6000_20a8;
const FLASH_CLOCK: usize = 0x6000_3014;
const CALIBRATION: usize = 0x6000_30bc;
const INPUT_MODE: usize = 0x6000_30c0;
const INPUT_DELAY: usize = 0x6000_30c4;
const CORE_CLOCK: usize = 0x6000_30ec;
const PADS: usize = 0x6000_33fc;

const CORE_80: u32 = 0;
const CORE_160: u32 = 2;
/** The delay line has a clock. */
const DELAYS_ON: u32 = 1;
/** Extra dummy clocks count. */
const DUMMIES_ON: u32 = 2;
/** The strength of the clock pad as in bits 3:0, the strongest. */
const STRONG_CLOCK: u32 = 0x1f;

/** ESP-IDF's settings for a core clock of 160 MHz: mode and delay of the inputs, extra dummy clocks. */
const SETTINGS = memory.data<u8>([
  0, 0, 0, 4, 2, 2, 2, 1, 2, 4, 1, 2, 1, 0, 1, 4, 0, 2, 0, 0, 1, 4, 2, 3, 2, 1, 3, 4, 1, 3, 1, 0, 2, 4, 0, 3, 0, 0, 2, 4, 2, 4,
]);
const SETTING_COUNT: i32 = 14;
/** Runs of fewer settings are luck, of more no window: something else is wrong then. */
const SHORTEST: i32 = 3;
const LONGEST: i32 = 5;

const PATTERN: u32 = 0xa5ff_005a;
const WORDS: u32 = 16;

/** First and last of the settings that read right, and the one that is used; -1 where there is none. */
export let firstGood: i32 = -1;
export let lastGood: i32 = -1;
export let chosen: i32 = -1;

/** Doubles MSPI's core clock and finds the setting; false, with everything as it was, where there is none. PSRAM takes commands by SPI1. */
export function tune(): bool {
  for (let word: u32 = 0; word < WORDS; word++) writeWord(word << 2, PATTERN);
  const flashClock = read32(FLASH_CLOCK);
  const commandClock = read32(SPI1_CLOCK);
  setBits(PADS, 0, STRONG_CLOCK);
  write32(FLASH_CLOCK, slower(flashClock));
  setBits(CORE_CLOCK, 3, CORE_160);
  write32(SPI1_CLOCK, dividedBy(2));
  write32(CALIBRATION, DELAYS_ON);
  sweep();
  write32(SPI1_CALIBRATION, 0);
  write32(SPI1_CLOCK, commandClock);
  const length = lastGood - firstGood + 1;
  if (lastGood >= 0 && length >= SHORTEST && length <= LONGEST) {
    chosen = lastGood - (length > 4 ? 2 : 1);
    const dummies = select(chosen);
    write32(CALIBRATION, DELAYS_ON | (dummies ? DUMMIES_ON : 0) | (dummies << 2));
    return true;
  }
  write32(CALIBRATION, 0);
  write32(INPUT_MODE, 0);
  write32(INPUT_DELAY, 0);
  setBits(CORE_CLOCK, 3, CORE_80);
  write32(FLASH_CLOCK, flashClock);
  return false;
}

/** The longest run of settings that read right. */
function sweep(): void {
  let run = 0;
  for (let setting = 0; setting < SETTING_COUNT; setting++) {
    const dummies = select(setting);
    write32(SPI1_CALIBRATION, (dummies ? DUMMIES_ON : 0) | (dummies << 2));
    run = reads() ? run + 1 : 0;
    if (run <= (lastGood < 0 ? 0 : lastGood - firstGood + 1)) continue;
    lastGood = setting;
    firstGood = setting - run + 1;
  }
}

function reads(): bool {
  for (let word: u32 = 0; word < WORDS; word++) if (readWord(word << 2) != PATTERN) return false;
  return true;
}

/** Sets the delays of all nine inputs; returns the dummy clocks that go with them. */
function select(setting: i32): u32 {
  const at = SETTINGS + <usize>(3 * setting);
  const mode = <u32>load<u8>(at, 0);
  const delay = <u32>load<u8>(at, 1);
  write32(INPUT_MODE, mode * 0x124_9249);
  write32(INPUT_DELAY, delay * 0x1_5555);
  return load<u8>(at, 2);
}

/** The same bus clock from twice the core clock. */
function slower(clock: u32): u32 {
  return dividedBy(clock >> 31 ? 2 : 2 * (((clock >> 16) & 0xff) + 1));
}

function dividedBy(divider: u32): u32 {
  return ((divider - 1) << 16) | ((divider / 2 - 1) << 8) | (divider - 1);
}
