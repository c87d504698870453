/** GPIO with its matrix, and IO_MUX (TRM chapter 6; docs/esp32-s3.md D3, D4): pin levels and who drives them. */

import type { PeripheralContext } from './context.ts';
import { LEDC_CHANNELS, LEDC_SIGNAL0, type Ledc, type Pwm } from './ledc.ts';
import { createRegisterBlock, type Peripheral, type RegisterHooks } from './peripheral.ts';

export const PIN_COUNT = 49;
/** Selector of FUNCn_OUT_SEL for the plain output register. */
const PLAIN_OUTPUT = 256;

const PIN0 = 0x74;
const FUNC_IN_SEL0 = 0x154;
const FUNC_OUT_SEL0 = 0x554;
const STRAP = 0x38;

/** Supply of the pins, and the voltage from which one reads high (data sheet: 0.75 of the supply surely does, 0.25 surely does not). */
const HIGH_MILLIVOLTS = 3300;
const THRESHOLD_MILLIVOLTS = HIGH_MILLIVOLTS / 2;

/** Registers that exist for pins 0-31 and 32-48: value, set, clear. */
const BANKS = [
  { out: 0x04, enable: 0x20, input: 0x3c, first: 0 },
  { out: 0x10, enable: 0x2c, input: 0x40, first: 32 },
] as const;

export interface Gpio extends Peripheral {
  /** Level on a pin: driven, given from outside, or pulled up. */
  level(pin: number): boolean;
  /** Level that the chip drives, undefined when the pin is not an output. */
  driven(pin: number): boolean | undefined;
  /** Drives a pin from outside, by a level or by millivolts; undefined lets go. */
  drive(pin: number, level: boolean | number | undefined): void;
  /** What a converter finds on a pin; 0 where nobody drives it. */
  millivolts(pin: number): number;
  /** The pulses that LEDC puts out on a pin. */
  pwm(pin: number): Pwm | undefined;
  onChange(listener: () => void): void;
  /** Value of GPIO_STRAP, latched at reset. */
  strap: number;
  /** Why a peripheral's output does not reach a pin, or undefined when it does. */
  outputFault(pin: number, signal: number): string | undefined;
  /** Why a pin does not reach a peripheral's input, or undefined when it does. */
  inputFault(pin: number, signal: number): string | undefined;
  /** Why a peripheral signal does not reach a pin in both directions, or undefined when it does. */
  routingFault(pin: number, signal: number): string | undefined;
}

