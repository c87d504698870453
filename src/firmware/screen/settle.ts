/** A screen is slower than the story on it: bytes go over I2C, and long lines scroll in. */
import type { Chip } from '../../chip/soc/index.ts';

/** Seconds of simulated time: how long a screen must not have changed, and when waiting for that ends. */
const QUIET = 0.03;
const LONGEST = 5;

/** Lets simulated time pass until the board's screen has shown all that it was given; a step is 3 ms of it. */
export function* settlingScreen(chip: Chip): Generator<void, void> {
  const end = chip.seconds + LONGEST;
  let bytes = -1;
  while (chip.screen && chip.screen.dataBytes !== bytes && chip.seconds < end) {
    bytes = chip.screen.dataBytes;
    const until = chip.seconds + QUIET;
    while (chip.seconds < until) {
      chip.run({ untilSeconds: Math.min(until, chip.seconds + QUIET / 10) });
      yield;
    }
  }
}
