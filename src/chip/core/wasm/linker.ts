/**
 * Makes functions of translations, one WebAssembly module for each or for many. Both cores of a chip share them: a function gets the
 * address of a core's state, and what it calls reaches the core that is running.
 */
import type { Memory } from '../../bus/index.ts';
import { pieViews, qaccTexts } from '../../pie/index.ts';
import { LAYOUT, TIME } from '../state.ts';
import { compileBody } from './body.ts';
import { runText, turnsText } from './dispatch.ts';
import { type Body, type ModuleParts, moduleOf, smallModuleOf } from './module.ts';
import type { Import, Names, View } from './names.ts';
import { type SharedFunction, sharedFunctions, sharedModule, smallInlines } from './shared.ts';

type HostFunction = (...values: number[]) => unknown;

/** What translated code calls, by its name in the text. */
export type HostFunctions = Readonly<Record<string, HostFunction>>;

/** Runs for the core whose state is there. @returns what its text returns: the address to go on at */
export type Run = (state: number) => number;

/** A translation's function, and its number in the table. */
export interface Linked {
  readonly run: Run;
  readonly index: number;
}

export interface Linker {
  /** Bodies of a translation's text, of a kind that can be kept between runs. */
  compile(text: string): readonly number[];
  link(bodies: readonly Body[]): Linked[];
  /** wasm/dispatch.ts */
  readonly run: Run;
  readonly turns: Run;
  /** What bodies rest on beside their text: others are for other memories, or other code. */
  readonly surroundings: string;
}

/** A core's side: its functions, and what one of them threw. */
export interface Caller {
  readonly functions: HostFunctions;
  readonly time: Int32Array;
  error: unknown;
}

interface Shared extends Linker {
  readonly callers: Caller[];
  /** The functions of both cores, by name. */
  readonly functions: ReadonlyMap<string, HostFunction[]>;
  /** The core that runs; whether something happened that ends the cores' turns. */
  readonly words: Int32Array;
}

const FIRST_TABLE = 1024;

const inState = (offset: number, element: View['element']): View => ({ offset, element, inState: true });
const inMemory = (offset: number, element: View['element']): View => ({ offset, element, inState: false });

const viewsOf = ({
  loadMapOffset,
  storeMapOffset,
  codeMapOffset,
  shared,
}: Memory): ReadonlyMap<string, View> =>
  new Map<string, View>([
    ['$AR', inState(LAYOUT.ar, 'i32')],
    ['$SR', inState(LAYOUT.special, 'i32')],
    ['$T', inState(LAYOUT.time, 'i32')],
    ['$MR', inState(LAYOUT.mr, 'i32')],
    ['$TP', inState(LAYOUT.threadPointer, 'i32')],
    ['$W', inState(LAYOUT.words, 'i32')],
    ['$FI', inState(LAYOUT.fpu, 'i32')],
    ['$FC', inState(LAYOUT.fpu + 64, 'i32')],
    ['fpu_f', inState(LAYOUT.fpu, 'f32')],
    ['fpu_control', inState(LAYOUT.fpu + 64, 'i32')],
    ...Object.entries(pieViews).map(
      ([name, { offset, element }]) => [name, inState(offset, element)] as const,
    ),
    ['$LM', inMemory(loadMapOffset, 'i32')],
    ['$SM', inMemory(storeMapOffset, 'i32')],
    ['$CM', inMemory(codeMapOffset, 'i32')],
    ['$M8', inMemory(0, 'u8')],
    ['$MS8', inMemory(0, 'i8')],
    ['$M16', inMemory(0, 'u16')],
    ['$MS16', inMemory(0, 'i16')],
    ['$M32', inMemory(0, 'i32')],
    ['$D', inMemory(0, 'f64')],
    ['$A', inMemory(shared.byteOffset, 'i32')],
  ]);

const sharedBy = new WeakMap<Memory, Shared>();

/**
 * The linker of a memory, for one of the cores that work on it.
 * @returns what must be called before the core runs
 */
export function joinLinker(
  memory: Memory,
  core: number,
  caller: Caller,
): { linker: Linker; activate: () => void } {
  const known = sharedBy.get(memory);
  const shared = known ?? createShared(memory, caller.functions);
  if (!known) sharedBy.set(memory, shared);
  shared.callers[core] = caller;
  for (const [name, own] of shared.functions) own[core] = caller.functions[name];
  return {
    linker: shared,
    activate() {
      shared.words[0] = core;
    },
  };
}

/** Modules of at least so many functions contain the shared ones, which they then call directly; smaller ones import those that they call. */
const MANY = 16;

/** What is the same for all memories that are laid out alike, and whose hosts offer the same. */
interface Ground {
  readonly surroundings: string;
  readonly imported: ModuleParts['imports'];
  /** Those, and the shared functions. */
  readonly known: ModuleParts['imports'];
  readonly own: readonly SharedFunction[];
  readonly context: Names;
  readonly modules: { readonly shared: WebAssembly.Module; readonly dispatch: WebAssembly.Module };
}

