/** Interrupt matrix (TRM chapter 9): 99 sources, each mapped to one of 32 lines of either core. */

import { createRegisterBlock, type Peripheral } from './peripheral.ts';
import type { Warnings } from './warnings.ts';

const SOURCES = 99;
const CORE_STRIDE = 0x800;
const STATUS = 0x18c;
/** Lines inside the core (timers, software, profiling): a source mapped there goes nowhere. */
const INTERNAL_LINES = (1 << 6) | (1 << 7) | (1 << 11) | (1 << 15) | (1 << 16) | (1 << 29);

export interface InterruptMatrix extends Peripheral {
  setSource(source: number, level: boolean): void;
}

export function createInterruptMatrix(
  base: number,
  warnings: Warnings,
  setLines: (core: number, lines: number) => void,
): InterruptMatrix {
  const levels = new Uint8Array(SOURCES);
  const lines = [0, 0];

  const update = () => {
    for (let core = 0; core < 2; core++) {
      let mask = 0;
      for (let source = 0; source < SOURCES; source++) {
        if (levels[source]) mask |= 1 << (block.get(core * CORE_STRIDE + 4 * source) & 31);
      }
      mask &= ~INTERNAL_LINES;
      if (mask !== lines[core]) setLines(core, (lines[core] = mask));
    }
  };
  const status = (word: number) => ({
    read() {
      let bits = 0;
      for (let i = 0; i < 32; i++) if (levels[32 * word + i]) bits |= 1 << i;
      return bits;
    },
  });

  const registers: Record<
    number,
    number | { reset?: number; read?(): number; write?(value: number): number }
  > = {};
  for (const core of [0, 1]) {
    for (let source = 0; source < SOURCES; source++) {
      const offset = core * CORE_STRIDE + 4 * source;
      registers[offset] = {
        reset: 16,
        write(value) {
          block.set(offset, value & 31);
          update();
          return value & 31;
        },
      };
    }
    for (let word = 0; word < 4; word++) registers[core * CORE_STRIDE + STATUS + 4 * word] = status(word);
  }
  const block = createRegisterBlock({
    name: 'INTERRUPT',
    base,
    size: 0x1000,
    warnings,
    registers,
    plain: [[0x19c, 0x1a0]],
  });

  return {
    ...block,
    setSource(source, level) {
      if (levels[source] === Number(level)) return;
      levels[source] = Number(level);
      update();
    },
    reset() {
      block.reset();
      levels.fill(0);
      update();
    },
  };
}
