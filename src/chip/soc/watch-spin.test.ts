/** A waiting loop whose iterations are counted ends in the same cycle, with the same registers, as one whose iterations are executed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlatBus } from '../bus/flat-bus.ts';
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
  'the time, in a function: from cycle 12,000 on another way':
    '  mov a6, a0\n1: call0 2f\n  l32i a3, a2, 0\n  beqz a3, 1b\n  j 3f\n  .align 4\n2: rsr.ccount a5\n  movi a7, 1500\n  slli a7, a7, 3\n' +
    '  bltu a5, a7, 4f\n  movi a5, 5\n  ret\n4: movi a5, 0\n  ret\n3: mov a0, a6',
};
/** The same with a stack, and with a device whose register changes by itself. */
const deviceLoops: Readonly<Record<string, string>> = {
  'a register': '1: memw\n  l32i a3, a6, 0\n  extui a3, a3, 4, 4\n  beqz a3, 1b',
  'a register, by a call that saves its return address':
    '  addi a1, a1, -16\n  mov a7, a0\n1: call0 2f\n  beqz a3, 1b\n  j 3f\n  .align 4\n' +
    '2: s32i a0, a1, 4\n  call0 4f\n  l32i a0, a1, 4\n  ret\n  .align 4\n4: l32i a3, a6, 0\n  srli a3, a3, 4\n  ret\n3: mov a0, a7',
};
/** Loops that do more than wait: they must be executed. */
const others: Readonly<Record<string, string>> = {
  'a device whose reading may do something': '1: l32i a3, a6, 4\n  beqz a3, 1b',
  'a changing stack': '1: addi a5, a5, 1\n  s32i a5, a2, 16\n  movi a5, 3\n  l32i a3, a2, 0\n  beqz a3, 1b',
  'a counter': '1: addi a5, a5, 1\n  l32i a3, a2, 0\n  beqz a3, 1b',
  'a store': '1: l32i a3, a2, 0\n  s32i a4, a2, 12\n  beqz a3, 1b',
  'the time': '1: rsr.ccount a5\n  l32i a3, a2, 0\n  beqz a3, 1b',
};

/** Runs in turns until some after the word was written; `watched` counts iterations where it can. */
function wait(
  body: string,
  turns: number,
  value: number,
  watched: boolean,
  change = Number.POSITIVE_INFINITY,
) {
  const machine = createTestMachine(program(body));
  const { core } = machine;
  provideDevice(machine.bus, change);
  machine.setA(6, DEVICE);
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
    skipped ||= turn < turns && watcher.waitsUntil(until);
  }
  watcher.settle();
  const registers = [2, 3, 4, 5, 6].map((index) => machine.a(index));
  const spent = [...core.cyclesByCode().values()].reduce((sum, cycles) => sum + cycles, 0);
  const { cycles, instructions, state } = core;
  return {
    skipped,
    outcome: { cycles, instructions, pc: state.pc, registers, spent, stored: machine.word(DATA + 8) },
  };
}

const DEVICE = 0x60000000;

/** A device with two registers that both change at a cycle; reading the second might do something. */
function provideDevice(bus: FlatBus, change: number): void {
  const reads = new Int32Array(2);
  let now = 0;
  const value = () => (now >= change ? 0x10 : 1);
  Object.assign(bus, {
    deviceReads: reads,
    nextEvent: () => (now >= change ? Number.POSITIVE_INFINITY : change),
    steady: (address: number) => (address === DEVICE ? value() : undefined),
    read(address: number, _bytes: number, _core: number, cycle: number) {
      reads[0]++;
      now = cycle;
      bus.stall = 14;
      return address === DEVICE ? value() : value() >> 4;
    },
  });
}

describe('a core that waits', () => {
  it.each(Object.keys(deviceLoops))('finds what a device does in the cycle where it does it: %s', (name) => {
    fc.assert(
      fc.property(fc.integer({ min: 8_000, max: 30_000 }), (change) => {
        const turns = Math.ceil(change / QUANTUM);
        const watched = wait(deviceLoops[name], turns, 0, true, change);
        expect(watched.skipped).toBe(true);
        expect(watched.outcome).toEqual(wait(deviceLoops[name], turns, 0, false, change).outcome);
      }),
      { numRuns: 5 },
    );
  });

  it.each(Object.keys(loops))('ends its wait as if nothing had been left out: %s', (name) => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 300 }), fc.integer({ min: 8, max: 255 }), (turns, value) => {
        const watched = wait(loops[name], turns, value, true);
        expect(watched.skipped).toBe(true);
        expect(watched.outcome).toEqual(wait(loops[name], turns, value, false).outcome);
      }),
      { numRuns: 5 },
    );
  });

  it.each(Object.keys(loops))(
    'comes to the end of its turn, wherever that meets an iteration: %s',
    (name) => {
      for (let odd = 40; odd < 160; odd += 3) {
        const machine = createTestMachine(program(loops[name]));
        machine.setA(2, DATA);
        machine.core.running = true;
        const watcher = watchSpin(machine.core);
        let until = 0;
        for (let turn = 0; turn < 80; turn++) {
          // Turns end at one place until the loop is looked at, then at others.
          until += watcher.isBusy() ? QUANTUM : odd;
          watcher.run(until);
          watcher.settle();
          expect(machine.core.cycles).toBeGreaterThanOrEqual(until);
        }
      }
    },
  );

  it.each(Object.keys(others))('is executed where it does more than wait: %s', (name) => {
    const watched = wait(others[name], 300, 9, true, 29_000);
    expect(watched.outcome).toEqual(wait(others[name], 300, 9, false, 29_000).outcome);
  });
});