const grounds = new Map<string, Ground>();

function groundOf(memory: Memory, functions: HostFunctions): Ground {
  const names = hostNames(functions);
  const imported = names.map((name) => [name, functions[name].length] as const);
  const { loadMapOffset, storeMapOffset, codeMapOffset, shared } = memory;
  const layout = [loadMapOffset, storeMapOffset, codeMapOffset];
  const key = [...layout, shared.byteOffset, ...imported.flat()].join(' ');
  const found = grounds.get(key);
  if (found) return found;
  const failed = LAYOUT.time + 4 * TIME.failed;
  const views = viewsOf(memory);
  const host = imported.map(([name, parameters], index): [string, Import] => [name, { index, parameters }]);
  const own = sharedFunctions({ views, imports: new Map(host), inlines: new Map(), failed });
  const known = [...imported, ...own.map(({ name, parameters }) => [name, parameters] as const)];
  const imports = new Map(
    known.map(([name, parameters], index): [string, Import] => [
      name,
      { index, parameters, takesState: index >= imported.length },
    ]),
  );
  const context: Names = { views, imports, inlines: smallInlines, failed };
  // The second calls the first.
  const dispatch: Names = { ...context, imports: new Map([['$run', { index: 0, parameters: 1 }]]) };
  const ground: Ground = {
    surroundings: [...layout, ...imports.keys()].join(' '),
    imported,
    known,
    own,
    context,
    modules: {
      shared: sharedModule(imported, own),
      dispatch: moduleFrom(
        moduleOf({
          imports: [],
          withTable: true,
          bodies: [runText, turnsText].map((text) => compileBody(text, dispatch)),
        }),
      ),
    },
  };
  grounds.set(key, ground);
  return ground;
}

const hostNames = (functions: HostFunctions): string[] =>
  Object.keys(functions)
    .filter((name) => !qaccTexts.has(name))
    .sort();

const moduleFrom = (bytes: Uint8Array): WebAssembly.Module => new WebAssembly.Module(bytes as BufferSource);

const instantiate = (
  module: WebAssembly.Module,
  environment: Record<string, WebAssembly.ImportValue>,
): WebAssembly.Exports => new WebAssembly.Instance(module, { e: environment }).exports;

function createShared(memory: Memory, functions: HostFunctions): Shared {
  const { surroundings, imported, known, own, context, modules } = groundOf(memory, functions);
  // Every instance that knows a table is told of each of its entries: only the dispatcher knows it.
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: FIRST_TABLE });
  let entries = 0;
  const environment: Record<string, WebAssembly.ImportValue> = { memory: memory.wasm, table };
  const runsOf = (module: WebAssembly.Module, count: number): Run[] => {
    const exported = instantiate(module, environment);
    return Array.from({ length: count }, (_, index) => exported[`r${index}`] as Run);
  };
  const callees = {
    callers: [] as Caller[],
    functions: new Map(hostNames(functions).map((name): [string, HostFunction[]] => [name, []])),
    words: memory.shared,
  };
  for (const [name, parameters] of imported)
    environment[name] = reached(callees, callees.functions.get(name)!, parameters);
  Object.assign(environment, instantiate(modules.shared, environment));
  const [run, turns] = runsOf(modules.dispatch, 2);
  return {
    ...callees,
    run,
    turns,
    surroundings,
    compile: (text) => compileBody(text, context),
    link(bodies) {
      if (entries + bodies.length > table.length) table.grow(table.length + bodies.length);
      const bytes =
        bodies.length < MANY ? smallModuleOf(known, bodies) : moduleOf({ imports: imported, own, bodies });
      return runsOf(moduleFrom(bytes), bodies.length).map((run) => {
        table.set(entries, run);
        return { run, index: entries++ };
      });
    },
  };
}

/** The functions of a name, by core. What the active core's throws is kept there, and the code that called it leaves. */
function reached(
  { callers, words }: Pick<Shared, 'callers' | 'words'>,
  own: readonly HostFunction[],
  parameters: number,
): HostFunction {
  const failed = (error: unknown) => {
    const active = callers[words[0]];
    active.error = error;
    active.time[TIME.failed] = 1;
    return 0;
  };
  const all = (...values: number[]): unknown => {
    try {
      return own[words[0]](...values);
    } catch (error) {
      return failed(error);
    }
  };
  // One for each usual number of arguments: an array of them costs more than most of the calls.
  const few: readonly HostFunction[] = [
    () => {
      try {
        return own[words[0]]();
      } catch (error) {
        return failed(error);
      }
    },
    (a) => {
      try {
        return own[words[0]](a);
      } catch (error) {
        return failed(error);
      }
    },
    (a, b) => {
      try {
        return own[words[0]](a, b);
      } catch (error) {
        return failed(error);
      }
    },
    (a, b, c) => {
      try {
        return own[words[0]](a, b, c);
      } catch (error) {
        return failed(error);
      }
    },
  ];
  return few[parameters] ?? all;
}
