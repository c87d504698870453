/** A waiting loop whose iterations are counted ends in the same cycle, with the same registers, as one whose iterations are executed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestMachine, DATA } from '../core/test-machine.ts';
import { watchSpin } from './watch-spin.ts';

const QUANTUM = 100;

/** `body` polls through a2 until it finds something. */
const program = (body: string) => `
start:
  movi a4, 7
${body}
  addi a4, a4, 1
  s32i a4, a2, 8
9: j 9b
`;
const loops: Readonly<Record<string, string>> = {
  'a barrier': '1: memw\n  l32i a3, a2, 0\n  sub a5, a3, a4\n  bltz a5, 1b',
  'two words, by bytes': '1: l8ui a3, a2, 0\n  l16ui a5, a2, 4\n  or a3, a3, a5\n  beqz a3, 1b',
  'a call each time':
    '  mov a6, a0\n1: call0 2f\n  beqz a3, 1b\n  j 3f\n  .align 4\n2: l32i a3, a2, 0\n  ret\n3: mov a0, a6',
};
/** Loops that do more than wait: they must be executed. */
const others: Readonly<Record<string, string>> = {
  'a counter': '1: addi a5, a5, 1\n  l32i a3, a2, 0\n  beqz a3, 1b',
  'a store': '1: l32i a3, a2, 0\n  s32i a4, a2, 12\n  beqz a3, 1b',
  'the time': '1: rsr.ccount a5\n  l32i a3, a2, 0\n  beqz a3, 1b',
};

/** Runs in turns until some after the word was written; `watched` counts iterations where it can. */
function wait(body: string, turns: number, value: number, watched: boolean) {
  const machine = createTestMachine(program(body));
  const { core } = machine;
  machine.setA(2, DATA);
  machine.setA(5, 0);
  core.running = true;
  const watcher = watchSpin(core);
  let skipped = false;
  for (let turn = 1; turn <= turns + 20; turn++) {
    if (turn === turns) machine.setWord(DATA, value);
    const until = turn * QUANTUM;
    if (watched) watcher.run(until);
    else core.runUntil(until);
    skipped ||= turn < turns && !watcher.isBusy();
  }
  const registers = [2, 3, 4, 5, 6].map((index) => machine.a(index));
  const spent = [...core.cyclesByCode().values()].reduce((sum, cycles) => sum + cycles, 0);
  const { cycles, instructions, state } = core;
  return {
    skipped,
    outcome: { cycles, instructions, pc: state.pc, registers, spent, stored: machine.word(DATA + 8) },
  };
}

describe('a core that waits', () => {
  it.each(Object.keys(loops))('ends its wait as if nothing had been left out: %s', (name) => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 300 }), fc.integer({ min: 8, max: 255 }), (turns, value) => {
        const watched = wait(loops[name], turns, value, true);
        expect(watched.skipped).toBe(true);
        expect(watched.outcome).toEqual(wait(loops[name], turns, value, false).outcome);
      }),
      { numRuns: 10 },
    );
  });

  it.each(Object.keys(others))('is executed where it does more than wait: %s', (name) => {
    const watched = wait(others[name], 300, 9, true);
    expect(watched.outcome).toEqual(wait(others[name], 300, 9, false).outcome);
  });
});
