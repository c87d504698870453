/**
 * Where the cycles go: passes spread over the story are stepped instruction by instruction, each instruction's cycles put down to
 * its function, and the sum is scaled to the whole story.
 */
import type { Chip } from '../chip/soc/index.ts';
import type { CodeRange } from './build.ts';
import { INSTRUCTION_ALIAS, SRAM0, SRAM1_END } from './memory.ts';

export interface ProfileRow {
  name: string;
  /** Cycles of core 0 and core 1. */
  cycles: [number, number];
}

export interface Profiler {
  /** Steps through one whole pass; `passes` says how many are done, undefined when the story is over. */
  pass(chip: Chip, passes: () => number | undefined): void;
  /** Instructions stepped so far. */
  readonly stepped: number;
  /** Functions by cycles, the most expensive first, scaled so that core 0 has spent `total` cycles. */
  rows(total: number): ProfileRow[];
}

const GRANULE_SHIFT = 2; // functions begin at words
const CODE_END = SRAM1_END + INSTRUCTION_ALIAS;
const ELSEWHERE = 'ROM and elsewhere';
/** Instructions between looks at the count of passes and at the peripherals' alarms. */
const STRIDE = 32;

export function createProfiler(code: readonly CodeRange[]): Profiler {
  const names = [ELSEWHERE, ...code.map(({ name }) => name)];
  const functionAt = new Uint16Array((CODE_END - SRAM0.start) >> GRANULE_SHIFT);
  code.forEach(({ address, bytes }, index) => {
    const first = (address - SRAM0.start) >> GRANULE_SHIFT;
    functionAt.fill(index + 1, first, ((address + bytes - 1 - SRAM0.start) >> GRANULE_SHIFT) + 1);
  });
  const counted = [new Float64Array(names.length), new Float64Array(names.length)];
  let stepped = 0;

  /** The core that is behind executes one instruction. */
  const step = ({ cores, clock }: Chip): void => {
    const behind = cores[1].running && cores[1].cycles < cores[0].cycles ? 1 : 0;
    const core = cores[behind];
    const before = core.cycles;
    const place = functionAt[(core.state.pc - SRAM0.start) >> GRANULE_SHIFT] ?? 0;
    clock.cycles = before;
    core.step();
    counted[behind][place] += core.cycles - before;
  };

  return {
    pass(chip, passes) {
      let now = passes();
      const start = now;
      chip.run({ until: () => (now = passes()) !== start });
      const first = now;
      while (first !== undefined && passes() === first) {
        for (let i = 0; i < STRIDE; i++) step(chip);
        stepped += STRIDE;
        chip.run({ maxCycles: 0 }); // lets alarms fire
      }
    },
    get stepped() {
      return stepped;
    },
    rows(total) {
      const seen = counted[0].reduce((sum, cycles) => sum + cycles, 0);
      const scale = seen > 0 ? total / seen : 0;
      return names
        .map(
          (name, index): ProfileRow => ({
            name,
            cycles: [counted[0][index] * scale, counted[1][index] * scale],
          }),
        )
        .filter(({ cycles }) => cycles[0] + cycles[1] > 0)
        .sort((a, b) => b.cycles[0] + b.cycles[1] - a.cycles[0] - a.cycles[1]);
    },
  };
}
