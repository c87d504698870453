/** Node's own WebAssembly engine as the judge of what a module must do. */
import { expect } from 'vitest';
import { compileModule } from '../compile.ts';
import type { ValueType } from '../front/module.ts';
import { formatValue, parseValue } from '../host/exec.ts';
import { invoke } from '../host/invoke.ts';
import { createMachine, loadObject, Trap } from '../host/machine.ts';
import { assembleWat, type RunOptions, run } from './run.ts';

export type Call = readonly [name: string, ...args: number[]];

type HostFunction = (...args: readonly number[]) => number | bigint | undefined;

/** What Node says to the calls, one text each; "trap" for one that traps. */
export function askNode(wasm: Uint8Array, calls: readonly Call[]): string[] {
  const module = new WebAssembly.Module(wasm.slice().buffer);
  const { exports } = new WebAssembly.Instance(module, {});
  return calls.map(([name, ...args]) =>
    orTrap(
      () => String((exports[name] as HostFunction)(...args) ?? ''),
      (error) => error instanceof WebAssembly.RuntimeError,
    ),
  );
}

/** What our compiler's code says, in a memory of its own with bounds checks. */
export function askChip(wasm: Uint8Array, calls: readonly Call[], options: RunOptions = {}): string[] {
  const running = run(wasm, options);
  return calls.map(([name, ...args]) =>
    orTrap(
      () => running.call(name, ...args),
      (error) => error instanceof Trap,
    ),
  );
}

function orTrap(ask: () => string, isTrap: (error: unknown) => boolean): string {
  try {
    return ask();
  } catch (error) {
    if (isTrap(error)) return 'trap';
    throw error;
  }
}

/** Both answers to the calls of a module in text form, beside each other; they should be equal. */
export function bothAnswers(
  wat: string,
  calls: readonly Call[],
  options: RunOptions = {},
): { chip: string[]; node: string[] } {
  const wasm = assembleWat(wat);
  return { chip: askChip(wasm, calls, options), node: askNode(wasm, calls) };
}

export function expectSame(wat: string, calls: readonly Call[]): void {
  const { chip, node } = bothAnswers(wat, calls);
  expect(chip).toEqual(node);
}

/** Calls of one function with each of these arguments. */
export const calls = (name: string, ...list: readonly (readonly number[])[]): Call[] =>
  list.map((args) => [name, ...args]);

export interface Bare {
  /** Address of the memory set aside: 64 KB of zeros. */
  readonly base: number;
  readonly codeBytes: number;
  call(name: string, ...args: readonly number[]): string;
}

/** A module compiled for the chip (addresses are the machine's, nothing is checked), on the simulated core. */
export function runBare(wat: string, { verify = true }: RunOptions = {}): Bare {
  const { object, module, exports } = compileModule(assembleWat(wat), {
    trapSymbol: 'host.trap',
    verify,
  });
  const machine = createMachine({ maxCycles: 1e8 });
  const base = machine.reserve('data', 65536, 4096);
  const symbols = loadObject(machine, object);
  const code = object.sections.filter(({ name }) => name.startsWith('.text'));
  return {
    base,
    codeBytes: code.reduce((sum, { bytes }) => sum + bytes.length, 0),
    call(name, ...args) {
      const index = exports.find((entry) => entry.name === name)?.index ?? 0;
      const type = module.types[module.functionTypes[index]];
      const address = symbols.get(name) as number;
      const values = args.map((arg, i) => parseValue(String(arg), type.params[i] as ValueType));
      return invoke(machine, { kind: 'func', address, reference: 0, type }, values)
        .map(formatValue)
        .join(' ');
    },
  };
}
