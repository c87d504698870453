/** The random number word 0x6003507C (docs/esp32-s3.md D4), here a fixed sequence: a run must be repeatable. */

import { createRegisterBlock, type Peripheral } from './peripheral.ts';
import type { Warnings } from './warnings.ts';

const SEED = 0x2545f491;

export function createRandomWord(base: number, warnings: Warnings): Peripheral {
  let state = SEED;
  const block = createRegisterBlock({
    name: 'RNG',
    base,
    size: 0x1000,
    warnings,
    registers: {
      [0x07c]: {
        read() {
          // xorshift32 (Marsaglia 2003)
          state ^= state << 13;
          state ^= state >>> 17;
          state ^= state << 5;
          return state >>> 0;
        },
      },
    },
  });
  return {
    ...block,
    reset() {
      block.reset();
      state = SEED;
    },
  };
}
