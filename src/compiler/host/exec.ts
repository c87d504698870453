/** One exported function of a WebAssembly file, run on the simulated core: what `esp32-llm exec FILE.wasm` does. */
import type { ExplainedLine } from '../../chip/index.ts';
import { UsageError } from '../../errors.ts';
import type { ListedLine } from '../../xtensa/index.ts';
import { decodeModule } from '../front/decode.ts';
import { functionTypeOf, type ValueType } from '../front/module.ts';
import { validateModule } from '../front/validate.ts';
import { floatOf } from '../middle/operations.ts';
import { createStore, type Extern, instantiate } from './instantiate.ts';
import { invoke, type TypedValue } from './invoke.ts';
import { createMachine, type Machine, Trap } from './machine.ts';
import { createSpectest } from './spectest.ts';

export interface WasmRun {
  readonly results: readonly TypedValue[];
  /** Of the call alone, without start function and set-up. */
  readonly cycles: number;
  readonly instructions: number;
  /** Where `explain` asked for it. */
  readonly explained?: WasmExplanation;
}

export interface WasmExplanation {
  /** The module's machine code. */
  readonly code: readonly ListedLine[];
  /** Where the cycles of the call's first instructions went, by address. */
  readonly lines: readonly ExplainedLine[];
  readonly instructions: number;
}

export interface ExportedFunction {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface WasmExecOptions {
  /** Exported function; without it only the start function runs. */
  readonly invoke?: string;
  /** As on the command line: decimal or 0x numbers, `nan`, `inf`. */
  readonly args?: readonly string[];
  readonly maxCycles?: number;
  /** Bytes of simulated memory. Default: 640 MB. */
  readonly memoryBytes?: number;
  /** Looks at so many instructions of the call one by one, at most. */
  readonly explain?: number;
}

/** The functions that a module exports; throws where it is none. */
export function exportedFunctions(bytes: Uint8Array): ExportedFunction[] {
  const module = decodeModule(bytes);
  validateModule(module);
  return module.exports.flatMap(({ name, kind, index }) =>
    kind === 'func' ? [{ name, ...functionTypeOf(module, index) }] : [],
  );
}

/** Throws a UsageError for a wrong name or argument, a Trap when the program traps. */
export function executeWasm(bytes: Uint8Array, options: WasmExecOptions = {}): WasmRun {
  const module = decodeModule(bytes);
  validateModule(module);
  const machine = createMachine(options);
  const store = createStore(machine);
  store.modules.set('spectest', createSpectest(store));
  const instance = instantiate(store, module);
  const { exports } = instance;
  if (options.invoke === undefined)
    return { results: [], cycles: machine.cycles, instructions: machine.instructions };
  const fn = exports.get(options.invoke);
  if (fn?.kind !== 'func') throw new UsageError(unknownFunction(options.invoke, exports));
  const texts = options.args ?? [];
  if (texts.length !== fn.type.params.length)
    throw new UsageError(
      `${options.invoke} takes (${fn.type.params.join(', ')}), ${fn.type.params.length} in all, and ${texts.length} were given`,
    );
  const args = texts.map((text, i) => parseValue(text, fn.type.params[i]));
  const before = { cycles: machine.cycles, instructions: machine.instructions };
  const results = invokeNamed(machine, options.invoke, fn, args);
  const run = {
    results,
    cycles: machine.cycles - before.cycles,
    instructions: machine.instructions - before.instructions,
  };
  if (options.explain === undefined) return run;
  return { ...run, explained: explainCall(bytes, options, options.explain) };
}

/** The same call once more, looked at: the machine is another, for what the first call left behind. */
function explainCall(
  bytes: Uint8Array,
  { invoke: name, args = [], memoryBytes }: WasmExecOptions,
  most: number,
): WasmExplanation {
  const machine = createMachine({ memoryBytes });
  const store = createStore(machine);
  store.modules.set('spectest', createSpectest(store));
  const { exports, code } = instantiate(store, decodeModule(bytes));
  const fn = exports.get(name!) as Extern & { kind: 'func' };
  const lines = machine.explain(most);
  const before = machine.instructions;
  invoke(
    machine,
    fn,
    args.map((text, i) => parseValue(text, fn.type.params[i])),
  );
  const instructions = Math.min(most, machine.instructions - before);
  return { code: code(), lines: lines(), instructions };
}

function invokeNamed(
  machine: Machine,
  name: string,
  fn: Extern & { kind: 'func' },
  args: readonly TypedValue[],
): TypedValue[] {
  try {
    return invoke(machine, fn, args);
  } catch (error) {
    if (error instanceof Trap) throw new Trap(`${name} trapped: ${error.message}`);
    throw error;
  }
}

function unknownFunction(name: string, exports: ReadonlyMap<string, Extern>): string {
  const names = [...exports].flatMap(([known, { kind }]) => (kind === 'func' ? [known] : []));
  return `the module exports no function "${name}"; it exports ${names.join(', ') || 'none'}`;
}

const scratch = new DataView(new ArrayBuffer(8));

/** A command-line argument as a value of a type. */
export function parseValue(text: string, type: ValueType): TypedValue {
  if (type === 'f32') {
    const number = /^[+-]?inf(inity)?$/i.test(text)
      ? Number(text.replace(/inf(inity)?/i, 'Infinity'))
      : /^[+-]?nan$/i.test(text)
        ? Number.NaN
        : Number(text);
    if (text.trim() === '' || (Number.isNaN(number) && !/nan$/i.test(text)))
      throw new UsageError(`"${text}" is not a number`);
    scratch.setFloat32(0, number);
    return { type, words: [scratch.getInt32(0)] };
  }
  if (type === 'f64') {
    scratch.setFloat64(0, Number(text));
    return { type, words: [scratch.getInt32(4), scratch.getInt32(0)] };
  }
  if (type === 'externref' || type === 'funcref') {
    if (text !== 'null' && type === 'funcref') throw new UsageError('a function reference can only be null');
    return { type, words: [text === 'null' ? 0 : Number(parseInteger(text, 32)) + 1] };
  }
  const bits = type === 'i64' ? 64 : 32;
  const value = parseInteger(text, bits);
  const words = [Number(BigInt.asIntN(32, value))];
  if (bits === 64) words.push(Number(BigInt.asIntN(32, value >> 32n)));
  return { type, words };
}

function parseInteger(text: string, bits: 32 | 64): bigint {
  const match = /^([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(text.replaceAll('_', ''));
  const value = match ? BigInt(match[2]) * (match[1] === '-' ? -1n : 1n) : undefined;
  if (value === undefined || value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits))
    throw new UsageError(`"${text}" is not an i${bits}`);
  return value;
}

/** `5`, `-1.5`, `nan:0x7fc00000`, `null`: integers signed, floats as JavaScript writes them. */
export function formatValue({ type, words }: TypedValue): string {
  if (type === 'i64') return String(BigInt.asIntN(64, (BigInt(words[1]) << 32n) | BigInt(words[0] >>> 0)));
  if (type === 'i32') return String(words[0] | 0);
  if (type !== 'f32') return words[0] === 0 ? 'null' : `${type}:0x${(words[0] >>> 0).toString(16)}`;
  const value = floatOf(words[0]);
  if (Number.isNaN(value)) return `nan:0x${(words[0] >>> 0).toString(16)}`;
  if (Object.is(value, -0)) return '-0';
  return shortest(value);
}

/** The fewest digits that still name this single-precision number. */
function shortest(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
