/** Two cores in turns: many without coming back, each as it would run by itself. */
import { describe, expect, it } from 'vitest';
import { assembleText, link, sequentially } from '../../xtensa/index.ts';
import { createFlatBus } from '../bus/flat-bus.ts';
import { type Core, createCore } from './core.ts';
import { SR } from './state.ts';
import { CODE, DATA } from './test-machine.ts';
import { runTogether } from './turns.ts';

const QUANTUM = 100;

/** Counts in a5 what a loop in a loop does, whose body calls; at the end of each round it writes that down. */
const SOURCE = `
start:
  movi a4, 5
  loop a4, 2f
  call0 f
  addi a5, a5, 1
2: s32i a5, a2, 0
  addi a6, a6, -1
  j start
  .balign 4
f: addi a7, a7, 3
  ret
`;

/** Both cores at the same code, each with a word of its own. */
function createPair(bus = createFlatBus(0x100000)): [Core, Core] {
  bus.provide(DATA, 64);
  const object = assembleText(SOURCE, { density: false, bases: { '.text': CODE } });
  for (const { address, bytes } of link([object], sequentially(CODE)).segments) bus.load(address, bytes);
  const create = (core: 0 | 1) => {
    const created = createCore({ bus, core });
    const { state } = created;
    state.special[SR.ps] = 0x40020;
    state.ar[2] = DATA + 8 * core;
    state.ar[6] = 1000 * core;
    state.pc = CODE;
    created.stateChanged();
    return created;
  };
  return [create(0), create(1)];
}

const outcome = ({ cycles, instructions, state }: Core) => ({
  cycles,
  instructions,
  pc: state.pc,
  registers: [...state.ar.subarray(0, 16)],
});

/** Each core by itself up to the end of each turn. */
function oneByOne(cores: readonly Core[], from: number, to: number): void {
  for (let turn = from; turn <= to; turn++) for (const core of cores) core.runUntil(turn * QUANTUM);
}

describe('two cores in turns', () => {
  it('do what they do one by one, and come back only when all turns are done', () => {
    const bus = createFlatBus(0x100000);
    const cores = createPair(bus);
    const others = createPair();
    // So that all their code is known.
    for (const pair of [cores, others]) oneByOne(pair, 1, 20);
    bus.memory.shared[1] = 1; // what happened before
    const result = runTogether([cores[0], cores[1]], { first: 21 * QUANTUM, turns: 30, quantum: QUANTUM });
    expect(result).toEqual({ completed: 30, isBroken: false });
    oneByOne(others, 21, 50);
    expect(cores.map(outcome)).toEqual(others.map(outcome));
    expect(cores[0].instructions).toBeGreaterThan(1_000);
  });

  it('come back where code is met for the first time, where one has to look up, or where a timer is about to match', () => {
    const together = (pair: [Core, Core]) =>
      runTogether([pair[0], pair[1]], { first: 21 * QUANTUM, turns: 30, quantum: QUANTUM });
    expect(together(createPair())).toEqual({ completed: 0, isBroken: true });
    const asked = createPair();
    oneByOne(asked, 1, 20);
    asked[1].setInterruptLines(1);
    expect(together(asked)).toEqual({ completed: 0, isBroken: true });
    const timed = createPair();
    timed[1].state.special[SR.ccompare0] = 25 * QUANTUM + 50;
    timed[1].stateChanged();
    oneByOne(timed, 1, 20);
    expect(together(timed)).toEqual({ completed: 4, isBroken: false });
  });

  it('do nothing while one of them is stopped', () => {
    const pair = createPair();
    oneByOne(pair, 1, 20);
    pair[1].running = false;
    const before = pair.map(outcome);
    const turns = { first: 21 * QUANTUM, turns: 30, quantum: QUANTUM };
    expect(runTogether(pair, turns)).toEqual({ completed: 0, isBroken: true });
    expect(pair.map(outcome)).toEqual(before);
  });
});
