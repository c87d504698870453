/** Runs the JSON files that wabt's wast2json makes of the official WebAssembly tests. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidModule, MalformedModule, UnlinkableModule, UnsupportedModule } from '../errors.ts';
import { decodeModule } from '../front/decode.ts';
import type { ValueType } from '../front/module.ts';
import { validateModule } from '../front/validate.ts';
import { createStore, type Exports, type Instance, instantiate, type Store } from '../host/instantiate.ts';
import { invoke, type TypedValue } from '../host/invoke.ts';
import { createMachine, Trap, UnsupportedTrap } from '../host/machine.ts';
import { createSpectest } from '../host/spectest.ts';
import { bytesOf } from '../linkage.ts';

interface JsonValue {
  readonly type: string;
  readonly value?: string | readonly string[];
}

interface Action {
  readonly type: 'invoke' | 'get';
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly JsonValue[];
}

interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly filename?: string;
  readonly module_type?: string;
  readonly as?: string;
  readonly action?: Action;
  readonly expected?: readonly JsonValue[];
  readonly text?: string;
}

export interface ScriptReport {
  passed: number;
  readonly failures: string[];
  /** Commands that were not run, by what they are about: "f64", "SIMD", "text syntax". */
  readonly skipped: Map<string, number>;
  /** Skipped modules, each with its reason. */
  readonly skips: string[];
}

/** How many commands were skipped for whatever reason. */
export function skippedIn({ skipped }: ScriptReport): number {
  return [...skipped.values()].reduce((sum, count) => sum + count, 0);
}

interface Runner {
  readonly folder: string;
  readonly report: ScriptReport;
  store: Store;
  /** Instances by name; of a skipped module what it was skipped for. */
  readonly named: Map<string, Instance | string>;
  /** Names under which skipped modules were registered, with the reason. */
  readonly missing: Map<string, string>;
  /** The module that the next actions without a name go to. */
  current: Instance | string;
  /** What an action was skipped for whose doings the assertions behind it are about, up to the next action. */
  behind: string | undefined;
}

export interface ScriptOptions {
  /** Check between all steps of the compiler what must hold there. */
  readonly verify?: boolean;
}

/** Runs one file; never throws for what the tests do, only when the file cannot be read. */
export function runScript(path: string, { verify = false }: ScriptOptions = {}): ScriptReport {
  const { commands } = JSON.parse(readFileSync(path, 'utf8')) as { commands: Command[] };
  const store = createStore(createMachine({ maxCycles: 2e9 }), { verify });
  store.modules.set('spectest', createSpectest(store));
  const report: ScriptReport = { passed: 0, failures: [], skipped: new Map(), skips: [] };
  const runner: Runner = {
    folder: dirname(path),
    report,
    store,
    named: new Map(),
    missing: new Map(),
    current: 'no module',
    behind: undefined,
  };
  for (const command of commands) runCommand(runner, command);
  return report;
}

/** A command is about something that is not compiled: f64, SIMD; the message names it. */
class Skipped extends Error {}

function runCommand(runner: Runner, command: Command): void {
  const { report } = runner;
  try {
    const handler = handlers[command.type];
    if (!handler) {
      report.skips.push(`line ${command.line}: ${command.type} is not a command of WebAssembly 2.0`);
      throw new Skipped('newer than 2.0');
    }
    const problem = handler(runner, command);
    if (problem === undefined) report.passed++;
    else report.failures.push(`line ${command.line}: ${command.type}: ${problem}`);
  } catch (error) {
    const about = subjectOf(error);
    if (about !== undefined) report.skipped.set(about, (report.skipped.get(about) ?? 0) + 1);
    else report.failures.push(`line ${command.line}: ${command.type}: ${(error as Error).message}`);
  }
}

/** What an error says is not compiled; undefined for errors of other kinds. */
function subjectOf(error: unknown): string | undefined {
  if (error instanceof UnsupportedModule) return error.feature;
  if (error instanceof UnsupportedTrap) return error.message.includes('f64') ? 'f64' : 'SIMD';
  return error instanceof Skipped ? error.message : undefined;
}

/** Returns what went wrong, or undefined. */
type Handler = (runner: Runner, command: Command) => string | undefined;

const handlers: Readonly<Record<string, Handler>> = {
  module: (runner, command) => {
    const keep = (result: Instance | string) => {
      runner.current = result;
      if (command.name) runner.named.set(command.name, result);
    };
    keep('no module');
    runner.behind = undefined;
    try {
      keep(load(runner, command));
    } catch (error) {
      keep(subjectOf(error) ?? 'a module that failed');
      throw error;
    }
    return undefined;
  },
  register: (runner, { name, as }) => {
    const alias = as as string;
    const found = name === undefined ? runner.current : runner.named.get(name);
    if (typeof found === 'string') runner.missing.set(alias, found);
    runner.store.modules.set(alias, instanceOf(runner, name).exports);
    runner.missing.delete(alias);
    return undefined;
  },
  action: (runner, { action }) => {
    runner.behind = undefined;
    try {
      perform(runner, action as Action);
    } catch (error) {
      runner.behind = subjectOf(error);
      throw error;
    }
    return undefined;
  },
  assert_return: (runner, { action, expected }) => {
    if (runner.behind !== undefined) throw new Skipped(runner.behind);
    const values = perform(runner, action as Action);
    const wanted = expected ?? [];
    if (values.length !== wanted.length)
      return `${values.length} results where ${wanted.length} are expected`;
    const wrong = values.findIndex((value, i) => !matches(value, wanted[i]));
    if (wrong < 0) return undefined;
    return `${(action as Action).field} gave ${show(values[wrong])}, expected ${wanted[wrong].type} ${wanted[wrong].value}`;
  },
  assert_trap: expectTrap,
  assert_exhaustion: expectTrap,
  // Segments that do not fit were a link error before WebAssembly 2.0 and are a trap since.
  assert_uninstantiable: (runner, command) => expectError(() => load(runner, command)),
  assert_unlinkable: (runner, command) => expectError(() => load(runner, command)),
  assert_invalid: rejects,
  assert_malformed: rejects,
};

