/**
 * Where the cycles go: after every turn of a core (some hundred cycles), the time since the last look is put down to the function
 * in which the core is now.
 */
import type { Chip } from '../chip/soc/chip.ts';
import type { CodeRange } from './build.ts';
import { INSTRUCTION_ALIAS, SRAM0, SRAM1_END } from './memory.ts';

export interface ProfileRow {
  name: string;
  /** Cycles of core 0 and core 1. */
  cycles: [number, number];
}

export interface Profiler {
  /** To be called after each turn. */
  sample(chip: Chip): void;
  /** Forgets what was counted so far. */
  restart(chip: Chip): void;
  /** Functions by cycles, the most expensive first. */
  rows(): ProfileRow[];
}

const GRANULE_SHIFT = 2; // functions begin at words
const CODE_END = SRAM1_END + INSTRUCTION_ALIAS;
const ELSEWHERE = 'ROM and elsewhere';

export function createProfiler(code: readonly CodeRange[]): Profiler {
  const names = [ELSEWHERE, ...code.map(({ name }) => name)];
  const functionAt = new Uint16Array((CODE_END - SRAM0.start) >> GRANULE_SHIFT);
  code.forEach(({ address, bytes }, index) => {
    const first = (address - SRAM0.start) >> GRANULE_SHIFT;
    functionAt.fill(index + 1, first, ((address + bytes - 1 - SRAM0.start) >> GRANULE_SHIFT) + 1);
  });
  const counted = [new Float64Array(names.length), new Float64Array(names.length)];
  const last = [0, 0];

  const restart = ({ cores }: Chip): void => {
    cores.forEach((core, index) => {
      counted[index].fill(0);
      last[index] = core.cycles;
    });
  };
  const sample = ({ cores }: Chip): void => {
    for (let index = 0; index < 2; index++) {
      const core = cores[index];
      const elapsed = core.cycles - last[index];
      if (elapsed === 0) continue;
      last[index] = core.cycles;
      counted[index][functionAt[(core.state.pc - SRAM0.start) >> GRANULE_SHIFT] ?? 0] += elapsed;
    }
  };
  const rows = (): ProfileRow[] =>
    names
      .map((name, index): ProfileRow => ({ name, cycles: [counted[0][index], counted[1][index]] }))
      .filter(({ cycles }) => cycles[0] + cycles[1] > 0)
      .sort((a, b) => b.cycles[0] + b.cycles[1] - a.cycles[0] - a.cycles[1]);
  return { sample, restart, rows };
}
