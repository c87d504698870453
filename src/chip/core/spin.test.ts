/** Waiting loops by themselves: what is taken for one, how long it goes on, and that it ends as if each iteration had been executed. */
import { describe, expect, it } from 'vitest';
import type { FlatBus } from '../bus/flat-bus.ts';
import type { Spin } from './spin.ts';
import { SR } from './state.ts';
import { createTestMachine, DATA, type TestMachine } from './test-machine.ts';

const DEVICE = 0x60000000;
/** The word at DATA + 4, whose bytes all differ. */
const PATTERN = 0x11223344;

const polls = '1: l32i a3, a2, 0\n  beqz a3, 1b';
const pollsDevice = '1: l32i a3, a6, 0\n  beqz a3, 1b';
/** Until 3,000 cycles have passed, or more where it asks for more than that; a7 holds nothing of the time when it comes round. */
const waitsFor = (question: string) =>
  `1: rsr.ccount a7\n  sub a7, a7, a5\n  movi a9, 3000\n  ${question}\n  movi a7, 0\n  movi a9, 0\n  j 1b\n2:`;

interface Device {
  /** What its register reads until an event, and the cycle of that. */
  readonly change?: number;
  /** Reads that reached it. */
  reads: number;
}

function provide(bus: FlatBus, device: Device): void {
  let now = 0;
  const { change = Number.POSITIVE_INFINITY } = device;
  Object.assign(bus, {
    nextEvent: () => (now >= change ? Number.POSITIVE_INFINITY : change),
    steady: (address: number) => (address === DEVICE ? Number(now >= change) : undefined),
    read(_address: number, _bytes: number, _core: number, cycle: number) {
      device.reads++;
      now = cycle;
      bus.stall = 14;
      return Number(now >= change);
    },
  });
}

interface Options {
  readonly change?: number;
  readonly prepare?: (machine: TestMachine) => void;
}

/** A core that has polled for some 500 cycles; behind its loop it counts. */
function waiting(body: string, { change, prepare }: Options = {}) {
  const machine = createTestMachine(
    `start:\n  movi a4, 0x333\n${body}\n  s32i a3, a2, 64\n9: addi a8, a8, 1\n  j 9b\n`,
  );
  const device: Device = { change, reads: 0 };
  provide(machine.bus, device);
  machine.setA(2, DATA);
  machine.setA(5, 0);
  machine.setA(6, DEVICE);
  machine.setWord(DATA + 4, PATTERN);
  prepare?.(machine);
  machine.core.runUntil(500);
  return { machine, device };
}

function search(body: string, options: Options = {}) {
  const { machine, device } = waiting(body, options);
  const { core } = machine;
  const searching = core.searchSpin();
  let spin: Spin | null | undefined;
  for (let turn = 1; turn <= 40 && spin === undefined; turn++) spin = searching.run(500 + 100 * turn);
  return { machine, device, core, spin };
}

function found(body: string, options: Options = {}) {
  const { spin, ...rest } = search(body, options);
  if (!spin) throw new Error(`no waiting loop is found: ${body}`);
  return { spin, ...rest };
}

const outcome = ({ core, a, word }: TestMachine) => ({
  cycles: core.cycles,
  instructions: core.instructions,
  pc: core.state.pc,
  registers: Array.from({ length: 16 }, (_, index) => a(index)),
  interrupt: core.state.special[SR.interrupt],
  ccount: core.state.time[3],
  stored: word(DATA + 64),
  spent: [...core.cyclesByCode().values()].reduce((sum, cycles) => sum + cycles, 0),
});

/** The same core, all of whose iterations are executed. */
function executed(body: string, until: readonly number[], options: Options = {}) {
  const { machine } = waiting(body, options);
  for (const cycle of until) machine.core.runUntil(cycle);
  return machine;
}

