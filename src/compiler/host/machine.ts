/** One simulated core with plain memory on which compiled modules run: what `exec` and the WebAssembly tests use. */
import type { FlatBus } from '../../chip/bus/index.ts';
import { type CoreState, createExplainer, type ExplainedLine, SR } from '../../chip/core/index.ts';
import { createCore, createFlatBus } from '../../chip/index.ts';
import { FailureError } from '../../errors.ts';
import { a8, createAssembler, link, type ObjectCode, sequentially } from '../../xtensa/index.ts';
import { FIRST_NAMED_TRAP, trapName } from '../middle/ir.ts';

const CODE_BASE = 0x40000000;
const DATA_BASE = 0x3f000000;
const MEMORY_BASE = 0x50000000;
const MEMORY_END = 0xf0000000;
const WASM_PAGE = 65536;
const STACK_TOP = 0x3eff0000;
const STACK_BYTES = 0x40000;
/** Below the limit there is still room for the frames of runtime routines and the check itself. */
const STACK_RESERVE = 0x1000;
const PAGE = 0x1000;
/** Enough for the 128 MiB that the specification's tests of memory.grow ask for. */
const CAPACITY = 0x28000000;
const SLICE = 1_000_000;

/** The program stopped by a trap, as WebAssembly defines it. */
export class Trap extends FailureError {}

/** The program called a function that uses something this compiler does not support. */
export class UnsupportedTrap extends Trap {}

export interface Machine {
  /** Takes memory for code, data or a WebAssembly memory; zeroed. */
  reserve(kind: 'code' | 'data', bytes: number, align: number): number;
  /**
   * Addresses for a memory of up to `pages` WebAssembly pages; returns the base and for how many there was room. The
   * bytes appear, as zeros, when they are first touched.
   */
  setAside(pages: number, least: number): { readonly base: number; readonly pages: number };
  load(address: number, bytes: Uint8Array): void;
  word(address: number): number;
  setWord(address: number, value: number): void;
  byte(address: number): number;
  /** Calls compiled code; `prepare` sets registers, `finish` reads them. */
  call(address: number, registers: readonly number[], stack: readonly number[], results: number): CallResult;
  readonly symbols: ReadonlyMap<string, number>;
  /** What the traps of unsupported functions say; see the compile options. */
  readonly trapNames: string[];
  readonly cycles: number;
  readonly instructions: number;
  /** From now on looks at instructions one by one, so many of them at most. @returns where their cycles went */
  explain(most: number): () => ExplainedLine[];
}

export interface CallResult {
  /** a2, a3, a4, a5. */
  readonly registers: readonly number[];
  /** Words where results beyond the registers lie. */
  readonly stack: readonly number[];
}

export interface MachineOptions {
  /** A call that takes longer is given up, in cycles. */
  readonly maxCycles?: number;
  /** Bytes of simulated memory in all. */
  readonly memoryBytes?: number;
}

/** Gives room to code and data where they belong, one behind the other, and has memory put there. */
function createRooms(bus: FlatBus): Machine['reserve'] {
  const next = { code: CODE_BASE, data: DATA_BASE };
  const provided = { ...next };
  return (kind, bytes, align) => {
    const start = Math.ceil(next[kind] / align) * align;
    next[kind] = start + bytes;
    if (next[kind] > provided[kind]) {
      const from = provided[kind];
      const length = Math.ceil((next[kind] - from) / PAGE) * PAGE;
      bus.provide(from, length);
      provided[kind] = from + length;
    }
    return start;
  };
}

/** The registers of a call, from where it returns to `halt`. */
function prepareCall(
  state: CoreState,
  address: number,
  sp: number,
  halt: number,
  registers: readonly number[],
): void {
  state.special[SR.ps] = 0x20;
  state.special[SR.cpenable] = 0xff;
  state.special[SR.windowbase] = 0;
  state.ar[0] = halt;
  state.ar[1] = sp;
  registers.forEach((value, i) => {
    state.ar[2 + i] = value;
  });
  state.pc = address;
}

