/** Which pins a home may use. */
import { UsageError } from '../errors.ts';
import type { Value } from './home.ts';

/** Pins that are not there (22 to 25), or lead to flash and PSRAM (26 to 32). */
const TAKEN: readonly (readonly [first: number, last: number, why: string])[] = [
  [22, 25, 'the chip has no such pin'],
  [26, 32, 'flash and PSRAM are connected there'],
  [19, 20, 'USB is connected there'],
  [43, 44, 'the console is connected there'],
];
const LAST_PIN = 48;

export function checkPin(gpio: Value, where: string): number {
  if (typeof gpio !== 'number' || !Number.isInteger(gpio) || gpio < 0 || gpio > LAST_PIN)
    throw new UsageError(`${where}: "gpio" wants the number of a pin, 0 to ${LAST_PIN}`);
  const taken = TAKEN.find(([first, last]) => gpio >= first && gpio <= last);
  if (taken !== undefined) throw new UsageError(`${where}: GPIO ${gpio} cannot be used: ${taken[2]}`);
  return gpio;
}