describe('a waiting loop', () => {
  it.each([polls, pollsDevice])('ends where executed iterations would have ended: %s', (body) => {
    for (const until of [1_001, 1_005, 20_000]) {
      const { machine, spin, core } = found(body);
      const { cycles } = core;
      expect([spin.run(until), core.cycles > cycles], body).toEqual([true, true]);
      expect(outcome(machine), `${body} to ${until}`).toEqual(outcome(executed(body, [cycles, until])));
    }
  });

  it('asks a device as often as it takes to know the answer, and no more', () => {
    const { device, spin } = found(pollsDevice);
    const { reads } = device;
    spin.run(1_000_000);
    expect(device.reads - reads).toBeLessThan(4);
  });

  it('holds until the word that it reads is another one', () => {
    const { machine, spin, core } = found(polls);
    expect(spin.holds(1e9)).toBe(true);
    machine.setWord(DATA + 4, 5);
    expect(spin.holds(1e9)).toBe(true);
    machine.setWord(DATA, 5);
    expect(spin.holds(core.cycles)).toBe(false);
    expect(spin.run(2_000)).toBe(false);
    expect(core.cycles).toBeLessThan(1_000);
    core.runUntil(2_000);
    expect([machine.a(3), machine.word(DATA + 64)]).toEqual([5, 5]);
  });

  it('holds no longer where somebody has changed a register of the core', () => {
    const { machine, spin } = found(polls);
    machine.setA(7, 1);
    expect(spin.run(2_000)).toBe(false);
  });

  it('holds no longer where the core is stopped, or has an interrupt to look at', () => {
    const stopped = found(polls);
    stopped.core.running = false;
    expect(stopped.spin.holds(5_000)).toBe(false);
    const asked = found(polls);
    asked.core.setInterruptLines(1);
    expect(asked.spin.holds(5_000)).toBe(false);
  });

  it('goes on up to what a device does by itself, in the cycle where it does it', () => {
    for (const change of [3_000, 3_001, 3_010]) {
      const { machine, spin, core } = found(pollsDevice, { change });
      expect([spin.holds(change), spin.holds(change + 1)]).toEqual([true, false]);
      const { cycles } = core;
      const until = [cycles, 3_500, 4_000];
      for (const cycle of until) if (!spin.run(cycle)) core.runUntil(cycle);
      expect(outcome(machine), `${change}`).toEqual(outcome(executed(pollsDevice, until, { change })));
      expect(machine.word(DATA + 64)).toBe(1);
    }
  });

  it('goes on up to a match of the timer', () => {
    const prepare = ({ core }: TestMachine) => {
      core.state.special[SR.ccompare0] = 3_000;
      core.stateChanged();
    };
    for (const until of [2_999, 3_000, 4_000]) {
      const { machine, spin, core } = found(polls, { prepare });
      const { cycles } = core;
      expect([spin.holds(2_980), spin.holds(3_000)]).toEqual([true, false]);
      const steps = [cycles, until, 5_000];
      for (const cycle of steps) if (!spin.run(cycle)) core.runUntil(cycle);
      expect(outcome(machine), `${until}`).toEqual(outcome(executed(polls, steps, { prepare })));
      expect(core.state.special[SR.interrupt]).not.toBe(0);
    }
  });

  it.each(['bgeu a7, a9, 2f', 'bltu a9, a7, 2f'])(
    'goes on up to the time that it waits for: %s',
    (question) => {
      const body = waitsFor(question);
      const { machine, spin, core } = found(body);
      expect([spin.holds(2_900), spin.holds(3_200)]).toEqual([true, false]);
      const until = [core.cycles, 2_980, 2_999, 3_050, 4_000];
      const waited = until.map((cycle) => spin.run(cycle) || void core.runUntil(cycle));
      expect(waited).toEqual([true, true, true, undefined, undefined]);
      expect(outcome(machine)).toEqual(outcome(executed(body, until)));
      expect(machine.a(8)).toBeGreaterThan(0);
    },
  );

  it('may be left behind where nobody but the other core ends it', () => {
    expect(found(polls).spin.mayLag).toBe(true);
    expect(found(pollsDevice).spin.mayLag).toBe(false);
    const prepare = ({ core }: TestMachine) => void (core.state.special[SR.intenable] = 2);
    expect(found(polls, { prepare }).spin.mayLag).toBe(false);
  });

  it('catches up to the cycle where the word was written, as if it had been there all the time', () => {
    const { machine, spin, core } = found(polls);
    const { cycles } = core;
    machine.setWord(DATA, 7);
    spin.catchUp(9_000);
    expect(machine.word(DATA)).toBe(7);
    const other = executed(polls, [cycles, 9_000]);
    expect({ ...outcome(machine), stored: 0 }).toEqual(outcome(other));
    core.runUntil(9_100);
    other.setWord(DATA, 7);
    other.core.runUntil(9_100);
    expect(outcome(machine)).toEqual(outcome(other));
  });

  it('catches up though the core was stopped since, and not where it was put to another place', () => {
    const stopped = found(polls);
    stopped.core.running = false;
    stopped.spin.catchUp(9_000);
    expect([stopped.core.cycles >= 9_000, stopped.core.running]).toEqual([true, false]);
    const moved = found(polls);
    const { cycles } = moved.core;
    moved.core.state.pc = 0x40300000;
    moved.spin.catchUp(9_000);
    expect(moved.core.cycles).toBe(cycles);
  });
});

