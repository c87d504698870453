/**
 * Which of the settings that read octal PSRAM right at 120 MHz is to be trusted (ESP-IDF's mspi_timing_by_mspi_delay.c): the PLL's clock falls as the
 * chip warms, by 1 MHz of 120 in some 5 °C, so each setting is tried while the PLL runs slower and faster. Even so ESP-IDF calls 120 MHz experimental:
 * a chip that is 20 °C warmer or colder than at its start may read wrong.
 */
import { divideClock, divideToConfigured, endCalibration, PLL_MEGAHERTZ, startPll } from "./clock";
import { clockMegahertz } from "./contract/config";
import { readsWith } from "./delays";

const SLOWEST: u32 = 440;
const FASTEST: u32 = 600;
const STEP: u32 = 8;
/** A setting must bear the PLL at these, and all between. */
const LOW: u32 = 448;
const HIGH: u32 = 520;

/** The first of the settings from `first` to `last` that bears the fastest PLL; -1 where none bears enough. The CPU runs at a sixth of the PLL meanwhile. */
export function steadiest(first: i32, last: i32): i32 {
  let best: i32 = -1;
  let fastest: u32 = 0;
  divideClock(0);
  for (let setting = first; setting <= last; setting++) {
    const limit = limitOf(setting);
    if (limit < HIGH || limit <= fastest) continue;
    fastest = limit;
    best = setting;
  }
  runPll(PLL_MEGAHERTZ);
  divideToConfigured();
  return best;
}

/** The fastest PLL at which a setting reads right, in MHz; 0 where it does not at LOW already. */
function limitOf(setting: i32): u32 {
  let limit: u32 = 0;
  for (let megahertz = SLOWEST; megahertz <= FASTEST; megahertz += STEP) {
    runPll(megahertz);
    if (readsWith(120, setting)) limit = megahertz;
    else if (limit || megahertz >= LOW) break;
  }
  return limit;
}

function runPll(megahertz: u32): void {
  startPll(megahertz);
  endCalibration();
}
