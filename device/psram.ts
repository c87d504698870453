/**
 * PSRAM behind the data cache (docs/esp32-s3.md B6, after ESP-IDF's esp_psram): the device is identified and set up over SPI1, then SPI0 learns
 * how the cache shall reach it. Octal runs at 80 MHz in both clock edges, or 120 where that is wanted, if tuning.ts finds the moment to sample at, else
 * at 40, where none is needed; quad at 80 in one edge, or 120 likewise. Tried in simulation only.
 */
import { read32, write32 } from "./chip";
import { setBits } from "./clock";
import { psramMegahertz, psramPages } from "./contract/config";
import { writePattern } from "./delays";
import { ask, isQuad, readWord, tell, writeWord } from "./mspi";
import { print, printNumber } from "./text";
import { chosen, firstGood, lastGood, tune, tunedMegahertz } from "./tuning";

// SPI1, by which a program sends commands (mspi.ts).
const SPI1: usize = 0x6000_2000;
const CONTROL: usize = SPI1 + 0x08;
const CLOCK: usize = SPI1 + 0x14;
const SELECT: usize = SPI1 + 0x34;
const DOUBLE_RATE: usize = SPI1 + 0xd4;

/** FDOUT, FDIN, FADDR and FCMD in eight lines. */
const EIGHT_LINES: u32 = 0b10_0111_0000;
/** FREAD_QIO, FASTRD_MODE and FCMD_QUAD: all in four lines. */
const FOUR_LINES: u32 = (1 << 24) | (1 << 13) | (1 << 8);
/** Chip select 0 off, 1 on. */
const PSRAM_SELECTED: u32 = 1;
/** 80 MHz divided by 4. */
const SLOW_CLOCK: u32 = (3 << 16) | (1 << 8) | 3;

// SPI0, the cache's way.
const CACHE_CONTROL: usize = 0x6000_3040;
const SRAM_COMMAND: usize = 0x6000_3044;
const READ_COMMAND: usize = 0x6000_3048;
const WRITE_COMMAND: usize = 0x6000_304c;
const SRAM_CLOCK: usize = 0x6000_3050;
const SRAM_TIMING: usize = 0x6000_30dc;
const SRAM_DOUBLE_RATE: usize = 0x6000_30e4;
const USER_COMMANDS: u32 = (1 << 20) | (1 << 5);
const DUMMIES: u32 = (1 << 4) | (1 << 3);
const DIVIDER_1: u32 = 0x8000_0000;
const DIVIDER_2: u32 = (1 << 16) | 1;

/** IO_MUX of GPIO n; MCU_SEL[14:12], FUN_DRV[11:10], FUN_IE[9]. */
const IO_MUX: usize = 0x6000_9004;
const CHIP_SELECT_PIN: usize = 26;
const FIRST_OCTAL_PIN: usize = 33; // SPIIO4...SPIIO7, then DQS
const LAST_OCTAL_PIN: usize = 37;
const OCTAL_FUNCTION: u32 = 4;
const STRONGEST: u32 = 3 << 10;
const INPUT: u32 = 1 << 9;

const PATTERN: u32 = 0x5a6b_7c8d;

/** Brings up the PSRAM that the image relies on; false if it does not answer as it should. */
export function startPsram(): bool {
  if (!psramPages) return true;
  setBits(IO_MUX + (CHIP_SELECT_PIN << 2), 0x7c00, STRONGEST);
  const select = read32(SELECT);
  const control = read32(CONTROL);
  const clock = read32(CLOCK);
  write32(SELECT, (select & ~3) | PSRAM_SELECTED);
  write32(CLOCK, SLOW_CLOCK);
  const present = isQuad() ? startQuad() : startOctal();
  write32(DOUBLE_RATE, 0);
  write32(CONTROL, control);
  write32(CLOCK, clock);
  write32(SELECT, select);
  return present;
}