export function createGpio(context: PeripheralContext, base: number, ioMux: Peripheral, ledc: Ledc): Gpio {
  /** Millivolts. */
  const outside: (number | undefined)[] = new Array(PIN_COUNT).fill(undefined);
  const listeners: (() => void)[] = [];
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const pads = () => Array.from({ length: PIN_COUNT }, (_, pin) => pin);

  const registers: Record<number, number | RegisterHooks> = { [STRAP]: { read: () => gpio.strap } };
  const storeAndTell = (target: number, combine: (old: number, value: number) => number): RegisterHooks => ({
    write(value) {
      block.set(target, combine(block.get(target), value) >>> 0);
      changed();
      return 0;
    },
  });
  for (const { out, enable, input, first } of BANKS) {
    for (const at of [out, enable]) {
      registers[at] = {
        write(value) {
          block.set(at, value);
          changed();
        },
      };
      registers[at + 4] = storeAndTell(at, (old, value) => old | value);
      registers[at + 8] = storeAndTell(at, (old, value) => old & ~value);
    }
    registers[input] = {
      read: () =>
        pads()
          .slice(first, first + 32)
          .reduce((word, pin) => (gpio.level(pin) ? word | (1 << (pin - first)) : word), 0),
    };
  }
  for (const pin of pads()) registers[FUNC_OUT_SEL0 + 4 * pin] = PLAIN_OUTPUT;

  const block = createRegisterBlock({
    name: 'GPIO',
    base,
    size: 0x1000,
    warnings: context.warnings,
    plain: [
      [0x00, 0x154],
      [FUNC_IN_SEL0, FUNC_IN_SEL0 + 4 * 256],
      [FUNC_OUT_SEL0, FUNC_OUT_SEL0 + 4 * PIN_COUNT],
      [0x62c, 0x630], // CLOCK_GATE
    ],
    registers,
  });

  const bit = (offset: (bank: (typeof BANKS)[number]) => number, pin: number) =>
    ((block.get(offset(BANKS[pin >> 5])) >>> (pin & 31)) & 1) === 1;

  const signalOf = (pin: number) => block.get(FUNC_OUT_SEL0 + 4 * pin) & 0x1ff;
  /** The channel of LEDC that has a pin. */
  const channelOf = (pin: number): number | undefined => {
    const channel = signalOf(pin) - LEDC_SIGNAL0;
    return channel >= 0 && channel < LEDC_CHANNELS ? channel : undefined;
  };

  const gpio: Gpio = {
    ...block,
    strap: 0x8,
    reset() {
      block.reset();
      changed();
    },
    driven(pin) {
      const channel = channelOf(pin);
      if (channel !== undefined) return ledc.level(channel);
      if (signalOf(pin) !== PLAIN_OUTPUT || !bit((bank) => bank.enable, pin)) return undefined;
      const high = bit((bank) => bank.out, pin);
      const openDrain = (block.get(PIN0 + 4 * pin) & 4) !== 0;
      return high && openDrain ? undefined : high;
    },
    level: (pin) => gpio.driven(pin) ?? (outside[pin] ?? HIGH_MILLIVOLTS) >= THRESHOLD_MILLIVOLTS,
    millivolts(pin) {
      const level = gpio.driven(pin);
      return level === undefined ? (outside[pin] ?? 0) : Number(level) * HIGH_MILLIVOLTS;
    },
    pwm(pin) {
      const channel = channelOf(pin);
      return channel === undefined ? undefined : ledc.pwm(channel);
    },
    drive(pin, level) {
      outside[pin] = typeof level === 'boolean' ? Number(level) * HIGH_MILLIVOLTS : level;
      changed();
    },
    onChange: (listener) => void listeners.push(listener),
    outputFault: (pin, signal) =>
      signalOf(pin) === signal ? muxFault(ioMux, pin) : `FUNC${pin}_OUT_SEL is not ${signal}`,
    inputFault(pin, signal) {
      const inSelect = block.get(FUNC_IN_SEL0 + 4 * signal);
      const fault = muxFault(ioMux, pin);
      if (fault) return fault;
      if (!(ioMux.read(4 + 4 * pin) & (1 << 9))) return `the input of GPIO${pin} is off (IO_MUX FUN_IE)`;
      if ((inSelect & 0x3f) !== pin || !(inSelect & 0x80))
        return `FUNC_IN_SEL of signal ${signal} is not GPIO${pin}`;
      return undefined;
    },
    routingFault: (pin, signal) => gpio.outputFault(pin, signal) ?? gpio.inputFault(pin, signal),
  };
  return gpio;
}

/** Why IO_MUX keeps a pin from the matrix, or undefined when it does not. */
const muxFault = (ioMux: Peripheral, pin: number): string | undefined =>
  ((ioMux.read(4 + 4 * pin) >>> 12) & 7) === 1
    ? undefined
    : `IO_MUX of GPIO${pin} does not select the GPIO function (MCU_SEL = 1)`;

/** IO_MUX: plain registers with the reset value of an unused pin. */
export function createIoMux(context: PeripheralContext, base: number): Peripheral {
  const registers: Record<number, number> = {};
  for (let pin = 0; pin < PIN_COUNT; pin++) registers[4 + 4 * pin] = 0x00000b00;
  return createRegisterBlock({
    name: 'IO_MUX',
    base,
    size: 0x1000,
    warnings: context.warnings,
    plain: [[0x00, 0x100]],
    registers,
  });
}
