/**
 * What a waiting loop may do with the cycle counter: ask whether so many cycles have passed since some time. Its answers, and with them its
 * way, stay what they are until so many have.
 */
import type { Instruction } from './decode.ts';
import { type CoreState, SR } from './state.ts';

export interface ClockWatch {
  /** Follows an instruction before it is executed. @returns false where it does something else with the time */
  follow(instruction: Instruction): boolean;
  /** Cycles from now, while no time passes, until one of the answers becomes another. */
  readonly steadyCycles: number;
}

const WRAP = 2 ** 32;

/** Cycles until `time < bound` has another answer. Unsigned; the counter goes round. */
const untilOther = (time: number, bound: number): number => (time < bound ? bound : WRAP) - time;

export function watchClock({ ar, special }: CoreState): ClockWatch {
  /** Registers that hold the counter, or how far it is from something. */
  const times = new Set<number>();
  let steadyCycles = Number.POSITIVE_INFINITY;
  const wordOf = (register: number): number => ar[(4 * special[SR.windowbase] + register) & 63] >>> 0;

  return {
    get steadyCycles() {
      return steadyCycles;
    },
    follow({ opcode, operands }) {
      if (!opcode) return false;
      const readsCounter = opcode.name === 'rsr.ccount';
      if (times.size === 0 && !readsCounter) return true;
      const registers = opcode.operands.flatMap(({ regfile, dir }, index) =>
        regfile === 'AR' ? [{ register: operands[index], dir }] : [],
      );
      const read = registers.filter(({ dir }) => dir !== 'out').map(({ register }) => register);
      const written = registers.filter(({ dir }) => dir !== 'in').map(({ register }) => register);
      const timed = read.map((register) => times.has(register));
      for (const register of written) times.delete(register);
      if (readsCounter) times.add(written[0]);
      if (!timed.includes(true)) return true;
      if (timed.every(Boolean)) return false;
      const isFirst = timed[0];
      if (opcode.name === 'sub' && isFirst) times.add(written[0]);
      else if (opcode.name === 'bltu' || opcode.name === 'bgeu') {
        const [one, other] = read.map(wordOf);
        // `bound < time` is `!(time < bound + 1)`.
        steadyCycles = Math.min(steadyCycles, isFirst ? untilOther(one, other) : untilOther(other, one + 1));
      } else return false;
      return true;
    },
  };
}
