/** SENS: SAR ADC1 as software starts it once, and the temperature sensor (TRM chapter 39; ESP-IDF sens_reg.h, adc_ll.h; docs/esp32-s3.md D8). */

import { countsAt, INITIAL_CODE, MOST_COUNTS } from './adc-curve.ts';
import { TICKS_PER_SECOND } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import { createRegisterBlock, type Peripheral } from './peripheral.ts';

const MEAS1_CTRL2 = 0x0c;
const MEAS1_MUX = 0x10;
const ATTEN1 = 0x14;
const POWER_XPD_SAR = 0x3c;
const SLAVE_ADDR1 = 0x40;
const TSENS_CTRL = 0x50;
const TSENS_CTRL2 = 0x54;
const PERI_CLK_GATE = 0x104;
const PERI_RESET = 0x108;

// MEAS1_CTRL2
const DATA = 0xffff;
const DONE = 1 << 16;
const START = 1 << 17;
/** Start and channels are software's. */
const FORCED = (1 << 18) | (1 << 31);
const PADS = 19;
const ALL_PADS = 0xfff;
const DIGITAL = 1 << 31;
const ATTENUATION_12DB = 3;

const ADC_CLOCK = 1 << 30;
const TSENS_CLOCK = 1 << 29;
/** A conversion takes some 20 microseconds (assumed; drivers wait for DONE). */
const CONVERSION_TICKS = (20 * TICKS_PER_SECOND) / 1_000_000;

// TSENS_CTRL
const OUT = 0xff;
const READY = 1 << 8;
/** Power up, by software, and dump out. */
const MEASURES = (1 << 22) | (1 << 23) | (1 << 24);
/** TSENS_DAC (block 0x69, register 6) that makes T = 0.4386 * counts - 20.52. */
const MIDDLE_RANGE = 15;

export interface Sens extends Peripheral {
  /** How warm the chip is, in degrees Celsius. */
  celsius: number;
}

export interface SensOptions {
  readonly base: number;
  /** What a pin of ADC1 carries: GPIO `channel + 1`. */
  millivolts(channel: number): number;
  /** A register of the analog block of converter and sensor (regi2c 0x69). */
  analogRegister(register: number): number;
}

export const ROOM_CELSIUS = 25;

export function createSens(context: PeripheralContext, options: SensOptions): Sens {
  const { clock, warnings } = context;
  let celsius = ROOM_CELSIUS;
  let doneAt = Number.POSITIVE_INFINITY;

  const fault = (value: number): string | undefined => {
    const pads = (value >>> PADS) & ALL_PADS;
    if ((value & FORCED) >>> 0 !== FORCED >>> 0) return 'start or channels are not forced by software';
    if (block.get(MEAS1_MUX) & DIGITAL) return 'the digital controller has it';
    if (!(block.get(PERI_CLK_GATE) & ADC_CLOCK)) return 'its clock is off (SENS_SAR_PERI_CLK_GATE_CONF)';
    if (pads === 0 || pads & (pads - 1)) return 'not just one channel is enabled';
    const channel = 31 - Math.clz32(pads);
    if (((block.get(ATTEN1) >>> (2 * channel)) & 3) !== ATTENUATION_12DB)
      return 'only an attenuation of 12 dB is modelled';
    return undefined;
  };
  const convert = (value: number): number => {
    const channel = 31 - Math.clz32((value >>> PADS) & ALL_PADS);
    // The initial code sets where the counts begin.
    const code = ((options.analogRegister(1) & 15) << 8) | options.analogRegister(0);
    const counts = countsAt(options.millivolts(channel)) + code - INITIAL_CODE;
    return Math.min(Math.max(counts, 0), MOST_COUNTS);
  };

  const block = createRegisterBlock({
    name: 'SENS',
    base: options.base,
    size: 0x400,
    warnings,
    registers: {
      [0x00]: 0x20040002, // READER1_CTRL
      [MEAS1_CTRL2]: {
        read: (stored) => (clock.ticks >= doneAt ? stored | DONE | convert(stored) : stored),
        write(value, stored) {
          const wanted = value & ~(DONE | DATA);
          if (value & START && !(stored & START)) {
            const problem = fault(value);
            if (problem)
              warnings.once(
                `adc ${problem}`,
                options.base + MEAS1_CTRL2,
                `SAR ADC1 was started, but ${problem}: it never ends`,
              );
            doneAt = problem ? Number.POSITIVE_INFINITY : clock.ticks + CONVERSION_TICKS;
          } else if (!(value & START)) doneAt = Number.POSITIVE_INFINITY;
          return wanted;
        },
      },
      [MEAS1_MUX]: 0,
      [ATTEN1]: 0xffffffff,
      [POWER_XPD_SAR]: 0,
      [SLAVE_ADDR1]: 0, // MEAS_STATUS in [29:22]: nothing runs
      [TSENS_CTRL]: {
        reset: (6 << 14) | (1 << 12), // CLK_DIV, INT_EN
        read(stored) {
          if ((stored & MEASURES) !== MEASURES || !(block.get(PERI_CLK_GATE) & TSENS_CLOCK)) return stored;
          const range = options.analogRegister(6) & 15;
          if (range !== MIDDLE_RANGE)
            warnings.once(
              'tsens range',
              options.base + TSENS_CTRL,
              `the temperature sensor's range is ${range}; only the middle one (15) is modelled`,
            );
          const counts = Math.round((celsius + 20.52) / 0.4386);
          return stored | READY | Math.min(Math.max(counts, 0), OUT);
        },
        // Dumping out ends, and what it found stays.
        write(value, stored) {
          const ends = (stored & MEASURES) === MEASURES && (value & MEASURES) !== MEASURES;
          return (value & ~(READY | OUT)) | (ends ? block.read(TSENS_CTRL) & OUT : stored & OUT);
        },
      },
      [TSENS_CTRL2]: (1 << 14) | 2, // CLK_INV, XPD_WAIT
      [PERI_CLK_GATE]: 0,
      [PERI_RESET]: 0,
    },
  });

  return {
    ...block,
    reset() {
      block.reset();
      doneAt = Number.POSITIVE_INFINITY;
    },
    get celsius() {
      return celsius;
    },
    set celsius(value) {
      celsius = value;
    },
  };
}
