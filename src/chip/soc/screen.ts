/** Puts the board's screen on the I2C bus and its supply and reset pins. */

import type { Board } from '../boards/index.ts';
import type { Gpio } from './gpio.ts';
import type { I2cController } from './i2c.ts';
import { createScreen, type Screen } from './ssd1306.ts';

export function createBoardScreen(
  board: Board,
  gpio: Gpio,
  buses: readonly I2cController[],
): Screen | undefined {
  const wiring = board.screen;
  if (!wiring) return undefined;
  const screen = createScreen(wiring);
  for (const bus of buses) bus.attach(screen);
  const { power, reset } = wiring;
  const update = () => {
    const supplied = power === undefined || gpio.driven(power.pin) === (power.on === 1);
    const released = reset === undefined || gpio.driven(reset) !== false; // pulled up on the module
    screen.setPower(supplied && released);
  };
  gpio.onChange(update);
  update();
  return screen;
}
