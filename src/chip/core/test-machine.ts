/** Small programs on one core with plain memory, for tests and benchmarks. */
import { assembleText, link, sequentially } from '../../xtensa/index.ts';
import { createFlatBus, type FlatBus } from '../bus/flat-bus.ts';
import { type Core, createCore } from './core.ts';
import { SR } from './state.ts';

export const CODE = 0x40378000;
export const DATA = 0x3fca0000;
export const STACK = 0x3fcf0000;
/** Where a program ends: the address that a0 holds at its start. */
export const HALT = 0x40300000;

export interface TestMachine {
  readonly core: Core;
  readonly bus: FlatBus;
  readonly symbols: ReadonlyMap<string, number>;
  /** Visible register. */
  a(index: number): number;
  setA(index: number, value: number): void;
  word(address: number): number;
  setWord(address: number, value: number): void;
  /** Runs from the program's start until HALT is reached. @returns what it took */
  run(limit?: number): { cycles: number; instructions: number };
}

export interface TestOptions {
  readonly code?: number;
  readonly ps?: number;
  readonly exact?: boolean;
}

/** A machine with `source` (GNU syntax) loaded at CODE and about to run its first instruction. */
export function createTestMachine(source: string, options: TestOptions = {}): TestMachine {
  const bus = createFlatBus(0x200000);
  bus.provide(0x3fc80000, 0x80000);
  const { code = CODE, ps = 0x40020 } = options;
  const object = assembleText(source, { density: false, bases: { '.text': code } });
  const linked = link([object], sequentially(code));
  const text = object.sections.find((section) => section.name === '.text')!;
  const symbols = new Map([...text.symbols].map(([name, offset]) => [name, code + offset]));
  for (const segment of linked.segments) bus.load(segment.address, segment.bytes);
  bus.load(HALT, assembleText('simcall', { exact: true }).sections[0].bytes);
  interface End {
    readonly cycles: number;
    readonly instructions: number;
  }
  const ends: End[] = [];
  const core: Core = createCore({
    bus,
    core: 0,
    simcall() {
      ends.push({ cycles: core.cycles - 1, instructions: core.instructions - 1 });
      core.running = false;
      return undefined;
    },
  });
  const { state } = core;
  state.special[SR.ps] = ps;
  state.special[SR.cpenable] = 0xff;
  // Literals stand at the front of the text: a program that has any names its first instruction.
  const entry = symbols.get('start') ?? code;
  state.pc = entry;
  core.stateChanged();

  const physical = (index: number) => (state.special[SR.windowbase] * 4 + index) & 63;
  const read = (address: number) => {
    let value = 0;
    for (let byte = 0; byte < 4; byte++) value |= bus.read8(address + byte) << (8 * byte);
    return value;
  };
  const machine: TestMachine = {
    core,
    bus,
    symbols,
    a: (index) => state.ar[physical(index)],
    setA(index, value) {
      state.ar[physical(index)] = value;
    },
    word: read,
    setWord(address, value) {
      for (let byte = 0; byte < 4; byte++) bus.write8(address + byte, (value >>> (8 * byte)) & 255);
    },
    run(limit = 5_000_000) {
      const { cycles, instructions } = core;
      ends.length = 0;
      state.pc = entry;
      machine.setA(0, HALT);
      core.running = true;
      while (ends.length === 0 && core.cycles < cycles + limit) {
        core.runUntil(Math.min(cycles + limit, core.cycles + 100_000));
      }
      const [end] = ends;
      if (!end)
        throw new Error(`the program did not end within ${limit} cycles (pc 0x${state.pc.toString(16)})`);
      return { cycles: end.cycles - cycles, instructions: end.instructions - instructions };
    },
  };
  machine.setA(0, HALT);
  machine.setA(1, STACK);
  return machine;
}

/** Where {@link withVectors} puts vectors. */
export const VECTORS = 0x40390000;

/** A machine with its vectors at VECTORS: each holds `handler` (GNU syntax) and nothing more. */
export function withVectors(source: string, handlers: Readonly<Record<number, string>>) {
  const machine = createTestMachine(source);
  machine.core.state.special[SR.vecbase] = VECTORS;
  for (const [offset, text] of Object.entries(handlers)) {
    const handler = createTestMachine(`start:\n${text}\n`, { code: VECTORS + Number(offset) });
    const start = handler.symbols.get('start')!;
    if (start !== VECTORS + Number(offset)) throw new Error(`the handler at ${offset} needs literals`);
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => handler.bus.read8(start + index));
    machine.bus.load(start, bytes);
  }
  return machine;
}

/** Runs a program with these registers. */
export const runProgram = (source: string, registers: Readonly<Record<number, number>> = {}) => {
  const machine = createTestMachine(source);
  for (const [index, value] of Object.entries(registers)) machine.setA(Number(index), value);
  return { machine, ...machine.run() };
};
