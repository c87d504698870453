/**
 * When octal PSRAM is to be sampled at 80 or 120 MHz in both clock edges, and quad at 120 in one (docs/esp32-s3.md B6, after ESP-IDF's
 * mspi_timing_tuning): the way there and back is longer than a bit. A pattern written slowly is read under each delay setting, in the order of the
 * moment that it samples at. The middle of the settings that read right is taken, of octal at 120 the one that bears the fastest clock (overclock.ts).
 * Tried in simulation only.
 */
import { read32, write32 } from "./chip";
import { setBits } from "./clock";
import { psramMegahertz } from "./contract/config";
import { calibrationOf, readsWith, select, setInputs, settingCount, SPI1_CALIBRATION } from "./delays";
import { isQuad } from "./mspi";
import { steadiest } from "./overclock";

const SPI1_CLOCK: usize = 0x6000_2014;
const FLASH_CLOCK: usize = 0x6000_3014;
const CACHE_CONTROL: usize = 0x6000_3040;
const CALIBRATION: usize = 0x6000_30bc;
const CORE_CLOCK: usize = 0x6000_30ec;
const PADS: usize = 0x6000_33fc;

const CORE_80: u32 = 0;
const CORE_160: u32 = 2;
const CORE_240: u32 = 3;
/** The delay line has a clock. */
const DELAYS_ON: u32 = 1;
/** The strength of the clock pad as in bits 3:0, the strongest. */
const STRONG_CLOCK: u32 = 0x1f;

/** Of octal at 80 MHz and quad at 120 runs of fewer settings are luck, of more no window: something else is wrong then. */
const SHORTEST: i32 = 3;
const LONGEST: i32 = 5;
const LONGEST_QUAD: i32 = 4;
/** CACHE_SCTRL's dummy clocks of a read, less one; quad has six. */
const READ_DUMMIES: u32 = 0x3f << 6;
const QUAD_DUMMIES: u32 = 5;

/** First and last of the settings that read right, and the one that is used; -1 where there is none. */
export let firstGood: i32 = -1;
export let lastGood: i32 = -1;
export let chosen: i32 = -1;
/** The bus clock that it is for. */
export let tunedMegahertz: u32 = 0;

/**
 * Raises MSPI's core clock and finds the setting; false, with everything as it was, where there is none. PSRAM takes commands by SPI1, and the
 * pattern is there.
 */
export function tune(): bool {
  const flashClock = read32(FLASH_CLOCK);
  const commandClock = read32(SPI1_CLOCK);
  setBits(PADS, 0, STRONG_CLOCK);
  const isFound = (psramMegahertz == 120 && tuneFor(120, flashClock)) || (!isQuad() && tuneFor(80, flashClock));
  write32(SPI1_CALIBRATION, 0);
  write32(SPI1_CLOCK, commandClock);
  if (isFound) return true;
  write32(CALIBRATION, 0);
  setInputs(0, 0, 0);
  setBits(CORE_CLOCK, 3, CORE_80);
  write32(FLASH_CLOCK, flashClock);
  return false;
}

/** Sets a core clock of twice that bus clock, with flash as fast as before, and the setting for it; false where there is none. */
// @ts-ignore: decorator
@inline
function tuneFor(megahertz: u32, flashClock: u32): bool {
  write32(FLASH_CLOCK, slower(flashClock, megahertz / 40));
  setBits(CORE_CLOCK, 3, megahertz == 120 ? CORE_240 : CORE_160);
  write32(SPI1_CLOCK, dividedBy(2));
  write32(CALIBRATION, DELAYS_ON);
  sweep(megahertz);
  if (lastGood < 0) return false;
  chosen = megahertz == 120 && !isQuad() ? steadiest(firstGood, lastGood) : middle();
  if (chosen < 0) return false;
  const extra = select(megahertz, chosen);
  // The calibration register's dummy clocks do not count for quad (ESP-IDF).
  if (isQuad()) setBits(CACHE_CONTROL, READ_DUMMIES, (QUAD_DUMMIES + extra) << 6);
  else write32(CALIBRATION, DELAYS_ON | calibrationOf(extra));
  tunedMegahertz = megahertz;
  return true;
}

/** The longest run of settings that read right. */
// @ts-ignore: decorator
@inline
function sweep(megahertz: u32): void {
  firstGood = -1;
  lastGood = -1;
  let run = 0;
  for (let setting = 0; setting < settingCount(); setting++) {
    run = readsWith(megahertz, setting) ? run + 1 : 0;
    if (run <= (lastGood < 0 ? 0 : lastGood - firstGood + 1)) continue;
    lastGood = setting;
    firstGood = setting - run + 1;
  }
}

function middle(): i32 {
  const length = lastGood - firstGood + 1;
  if (length < SHORTEST || length > (isQuad() ? LONGEST_QUAD : LONGEST)) return -1;
  return lastGood - (isQuad() ? length / 2 : length > 4 ? 2 : 1);
}

/** The same bus clock from so many times the core clock. */
function slower(clock: u32, times: u32): u32 {
  return dividedBy(clock >> 31 ? times : times * (((clock >> 16) & 0xff) + 1));
}

function dividedBy(divider: u32): u32 {
  return ((divider - 1) << 16) | ((divider / 2 - 1) << 8) | (divider - 1);
}
