/**
 * Makes functions of translations, one WebAssembly module for each or for many. Both cores of a chip share them: a function gets the
 * address of a core's state, and what it calls reaches the core that is running.
 */
import type { Memory } from '../../bus/index.ts';
import { pieViews, simdInlines } from '../../pie/index.ts';
import { LAYOUT, TIME } from '../state.ts';
import { compileBody } from './body.ts';
import { runText, turnsText } from './dispatch.ts';
import type { Import, Names, View } from './names.ts';
import { I32, pushUnsigned } from './opcodes.ts';

/** What translated code calls, by its name in the text. */
export type HostFunctions = Readonly<Record<string, (...values: number[]) => unknown>>;

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
  link(bodies: readonly (readonly number[] | Uint8Array)[]): Linked[];
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
  /** The core that runs; whether something happened that ends the cores' turns. */
  readonly words: Int32Array;
}

const MOST_PARAMETERS = 8;
const FIRST_TABLE = 1024;

const inState = (offset: number, element: View['element']): View => ({ offset, element, inState: true });
const inMemory = (offset: number, element: View['element']): View => ({ offset, element, inState: false });

const viewsOf = ({ loadMapOffset, storeMapOffset, shared }: Memory): ReadonlyMap<string, View> =>
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
  return {
    linker: shared,
    activate() {
      shared.words[0] = core;
    },
  };
}

function createShared(memory: Memory, functions: HostFunctions): Shared {
  const names = Object.keys(functions).sort();
  const imports = new Map(
    names.map((name, index): [string, Import] => [name, { index, parameters: functions[name].length }]),
  );
  const context: Names = {
    views: viewsOf(memory),
    imports,
    inlines: new Map([...simdInlines].map(([name, inline]) => [`pie_${name}`, inline])),
    failed: LAYOUT.time + 4 * TIME.failed,
  };
  // Every instance that knows a table is told of each of its entries: only the dispatcher knows it.
  const head = headOf([...imports], false);
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: FIRST_TABLE });
  let entries = 0;
  const environment: Record<string, WebAssembly.ImportValue> = { memory: memory.wasm, table };
  const instantiate = (bodies: readonly (readonly number[] | Uint8Array)[], start = head): Run[] => {
    const module = new WebAssembly.Module(moduleOf(start, imports.size, bodies) as BufferSource);
    const { exports } = new WebAssembly.Instance(module, { e: environment });
    return bodies.map((_, index) => exports[`r${index}`] as Run);
  };
  const callees = { callers: [] as Caller[], words: memory.shared };
  for (const [name, { parameters }] of imports) environment[name] = reached(callees, name, parameters);
  // The second calls the first.
  const dispatch: Names = {
    ...context,
    imports: new Map([['$run', { index: imports.size, parameters: 1 }]]),
  };
  const [run, turns] = instantiate(
    [runText, turnsText].map((text) => compileBody(text, dispatch)),
    headOf([...imports], true),
  );
  return {
    ...callees,
    run,
    turns,
    surroundings: [memory.loadMapOffset, memory.storeMapOffset, ...names].join(' '),
    compile: (text) => compileBody(text, context),
    link(bodies) {
      if (entries + bodies.length > table.length) table.grow(table.length + bodies.length);
      return instantiate(bodies).map((run) => {
        table.set(entries, run);
        return { run, index: entries++ };
      });
    },
  };
}

/** The active core's function of a name. What it throws is kept there, and the code that called it leaves. */
function reached(
  { callers, words }: Pick<Shared, 'callers' | 'words'>,
  name: string,
  parameters: number,
): (...values: number[]) => unknown {
  const failed = (error: unknown) => {
    const active = callers[words[0]];
    active.error = error;
    active.time[TIME.failed] = 1;
    return 0;
  };
  const all = (...values: number[]): unknown => {
    try {
      return callers[words[0]].functions[name](...values);
    } catch (error) {
      return failed(error);
    }
  };
  // One for each usual number of arguments: an array of them costs more than most of the calls.
  const few: readonly ((a: number, b: number, c: number) => unknown)[] = [
    () => {
      try {
        return callers[words[0]].functions[name]();
      } catch (error) {
        return failed(error);
      }
    },
    (a) => {
      try {
        return callers[words[0]].functions[name](a);
      } catch (error) {
        return failed(error);
      }
    },
    (a, b) => {
      try {
        return callers[words[0]].functions[name](a, b);
      } catch (error) {
        return failed(error);
      }
    },
    (a, b, c) => {
      try {
        return callers[words[0]].functions[name](a, b, c);
      } catch (error) {
        return failed(error);
      }
    },
  ];
  return few[parameters] ?? all;
}

// The module, in the binary format of the WebAssembly core specification 2.0, section 5.5.

const sized = (bytes: readonly number[]): number[] => {
  const out: number[] = [];
  pushUnsigned(out, bytes.length);
  return out.concat(bytes);
};
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const counted = (items: readonly (readonly number[] | Uint8Array)[]): number[] => {
  const out: number[] = [];
  pushUnsigned(out, items.length);
  for (const item of items) for (const byte of item) out.push(byte);
  return out;
};
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);
const unsigned = (value: number): number[] => {
  const out: number[] = [];
  pushUnsigned(out, value);
  return out;
};

/** Type n takes n integers and gives one. */
const types = section(
  1,
  counted(
    Array.from({ length: MOST_PARAMETERS + 1 }, (_, n) => [
      0x60,
      ...unsigned(n),
      ...Array(n).fill(I32),
      1,
      I32,
    ]),
  ),
);

function headOf(imports: readonly (readonly [string, Import])[], withTable: boolean): number[] {
  const functions = imports.map(([name, { parameters }]) => [...text('e'), ...text(name), 0x00, parameters]);
  const memory = [...text('e'), ...text('memory'), 0x02, 0x00, 0x00];
  const table = [...text('e'), ...text('table'), 0x01, 0x70, 0x00, 0x00];
  return [
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...types,
    ...section(2, counted([...functions, memory, ...(withTable ? [table] : [])])),
  ];
}

function moduleOf(
  head: readonly number[],
  imported: number,
  bodies: readonly (readonly number[] | Uint8Array)[],
): Uint8Array {
  const functions = section(3, counted(bodies.map(() => [1])));
  const exported = section(
    7,
    counted(bodies.map((_, index) => [...text(`r${index}`), 0x00, ...unsigned(imported + index)])),
  );
  const count = unsigned(bodies.length);
  const code = bodies.reduce((sum, { length }) => sum + length, count.length);
  const before = [...head, ...functions, ...exported, 10, ...unsigned(code), ...count];
  const module = new Uint8Array(before.length + code - count.length);
  module.set(before);
  let at = before.length;
  for (const body of bodies) {
    module.set(body, at);
    at += body.length;
  }
  return module;
}