describe('what is taken for a waiting loop', () => {
  /** The low byte of a4 is one of the word at DATA + 4; a3 and a5 stay 0. */
  const alsoDoing = (line: string) => `1: ${line}\n  l32i a3, a2, 0\n  beqz a3, 1b`;
  const holds = (line: string) => found(alsoDoing(line)).spin.holds(1e9);

  it.each([
    's8i a4, a2, 5',
    's32i a3, a2, 8',
    's16i a3, a2, 10',
    'l8ui a7, a2, 7',
    'memw',
    'extui a7, a2, 4, 4',
    'l32i a7, a6, 0',
  ])('one that also does this, to no effect: %s', (line) => {
    expect(holds(line)).toBe(true);
  });

  it.each([
    's8i a4, a2, 4\n  s8i a5, a2, 4',
    's16i a4, a2, 6\n  s16i a5, a2, 6',
    's32i a4, a2, 8\n  s32i a5, a2, 8',
    'addi a7, a7, 1',
    'rsr.ccount a7',
    'rsr.ccount a7\n  sub a7, a5, a7\n  mov a7, a5',
    'rsr.ccount a7\n  blt a7, a5, 1b\n  mov a7, a5',
    'rsr.ccount a7\n  bgeu a7, a7, 3f\n3: mov a7, a5',
    'rsr.ccount a7\n  s32i a7, a2, 8\n  mov a7, a5',
    'rsr.ccount a7\n  mov a7, a7\n  mov a7, a5',
    'l32i a7, a6, 4',
    'l8ui a7, a6, 0',
    's32i a3, a6, 0',
    'rsil a7, 0',
    'add.s f1, f1, f1',
  ])('not one that also does this: %s', (line) => {
    const prepare = ({ bus }: TestMachine) => {
      bus.write = () => {
        bus.stall = 0;
      };
    };
    const { machine, core, spin } = search(alsoDoing(line), { prepare });
    expect(spin).toBeNull();
    // What was looked at goes on as ever.
    const { cycles } = core;
    core.runUntil(cycles + 500);
    expect(outcome(machine)).toEqual(outcome(executed(alsoDoing(line), [cycles, cycles + 500], { prepare })));
  });

  it('not one whose code is fetched through a cache', () => {
    const cached = (address: number) => ({
      prepare: ({ bus }: TestMachine) => {
        bus.isCachedCode = (pc) => pc === address;
      },
    });
    const { symbols } = createTestMachine(`start:\n  movi a4, 0x333\n${polls}\n`);
    const loop = symbols.get('start')! + 3;
    expect([search(polls, cached(loop)).spin, search(polls, cached(loop + 64)).spin]).toEqual([
      null,
      expect.anything(),
    ]);
  });

  it('not while devices are behind the time', () => {
    expect(search(polls, { change: 100 }).spin).toBeNull();
  });
});