const newerFeatures = new Set(['several memories', 'shared memory', 'memory64', 'exceptions', 'GC types']);

/** Modules in text form test the text parser, which is not part of this compiler. */
function rejects(runner: Runner, { filename, module_type }: Command): string | undefined {
  if (module_type === 'text') throw new Skipped('text syntax');
  const bytes = readFileSync(join(runner.folder, filename as string));
  try {
    // What later versions allow in constant expressions is compiled, but these tests hold to 2.0.
    const module = decodeModule(bytes);
    validateModule(module, { extendedConstants: false });
    // In bodies, too.
    if ([...module.refused.values()].some(({ feature }) => feature !== 'SIMD')) return undefined;
  } catch (error) {
    if (error instanceof MalformedModule || error instanceof InvalidModule) return undefined;
    // To a reader of 2.0 these are malformed.
    if (error instanceof UnsupportedModule && newerFeatures.has(error.feature)) return undefined;
    throw error;
  }
  return 'the module was accepted';
}

function expectTrap(runner: Runner, { action, text }: Command): string | undefined {
  try {
    perform(runner, action as Action);
  } catch (error) {
    if (!(error instanceof Trap) || error instanceof UnsupportedTrap) throw error;
    const same = error.message.startsWith(text ?? '') || (text ?? '').startsWith(error.message);
    return same ? undefined : `trapped with "${error.message}", expected "${text}"`;
  }
  return 'did not trap';
}

function expectError(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof UnsupportedTrap) throw error;
    if (error instanceof Trap || error instanceof UnlinkableModule) return undefined;
    throw error;
  }
  return 'the module was instantiated';
}

function load(runner: Runner, { filename, line }: Command): Instance {
  const bytes = readFileSync(join(runner.folder, filename as string));
  const skip = (reason: string, about: string): never => {
    runner.report.skips.push(`${filename} (line ${line}): ${reason}`);
    throw new Skipped(about);
  };
  try {
    const module = decodeModule(bytes);
    validateModule(module);
    const absent = module.imports.find((entry) => runner.missing.has(entry.module));
    if (absent)
      skip(`imports from ${absent.module}, which was skipped`, runner.missing.get(absent.module) as string);
    return instantiate(runner.store, module);
  } catch (error) {
    if (!(error instanceof UnsupportedModule)) throw error;
    return skip(error.message, error.feature);
  }
}

function instanceOf(runner: Runner, name: string | undefined): Instance {
  const instance = name === undefined ? runner.current : runner.named.get(name);
  if (instance === undefined) throw new Error(`there is no module ${name}`);
  if (typeof instance === 'string') throw new Skipped(instance);
  return instance;
}

function perform(runner: Runner, action: Action): TypedValue[] {
  const exports: Exports = instanceOf(runner, action.module).exports;
  const found = exports.get(action.field);
  if (!found) throw new Error(`there is no export ${action.field}`);
  if (action.type === 'invoke') {
    if (found.kind !== 'func') throw new Error(`${action.field} is not a function`);
    return invoke(runner.store.machine, found, (action.args ?? []).map(toValue));
  }
  if (found.kind !== 'global') throw new Error(`${action.field} is not a global`);
  const { type } = found.type;
  const words = bytesOf(type) / 4;
  return [
    {
      type,
      words: Array.from({ length: words }, (_, i) => runner.store.machine.word(found.address + 4 * i)),
    },
  ];
}

function toValue({ type, value }: JsonValue): TypedValue {
  if (type === 'i64' || type === 'f64') {
    const bits = BigInt(value as string);
    return { type, words: [Number(BigInt.asIntN(32, bits)), Number(BigInt.asIntN(32, bits >> 32n))] };
  }
  if (type === 'i32' || type === 'f32') return { type, words: [Number(value) | 0] };
  // An external reference is its number plus one, as 0 is null.
  if (type === 'externref' || type === 'funcref')
    return { type: type as ValueType, words: [value === 'null' ? 0 : Number(value) + 1] };
  throw new Skipped(type === 'v128' ? 'SIMD' : type);
}

const EXPONENT = 0x7f800000;
const QUIET = 0x00400000;

function matches(actual: TypedValue, expected: JsonValue): boolean {
  const { type, value } = expected;
  if (type !== actual.type) return false;
  const [bits] = actual.words;
  if (type === 'f32' && value === 'nan:canonical') return (bits & 0x7fffffff) === (EXPONENT | QUIET);
  if (type === 'f32' && value === 'nan:arithmetic') return (bits & (EXPONENT | QUIET)) === (EXPONENT | QUIET);
  if (type === 'funcref' && value === undefined) return bits !== 0;
  if (type === 'externref' && value === undefined) return bits !== 0;
  return toValue(expected).words.every((word, i) => word === actual.words[i]);
}

function show({ type, words }: TypedValue): string {
  return `${type} ${words.map((word) => `0x${(word >>> 0).toString(16)}`).join(' ')}`;
}