function startOctal(): bool {
  for (let pin = FIRST_OCTAL_PIN; pin <= LAST_OCTAL_PIN; pin++) {
    setBits(IO_MUX + (pin << 2), 0x7c00, (OCTAL_FUNCTION << 12) | STRONGEST | INPUT);
  }
  write32(CONTROL, EIGHT_LINES);
  write32(DOUBLE_RATE, 3); // both edges, dummy length as given
  // Mode register 0: fixed latency of 10 clocks, strongest drive.
  const mode = ask(0x4040, 16, 0, 32, 8, 16);
  tell(0xc0c0, 16, 0, 32, 0, (mode & ~0x3f) | 0x28, 16);
  writeWord(0, PATTERN);
  if (readWord(0, 0) != PATTERN) return false;

  write32(READ_COMMAND, (15 << 28) | 0x0000);
  write32(WRITE_COMMAND, (15 << 28) | 0x8080);
  write32(CACHE_CONTROL, USER_COMMANDS | DUMMIES | 1 | (31 << 14) | (17 << 6) | (7 << 22) | (1 << 21));
  write32(SRAM_DOUBLE_RATE, 3);
  write32(SRAM_COMMAND, 0b11111 << 18);
  write32(SRAM_TIMING, 3 | (3 << 2) | (3 << 7) | (2 << 25));
  // Of 240 or 160 MHz where there is a delay to sample with, else of 80.
  if (psramMegahertz > untunedMegahertz()) {
    writePattern();
    tune();
  }
  write32(SRAM_CLOCK, DIVIDER_2);
  return true;
}

/** What needs no tuning. */
// @ts-ignore: decorator
@inline
function untunedMegahertz(): i32 {
  return isQuad() ? min(psramMegahertz, 80) : 40;
}

/** Says how fast the PSRAM is, and how that came about. */
export function printPsram(): void {
  if (!psramPages) return;
  const isTuned = chosen >= 0;
  print("PSRAM clock ");
  printNumber(isTuned ? tunedMegahertz : untunedMegahertz());
  print(" MHz");
  if (isTuned) {
    print(", delay ");
    printNumber(chosen);
    print(" of ");
    printNumber(firstGood);
    print(" to ");
    printNumber(lastGood);
    if (psramMegahertz == 120 && tunedMegahertz < 120) print(": no delay setting bears 120");
  } else if (psramMegahertz > untunedMegahertz()) {
    print(isQuad() ? ": no delay setting reads right at 120" : ": no delay setting reads right at 80");
  }
  print("\n");
}

function startQuad(): bool {
  write32(DOUBLE_RATE, 0);
  // Before a reset that left it its power it took four lines.
  write32(CONTROL, FOUR_LINES);
  tell(0xf5, 8, 0, 0, 0, 0, 0);
  write32(CONTROL, 0);
  tell(0x66, 8, 0, 0, 0, 0, 0); // reset enable, reset
  tell(0x99, 8, 0, 0, 0, 0, 0);
  writeWord(0, PATTERN);
  if (ask(0x03, 8, 0, 24, 0, 32) != PATTERN) return false;
  const isFast = psramMegahertz > untunedMegahertz();
  if (isFast) writePattern();
  tell(0x35, 8, 0, 0, 0, 0, 0); // four lines from here on

  write32(READ_COMMAND, (7 << 28) | 0xeb);
  write32(WRITE_COMMAND, (7 << 28) | 0x38);
  write32(CACHE_CONTROL, USER_COMMANDS | (1 << 4) | (23 << 14) | (5 << 6) | (1 << 2));
  write32(SRAM_TIMING, 3);
  write32(CONTROL, FOUR_LINES);
  // 120 of 240 MHz where there is a delay to sample with, else 80 or 40 of 80.
  const isTuned = isFast && tune();
  write32(SRAM_CLOCK, isTuned || psramMegahertz == 40 ? DIVIDER_2 : DIVIDER_1);
  return true;
}
