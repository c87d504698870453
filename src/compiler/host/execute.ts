/** Runs one exported function of a WebAssembly module on the simulated core, with arguments and results as text. */
import { FailureError, UsageError } from '../../errors.ts';
import { decodeModule } from '../decode.ts';
import type { ValueType } from '../module.ts';
import { validateModule } from '../validate.ts';
import { createStore, type Extern, instantiate } from './instantiate.ts';
import { invoke, type TypedValue } from './invoke.ts';
import { createMachine } from './machine.ts';
import { createSpectest } from './spectest.ts';

export interface WasmExecution {
  /** One text a result: decimal integers, shortest decimal fractions that give the same f32. */
  results: string[];
  instructions: number;
  cycles: number;
}

const RANGES: Partial<Record<ValueType, readonly [bits: number, least: bigint, most: bigint]>> = {
  i32: [32, -(2n ** 31n), 2n ** 32n - 1n],
  i64: [64, -(2n ** 63n), 2n ** 64n - 1n],
};

/** Instantiates the module, calls `name`, and counts what the call took. @throws FailureError on a trap */
export function executeWasm(
  wasm: Uint8Array,
  name: string,
  args: readonly string[],
  maxCycles?: number,
): WasmExecution {
  const module = decodeModule(wasm);
  validateModule(module);
  const machine = createMachine(maxCycles === undefined ? {} : { maxCycles });
  const store = createStore(machine);
  store.modules.set('spectest', createSpectest(store));
  const { exports } = instantiate(store, module);
  const fn = findFunction(exports, name);
  const { params } = fn.type;
  if (args.length !== params.length) {
    throw new UsageError(
      `${name} takes ${params.length} arguments (${params.join(', ') || 'none'}) and ${args.length} were given`,
    );
  }
  const values = args.map((text, i) => parseValue(text, params[i]));
  const before = { cycles: machine.cycles, instructions: machine.instructions };
  const results = invoke(machine, fn, values).map(formatValue);
  return {
    results,
    instructions: machine.instructions - before.instructions,
    cycles: machine.cycles - before.cycles,
  };
}

function findFunction(exports: ReadonlyMap<string, Extern>, name: string): Extern & { kind: 'func' } {
  const found = exports.get(name);
  if (found?.kind === 'func') return found;
  const functions = [...exports].filter(([, { kind }]) => kind === 'func').map(([key]) => key);
  throw new UsageError(`the module exports no function ${name}; it has ${functions.join(', ') || 'none'}`);
}

/** A value of a parameter's type: integers in decimal or 0x, f32 also nan, inf and -inf. */
export function parseValue(text: string, type: ValueType): TypedValue {
  const range = RANGES[type];
  if (range) {
    const value = parseInteger(text);
    const [, least, most] = range;
    if (value === undefined || value < least || value > most)
      throw new UsageError(`${text} is not an ${type}`);
    const low = Number(BigInt.asIntN(32, value));
    return { type, words: type === 'i32' ? [low] : [low, Number(BigInt.asIntN(32, value >> 32n))] };
  }
  if (type === 'f32') {
    const value =
      { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY }[text] ??
      Number(text);
    if (text.trim() === '' || (Number.isNaN(value) && text !== 'nan'))
      throw new UsageError(`${text} is not an f32`);
    return { type, words: [new Int32Array(Float32Array.of(value).buffer)[0]] };
  }
  throw new FailureError(`a parameter of type ${type} cannot be given on the command line`);
}

function parseInteger(text: string): bigint | undefined {
  const match = /^([+-]?)(\d+|0x[0-9a-f]+)$/i.exec(text);
  if (!match) return undefined;
  return match[1] === '-' ? -BigInt(match[2]) : BigInt(match[2]);
}

function formatValue({ type, words }: TypedValue): string {
  if (type === 'i32') return String(words[0] | 0);
  if (type === 'i64') return String(BigInt.asIntN(64, (BigInt(words[1]) << 32n) | BigInt(words[0] >>> 0)));
  if (type === 'f32') return formatSingle(new Float32Array(Int32Array.of(words[0]).buffer)[0]);
  return words[0] === 0 ? 'null' : `reference 0x${(words[0] >>> 0).toString(16)}`;
}

/** Fewest digits that read back as the same single. */
function formatSingle(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}
