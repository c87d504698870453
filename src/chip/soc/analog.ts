/**
 * The internal I2C bus to the analog blocks ("regi2c", docs/esp32-s3.md C5, C9.7): PLL, voltage regulators. Undocumented
 * by the TRM; the behaviour is what IDF's and the ROM's code rely on.
 */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext } from './context.ts';
import { createRegisterBlock, type Peripheral } from './peripheral.ts';
import { describePllFault } from './system.ts';
import { hex } from './warnings.ts';

const MASTER = 0x000; // blocks other than 0x62-0x64
const MASTER_RF = 0x004; // blocks 0x62, 0x63, 0x64
const ANA_CONF0 = 0x040;
const ANA_CONFIG = 0x044;
const ANA_CONFIG2 = 0x048;

const BUSY = 1 << 25;
const WRITE = 1 << 24;
const CAL_STOP_FORCE_HIGH = 1 << 2;
const CAL_STOP_FORCE_LOW = 1 << 3;
const CAL_DONE = 1 << 24;

const BBPLL = 0x66;
const OC_REF_DIV = 2;
const OC_DIV = 3;
const SARADC = 0x69;
/** The reference voltage's self-calibration, which IDF's rtc_init waits for: both parts of it are done whenever one looks. */
const ULP = 0x61;
const ULP_DONE = 3;
const ULP_DONE_FLAGS = 0x09;
/** Bit of ANA_CONFIG that keeps a block off the bus. */
const BLOCK_GATE: ReadonlyMap<number, number> = new Map([
  [0x61, 22],
  [0x62, 11],
  [0x63, 9],
  [0x64, 8],
  [0x65, 16],
  [0x66, 17],
  [0x67, 10],
  [0x68, 15],
  [0x69, 18],
  [0x6a, 13],
  [0x6b, 12],
  [0x6d, 14],
]);
/** One transfer of about 30 bits on a 10 MHz internal bus (assumed; nothing may count on it). */
const TRANSFER_TICKS = (3 * TICKS_PER_SECOND) / 1_000_000;
/** Calibration of the PLL; IDF polls for it without a figure (assumed). */
const CALIBRATION_TICKS = (20 * TICKS_PER_SECOND) / 1_000_000;

export interface AnalogBus extends Peripheral {
  /** A register of the block of ADC and temperature sensor. */
  saradcRegister(register: number): number;
  /** Why the BBPLL does not give 480 MHz, or undefined when it does. */
  pllProblem(): string | undefined;
  /** What it gives by its dividers once it was calibrated: the crystal's clock times (OC_DIV + 4) / (OC_REF_DIV + 1). */
  pllHertz(): number;
}

export function createAnalogBus(context: PeripheralContext, base: number): AnalogBus {
  const { clock, warnings } = context;
  const blocks = new Map<number, Uint8Array>();
  let busyUntil = 0;
  let calibration: Alarm | undefined;
  let calibrated = false;

  const registersOf = (id: number) => {
    const found = blocks.get(id) ?? new Uint8Array(256);
    blocks.set(id, found);
    return found;
  };

  const master = (offset: number) => ({
    read: (stored: number) => (clock.ticks < busyUntil ? stored | BUSY : stored & ~BUSY),
    write(value: number) {
      const id = value & 0xff;
      const register = (value >>> 8) & 0xff;
      busyUntil = clock.ticks + TRANSFER_TICKS;
      const gate = BLOCK_GATE.get(id);
      if (gate === undefined || (block.get(ANA_CONFIG) >>> gate) & 1) {
        warnings.once(
          `regi2c ${id}`,
          base + offset,
          `analog bus: block ${hex(id, 2)} is ${gate === undefined ? 'unknown' : `kept off the bus by bit ${gate} of 0x6000e044`}; the access has no effect`,
        );
        return value & ~0xff0000;
      }
      const registers = registersOf(id);
      if (value & WRITE) {
        registers[register] = value >>> 16;
        return value;
      }
      const done = id === ULP && register === ULP_DONE ? ULP_DONE_FLAGS : 0;
      return (value & ~0xff0000) | ((registers[register] | done) << 16);
    },
  });

  const startCalibration = () => {
    calibration?.cancel();
    calibration = clock.after(CALIBRATION_TICKS, () => {
      block.set(ANA_CONF0, block.get(ANA_CONF0) | CAL_DONE);
      calibrated = true;
    });
  };

  const block = createRegisterBlock({
    name: 'REGI2C',
    base,
    size: 0x1000,
    warnings,
    registers: {
      [MASTER]: master(MASTER),
      [MASTER_RF]: master(MASTER_RF),
      [ANA_CONF0]: {
        reset: CAL_STOP_FORCE_HIGH,
        write(value, stored) {
          const starts = (value & CAL_STOP_FORCE_LOW) !== 0 && (value & CAL_STOP_FORCE_HIGH) === 0;
          const running = (stored & CAL_STOP_FORCE_LOW) !== 0;
          if (starts && !running) {
            startCalibration();
            return value & ~CAL_DONE;
          }
          return (value & ~CAL_DONE) | (stored & CAL_DONE);
        },
      },
      [ANA_CONFIG]: 0x00ffff00, // every block off the bus, so that a missing step shows
      [ANA_CONFIG2]: 0x00000000,
    },
  });

  return {
    ...block,
    reset() {
      block.reset();
      calibration?.cancel();
      calibrated = false;
      blocks.clear();
    },
    saradcRegister: (register) => registersOf(SARADC)[register],
    pllProblem: () =>
      calibrated ? describePllFault(registersOf(BBPLL)) : 'the PLL was never calibrated (0x6000e040 bit 24)',
    pllHertz: () => {
      const registers = registersOf(BBPLL);
      if (!calibrated) return TICKS_PER_SECOND;
      return (CRYSTAL_HERTZ * (registers[OC_DIV] + 4)) / ((registers[OC_REF_DIV] & 0xf) + 1);
    },
  };
}