export function createMachine({ maxCycles = 20e9, memoryBytes = CAPACITY }: MachineOptions = {}): Machine {
  let nextMemory = MEMORY_BASE;
  const bus = createFlatBus(memoryBytes, (address) => address >= MEMORY_BASE && address < nextMemory);
  bus.provide(STACK_TOP - STACK_BYTES, STACK_BYTES + PAGE);
  /** What the program called the simulator for. */
  let called: number | undefined;
  /** Cycles of the calls so far; a core that has stopped lets time pass, which is nobody's. */
  let busy = 0;
  let calledAt = 0;

  const reserve = createRooms(bus);
  const symbols = new Map<string, number>();
  const stubs = hostStubs();
  const linked = link([stubs], sequentially(reserve('code', 64, 64)));
  for (const { address, bytes } of linked.segments) bus.load(address, bytes);
  for (const [name, address] of linked.symbols) symbols.set(name, address);
  const limit = reserve('data', 4, 4);
  symbols.set('stack.limit', limit);
  const halt = symbols.get('host.return') as number;

  const core = createCore({
    bus,
    core: 0,
    simcall({ get }) {
      called = get(MARK);
      calledAt = core.cycles;
      core.running = false;
    },
  });
  const { state } = core;
  const offset = (address: number) => {
    const delta = bus.memory.writable[address >>> 12];
    if (delta === 0) throw new FailureError(`there is no memory at 0x${address.toString(16)}`);
    return (address + delta) | 0;
  };

  let explainer = createExplainer(core, bus);
  let unexplained = 0;
  const runToCall = (until: number): number => {
    called = undefined;
    core.running = true;
    while (called === undefined && unexplained-- > 0) explainer.step();
    while (called === undefined) {
      if (core.cycles >= until) throw new FailureError(`the program did not end within ${maxCycles} cycles`);
      core.runUntil(Math.min(until, core.cycles + SLICE));
    }
    return called;
  };

  const machine: Machine = {
    reserve,
    setAside(pages, least) {
      const room = Math.floor((MEMORY_END - nextMemory) / WASM_PAGE);
      // At most half of what is left: several memories may want to grow.
      const granted = Math.max(least, Math.min(pages, Math.floor(room / 2)));
      if (granted > room)
        throw new FailureError(
          `the module's memory has ${least} pages (${least * WASM_PAGE} bytes) from the start; the simulated machine has room for ${room}: give it a smaller minimum`,
        );
      const base = nextMemory;
      nextMemory += granted * WASM_PAGE;
      return { base, pages: granted };
    },
    symbols,
    trapNames: [],
    load: (address, bytes) => bus.load(address, bytes),
    byte: (address) => bus.read8(address),
    word: (address) => bus.memory.view.getInt32(offset(address), true),
    setWord: (address, value) => bus.memory.view.setInt32(offset(address), value, true),
    get cycles() {
      return busy;
    },
    get instructions() {
      return core.instructions;
    },
    explain(most) {
      explainer = createExplainer(core, bus);
      unexplained = most;
      return explainer.lines;
    },
    call(address, registers, stack, results) {
      const bytes = Math.ceil((4 * Math.max(stack.length, results)) / 16) * 16;
      const sp = STACK_TOP - bytes;
      stack.forEach((value, i) => {
        machine.setWord(sp + 4 * i, value);
      });
      prepareCall(state, address, sp, halt, registers);
      core.stateChanged();
      const begin = core.cycles;
      const called = runToCall(begin + maxCycles);
      busy += calledAt - begin;
      if (called === marks.trap) throw trapOf(state.ar[2], machine.trapNames);
      return {
        registers: [2, 3, 4, 5].map((reg) => state.ar[reg]),
        stack: Array.from({ length: results }, (_, i) => machine.word(sp + 4 * i)),
      };
    },
  };
  machine.setWord(limit, STACK_TOP - STACK_BYTES + STACK_RESERVE);
  return machine;
}

function trapOf(code: number, names: readonly string[]): Trap {
  const name = trapName(code, names);
  return code >= FIRST_NAMED_TRAP ? new UnsupportedTrap(name) : new Trap(name);
}

/** What the simulator is called for, in a8. */
const MARK = 8;
const marks = { return: 0, trap: 1 };

/** Where calls return to, where traps go (number in a2), and the function of the tests' imports that does nothing. */
function hostStubs(): ObjectCode {
  const asm = createAssembler();
  const stub = (name: string, mark: number) => {
    asm.function(name);
    asm.movi(a8, mark);
    asm.simcall();
    asm.ret();
  };
  stub('host.return', marks.return);
  stub('host.trap', marks.trap);
  asm.function('host.nothing');
  asm.ret();
  return asm.finish();
}

/** Takes memory for a section: code among code, all else among data. */
export const placeSection = (
  machine: Machine,
  { name, bytes, align }: ObjectCode['sections'][number],
): number => machine.reserve(name.startsWith('.text') ? 'code' : 'data', bytes.length, Math.max(4, align));

/** Links an object with the machine's own symbols, loads it and returns the addresses of its global symbols. */
export function loadObject(machine: Machine, object: ObjectCode): ReadonlyMap<string, number> {
  const { segments, symbols } = link([object], (section) => placeSection(machine, section), {
    symbols: machine.symbols,
  });
  for (const { address, bytes } of segments) machine.load(address, bytes);
  return symbols;
}
