/** Pins by GPIO, its matrix and IO_MUX (TRM chapter 6; docs/esp32-s3.md D3, D4). */
import { ccount, read32, write32 } from "./chip";
import { clockMegahertz } from "./contract/config";

export const GPIO: usize = 0x6000_4000;
const GPIO_IN: usize = GPIO + 0x3c;
const IO_MUX: usize = 0x6000_9004;
const SIGNAL_PLAIN: u32 = 256;
const SIG_IN_SEL: u32 = 1 << 7;

/** GPIO function, 20 mA. */
const PLAIN: u32 = (1 << 12) | (2 << 10);
/** Input on, pulled up. */
const PULLED_INPUT: u32 = (1 << 9) | (1 << 8);

/** An output of the plain kind, at a level. */
export function drivePin(pin: u32, level: u32): void {
  prepareInput(pin);
  setPin(pin, level);
  connectOutput(pin, SIGNAL_PLAIN);
  enable(pin);
}

/** An output that a peripheral's signal has. */
export function givePin(pin: u32, signal: u32): void {
  prepareInput(pin);
  connectOutput(pin, signal);
  enable(pin);
}

/** A pin whose level is read; one that is driven stays so. */
export function prepareInput(pin: u32): void {
  write32(IO_MUX + (pin << 2), PLAIN | PULLED_INPUT);
}

/** A pin that floats, for the converter. */
export function prepareAnalog(pin: u32): void {
  write32(IO_MUX + (pin << 2), PLAIN);
  write32(GPIO + (pin < 32 ? 0x28 : 0x34), 1 << (pin & 31));
  connectOutput(pin, SIGNAL_PLAIN);
}

/** FUNCn_OUT_SEL. */
export function connectOutput(pin: u32, signal: u32): void {
  write32(GPIO + 0x554 + (pin << 2), signal);
}

/** ENABLE_W1TS of the pin's bank. */
function enable(pin: u32): void {
  write32(GPIO + (pin < 32 ? 0x24 : 0x30), 1 << (pin & 31));
}

/** OUT_W1TS or OUT_W1TC of the pin's bank. */
export function setPin(pin: u32, level: u32): void {
  write32(GPIO + (pin < 32 ? 0x08 : 0x14) + (level ? 0 : 4), 1 << (pin & 31));
}

export function readPin(pin: u32): u32 {
  return (read32(GPIO_IN + (pin < 32 ? 0 : 4)) >> (pin & 31)) & 1;
}

/** Busy wait at the clock of the image. */
export function pause(microseconds: u32): void {
  const start = ccount();
  while (ccount() - start < microseconds * clockMegahertz) {}
}

/** FUNC_IN_SEL of a signal: it comes from a pin. */
export function feedInput(signal: u32, pin: u32): void {
  write32(GPIO + 0x154 + (signal << 2), SIG_IN_SEL | pin);
}
