/** What a program has made of a board's pins. */
import type { Chip } from './chip.ts';
import { PIN_COUNT } from './gpio.ts';

/** An output: its level, or pulses: percent of the time that it is high. */
export type PinState =
  | { readonly gpio: number; readonly level: 0 | 1 }
  | { readonly gpio: number; readonly pwm: number; readonly hertz: number };

/** All pins that the program drives, without those of the board's screen. */
export function pinStates({ board, peripherals: { gpio } }: Chip): PinState[] {
  const screen = [board.screen?.power?.pin, board.screen?.reset];
  return Array.from({ length: PIN_COUNT }, (_, pin) => pin).flatMap((pin): PinState[] => {
    if (screen.includes(pin)) return [];
    const pwm = gpio.pwm(pin);
    if (pwm) return [{ gpio: pin, pwm: Math.round(1000 * pwm.duty) / 10, hertz: Math.round(pwm.hertz) }];
    const level = gpio.driven(pin);
    return level === undefined ? [] : [{ gpio: pin, level: level ? 1 : 0 }];
  });
}
