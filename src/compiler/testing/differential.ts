/** One program, two engines: Node's and ours on the simulated core, with bounds checks and without. */
import { compileModule } from '../compile.ts';
import { decodeModule } from '../front/decode.ts';
import { validateModule } from '../front/validate.ts';
import { createStore, type Extern, instantiate } from '../host/instantiate.ts';
import { invoke, type TypedValue } from '../host/invoke.ts';
import { createMachine, loadObject, type Machine, Trap } from '../host/machine.ts';
import { createRandom } from './random-module.ts';
import { type Node, type NodeType, type Program, UnknownLabel, writeProgram } from './tree.ts';

export type Argument = number | bigint;

export interface Call {
  readonly index: number;
  readonly args: readonly Argument[];
}

const MEMORY_BYTES = 65536;
/** Rounds of all loops together that a call may take. */
const FUEL = 3000;
const scratch = new DataView(new ArrayBuffer(8));

/** Fresh contents of the memory, the same in both engines. */
function fillMemory(bytes: Uint8Array): void {
  for (let i = 0; i < 4096; i++) bytes[i] = (i * 37) ^ (i >> 3);
}

export function randomCalls(program: Program, seed: number): Call[] {
  const random = createRandom(seed * 31 + 7);
  const values = [0, 1, 2, 3, 5, 9, -1, -2, 0x7fffffff, 0x7ffffffe, -0x80000000, 100, 4000];
  const argument = (type: NodeType): Argument => {
    const value = values[random(values.length)];
    return type === 'i64'
      ? BigInt(value) * (random(2) ? 1n : 0x100000001n)
      : type === 'f32'
        ? value / 4
        : value;
  };
  return program.functions.flatMap(({ params }, index) =>
    Array.from({ length: 3 }, () => ({ index, args: params.map(argument) })),
  );
}

type HostFunction = (...args: readonly Argument[]) => number;

interface Outcome {
  readonly results: string[];
  readonly memory: Uint8Array;
}

/** What Node makes of those calls that end; undefined when the program is not valid. */
function askNode(program: Program, calls: readonly Call[]): { outcome: Outcome; ending: Call[] } | undefined {
  let exports: WebAssembly.Exports;
  try {
    const bytes = writeProgram(program, { fuel: true });
    exports = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice().buffer), {}).exports;
  } catch (error) {
    if (error instanceof UnknownLabel || error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
  const fuel = exports.fuel as WebAssembly.Global;
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  fillMemory(memory);
  const results: string[] = [];
  const ending: Call[] = [];
  for (const call of calls) {
    fuel.value = FUEL;
    const before = memory.slice();
    let result: string;
    try {
      result = String((exports[`f${call.index}`] as HostFunction)(...call.args));
    } catch {
      result = 'trap';
    }
    if (fuel.value === 0) memory.set(before);
    else {
      results.push(result);
      ending.push(call);
    }
  }
  return { outcome: { results, memory }, ending };
}

function words(type: NodeType, value: Argument): TypedValue {
  if (type === 'i64') {
    const bits = BigInt(value);
    return { type, words: [Number(BigInt.asIntN(32, bits)), Number(BigInt.asIntN(32, bits >> 32n))] };
  }
  if (type === '') throw new Error('a value has a type');
  if (type === 'i32') return { type, words: [Number(value) | 0] };
  scratch.setFloat32(0, Number(value));
  return { type, words: [scratch.getInt32(0)] };
}

function runCalls(
  program: Program,
  calls: readonly Call[],
  machine: Machine,
  base: number,
  functionOf: (index: number) => Extern & { kind: 'func' },
): Outcome {
  const initial = new Uint8Array(MEMORY_BYTES);
  fillMemory(initial);
  machine.load(base, initial);
  const results = calls.map(({ index, args }) => {
    const { params } = program.functions[index];
    try {
      const typed = args.map((arg, i) => words(params[i], arg));
      return String(invoke(machine, functionOf(index), typed)[0].words[0] | 0);
    } catch (error) {
      if (error instanceof Trap) return 'trap';
      throw error;
    }
  });
  return { results, memory: Uint8Array.from({ length: MEMORY_BYTES }, (_, i) => machine.byte(base + i)) };
}

/** A program that does not end in our engine is given up after so many cycles. */
const MAX_CYCLES = 5_000_000;

function askChecked(program: Program, calls: readonly Call[]): Outcome {
  const module = decodeModule(writeProgram(program));
  validateModule(module);
  const machine = createMachine({ maxCycles: MAX_CYCLES });
  const { exports } = instantiate(createStore(machine, { verify: true }), module);
  const { base } = exports.get('memory') as Extern & { kind: 'memory' };
  return runCalls(
    program,
    calls,
    machine,
    base,
    (index) => exports.get(`f${index}`) as Extern & { kind: 'func' },
  );
}

/** Memory accesses relative to a base that is folded in, as the device program's are. */
function based(program: Program): Program {
  const shift = ({ kids, ...rest }: Node): Node => {
    const inner = kids.map(shift);
    if (!/\.(load|store)/.test(rest.op)) return { ...rest, kids: inner };
    const base: Node = { op: 'global.get', type: 'i32', imm: 0, kids: [] };
    return {
      ...rest,
      kids: [{ op: 'i32.add', type: 'i32', imm: 0, kids: [inner[0], base] }, ...inner.slice(1)],
    };
  };
  return { functions: program.functions.map((fn) => ({ ...fn, body: fn.body.map(shift) })) };
}

function askBare(program: Program, calls: readonly Call[]): Outcome {
  const machine = createMachine({ maxCycles: MAX_CYCLES });
  const base = machine.reserve('data', MEMORY_BYTES + 4096, 4096);
  const { object, module } = compileModule(writeProgram(based(program), { based: true }), {
    globals: { 'config.base': base },
    trapSymbol: 'host.trap',
    verify: true,
  });
  const symbols = loadObject(machine, object);
  return runCalls(program, calls, machine, base, (index) => ({
    kind: 'func',
    address: symbols.get(`f${index}`) as number,
    reference: 0,
    type: module.types[module.functionTypes[index]],
  }));
}

/** What differs between the engines; undefined when nothing does or the program is not valid. */
export function difference(program: Program, calls: readonly Call[], wild: boolean): string | undefined {
  const asked = askNode(program, calls);
  if (!asked || asked.ending.length === 0) return undefined;
  for (const [mode, ask] of [
    ['checked', askChecked],
    ['chip', askBare],
  ] as const) {
    if (mode === 'chip' && wild) continue;
    let got: Outcome;
    try {
      got = ask(program, asked.ending);
    } catch (error) {
      return `${mode}: ${(error as Error).message.split('\n')[0]}`;
    }
    const { results, memory } = asked.outcome;
    for (const [i, { index, args }] of asked.ending.entries())
      if (got.results[i] !== results[i])
        return `${mode}: f${index}(${args.join(', ')}) is ${got.results[i]}, should be ${results[i]}`;
    const at = got.memory.findIndex((byte, i) => byte !== memory[i]);
    if (at >= 0) return `${mode}: byte ${at} of memory is ${got.memory[at]}, should be ${memory[at]}`;
  }
  return undefined;
}
