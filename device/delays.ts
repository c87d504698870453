/**
 * ESP-IDF's delay settings for PSRAM, octal above 40 MHz and quad above 80 (docs/esp32-s3.md B6), and whether a pattern is read right with one,
 * by SPI1.
 */
import { write32 } from "./chip";
import { isQuad, readWord, writeWord } from "./mspi";

export const SPI1_CALIBRATION: usize = 0x6000_20a8;
const INPUT_MODE: usize = 0x6000_30c0;
const INPUT_DELAY: usize = 0x6000_30c4;

/** Extra dummy clocks count. */
const DUMMIES_ON: u32 = 2;

/** For a core clock of 160 MHz: mode and delay of the inputs, extra dummy clocks. */
const SETTINGS = memory.data<u8>([
  0, 0, 0, 4, 2, 2, 2, 1, 2, 4, 1, 2, 1, 0, 1, 4, 0, 2, 0, 0, 1, 4, 2, 3, 2, 1, 3, 4, 1, 3, 1, 0, 2, 4, 0, 3, 0, 0, 2, 4, 2, 4,
]);

// @ts-ignore: decorator
@inline
export function settingCount(): i32 {
  return isQuad() ? 12 : 14;
}

const PATTERN: u32 = 0xa5ff_005a;
const WORDS: u32 = 16;

/** Writes what is to be read. */
export function writePattern(): void {
  for (let word: u32 = 0; word < WORDS; word++) writeWord(word << 2, PATTERN);
}

/** Whether it is, with a setting for this bus clock. */
// @ts-ignore: decorator
@inline
export function readsWith(megahertz: u32, setting: i32): bool {
  const extra = select(megahertz, setting);
  if (!isQuad()) write32(SPI1_CALIBRATION, calibrationOf(extra));
  return reads(extra);
}

function reads(extra: u32): bool {
  for (let word: u32 = 0; word < WORDS; word++) if (readWord(word << 2, extra) != PATTERN) return false;
  return true;
}

/** Extra dummy clocks as a calibration register has them. */
export function calibrationOf(extra: u32): u32 {
  return extra ? DUMMIES_ON | (extra << 2) : 0;
}

/** Sets the delays of all nine inputs; returns the extra dummy clocks that go with them. */
// @ts-ignore: decorator
@inline
export function select(megahertz: u32, setting: i32): u32 {
  if (isQuad()) return selectForQuad(setting);
  return megahertz == 120 ? selectFor120(setting) : selectFor80(setting);
}

function selectFor80(setting: i32): u32 {
  const at = SETTINGS + <usize>(3 * setting);
  return setInputs(load<u8>(at, 0), load<u8>(at, 1), load<u8>(at, 2));
}

/** Of the settings for a core clock of 240 MHz every fourth has one dummy clock more and is the same otherwise. */
function selectFor120(setting: i32): u32 {
  const dummies = <u32>setting >> 2;
  if ((setting & 3) == 0) return setInputs(0, 0, dummies);
  if ((setting & 3) == 1) return setInputs(4, 1, dummies + 2);
  if ((setting & 3) == 2) return setInputs(1, 0, dummies + 1);
  return setInputs(4, 0, dummies + 2);
}

/** The same for one clock edge, 120 MHz. */
function selectForQuad(setting: i32): u32 {
  const dummies = <u32>setting >> 2;
  if ((setting & 3) == 0) return setInputs(1, 0, dummies);
  if ((setting & 3) == 1) return setInputs(0, 0, dummies);
  if ((setting & 3) == 2) return setInputs(1, 1, dummies + 1);
  return setInputs(2, 3, dummies + 2);
}

/** The same delay for each input. */
export function setInputs(mode: u32, delay: u32, dummies: u32): u32 {
  write32(INPUT_MODE, mode * 0x124_9249);
  write32(INPUT_DELAY, delay * 0x1_5555);
  return dummies;
}
