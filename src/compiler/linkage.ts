/** How compiled code reaches what lies outside the function: names of symbols, and what the options decide. */
import { registersIn } from './back/abi.ts';
import type { Losses } from './back/selector.ts';
import { type ClosedTable, closedTable } from './front/closed-tables.ts';
import { type FunctionType, importCount, typeKey, type ValueType, type WasmModule } from './front/module.ts';

export interface CompileOptions {
  /** Values of imported immutable globals by "module.name"; folded as constants. */
  readonly globals?: Readonly<Record<string, number>>;
  /**
   * Imported immutable i32 globals by "module.name" whose value is known only when the program runs: the word in memory
   * that holds it. A function reads it once, when it begins.
   */
  readonly variables?: Readonly<Record<string, Word>>;
  /**
   * Chip mode, for code without fixed addresses: the 64 KB of WebAssembly addresses from `base` on are the module's static
   * data, and become offsets from `symbol`, in a section of the object. Numbers in that range must not mean anything else.
   */
  readonly staticData?: { readonly base: number; readonly symbol: string };
  /**
   * `chip`: WebAssembly addresses are chip addresses and nothing is checked. `checked`: memory is a region of its own
   * (symbols `memory`, `memory.size`), every access is checked, and so is the depth of the stack (`stack.limit`).
   */
  readonly memory?: 'chip' | 'checked';
  /**
   * Put the initial contents of memory into the object, too: in checked mode the memory with its data, in chip mode the
   * segments and a table `__wasm_data` of them (address, bytes, where they lie; then 0).
   */
  readonly contents?: boolean;
  /**
   * What imported functions may leave changed besides a0 and their results, by "module.name": `a2-a6 a8 f0-f4`, as kernels of the
   * contract declare it. Other imports may lose all that the calling convention lets them lose.
   */
  readonly clobbers?: Readonly<Record<string, string>>;
  /**
   * Symbols of the exports that are used, or `exports` for all of them. Functions that nothing leads to from there, once the globals' values are folded in, are left
   * out, their exports with them. By default everything is compiled.
   */
  readonly roots?: readonly string[] | 'exports';
  /** Check after every step what must hold between them; an error is this compiler's fault. */
  readonly verify?: boolean;
  /** Text of the module's source map, for messages. */
  readonly sourceMap?: string;
  /**
   * What becomes of a function that uses something unsupported (f64, SIMD): by default the module is refused if anything
   * leads to the function. With `trap` calling it is a trap whose number counts up from 256; see `trapNames`.
   */
  readonly unsupported?: 'refuse' | 'trap';
  /** Filled with the sentences of those traps; may be shared by several modules. */
  readonly trapNames?: string[];
  /** Symbol called on a trap, with the trap's number in a2. */
  readonly trapSymbol?: string;
  /** Symbols of imports in checked mode by "module.name"; see `instantiate.ts`. */
  readonly imports?: ReadonlyMap<string, string>;
  /** Shared by modules that call each other through tables, so that equal types get equal numbers. */
  readonly typeIds?: Map<string, number>;
}

/** A word of memory. */
export interface Word {
  readonly symbol: string;
  /** Bytes. */
  readonly offset: number;
}

/** A closed table as calls of one type see it. */
export interface Dispatch {
  readonly slots: ClosedTable;
  readonly type: FunctionType;
}

export interface Linkage {
  readonly options: CompileOptions;
  readonly checked: boolean;
  /** Symbol of a function's code. */
  readonly functionSymbol: (index: number) => string;
  /** Symbol of the two words {code, type} that a reference to a function points to. */
  readonly referenceSymbol: (index: number) => string;
  /** Registers that a call of a symbol may change, where that is known: of kernels, and of functions compiled already. */
  readonly lossesOf: Losses;
  readonly noteLosses: (symbol: string, registers: readonly number[]) => void;
  /** The contents of a table that nothing changes. */
  readonly closedTable: (index: number) => ClosedTable | undefined;
  /** Symbol of a closed table's code addresses for calls of one type; the traps are in it, too. */
  readonly dispatchSymbol: (table: number, type: FunctionType) => string;
  /** Those that the code refers to. */
  readonly dispatches: ReadonlyMap<string, Dispatch>;
  readonly globalAddress: (index: number) => Word;
  /** The word with the value of an imported immutable global, where the options name one. */
  readonly variable: (index: number) => Word | undefined;
  /** Value of an imported immutable global that the options give. */
  readonly foldedGlobal: (index: number) => number | undefined;
  /** Symbol of a table's three words {elements, size, maximum}. */
  readonly tableSymbol: (index: number) => string;
  readonly memorySymbol: string;
  readonly memorySizeSymbol: string;
  /** Whether memory keeps its size as long as one of the module's functions runs. */
  readonly memoryStays: boolean;
  readonly dataSymbol: (index: number) => string;
  /** Offset from the symbol of the static data, for an address that lies there. */
  readonly staticOffset: (address: number) => number | undefined;
  readonly elementSymbol: (index: number) => string;
  /** Symbols that code refers to; those of runtime routines are emitted with the module. */
  readonly mentioned: Set<string>;
  /** A number that is the same for equal types in every module. */
  readonly typeId: (type: FunctionType) => number;
}

const STATIC_DATA_BYTES = 0x10000;

/** Numbers types in the order in which they are first met. */
function typeNumbering(known: Map<string, number>): (type: FunctionType) => number {
  return (type) => {
    const key = typeKey(type);
    const id = known.get(key) ?? known.size + 1;
    known.set(key, id);
    return id;
  };
}

/**
 * The name of an import as options give it: "module.name". Dots of the module's own name are escaped, so that no two
 * imports share a key.
 */
export function importKey(entry: { module: string; name: string }): string {
  return `${entry.module.replace(/[.\\]/g, '\\$&')}.${entry.name}`;
}

export function createLinkage(module: WasmModule, options: CompileOptions): Linkage {
  const importsOf = (kind: string) => module.imports.filter((entry) => entry.type.kind === kind);
  const functions = importsOf('func');
  const globals = importsOf('global');
  const tables = importsOf('table');
  const importedMemory = importsOf('memory')[0];
  const resolve = (entry: { module: string; name: string }) =>
    options.imports?.get(importKey(entry)) ?? (entry.module === 'kernel' ? entry.name : importKey(entry));
  const offsets = globalOffsets(module);
  const memory = importedMemory && options.imports ? resolve(importedMemory) : '.Lmemory';
  const losses = declaredLosses(
    functions.map((entry) => [resolve(entry), options.clobbers?.[importKey(entry)]] as const),
  );
  const closed = module.tables.map((_, index) => closedTable(module, index));
  const dispatches = new Map<string, Dispatch>();
  return {
    options,
    checked: options.memory === 'checked',
    functionSymbol: (index) => (index < functions.length ? resolve(functions[index]) : `.Lfunction.${index}`),
    referenceSymbol: (index) =>
      index < functions.length && options.imports
        ? `${resolve(functions[index])}.reference`
        : `.Lreference.${index}`,
    lossesOf: (symbol) => losses.get(symbol),
    noteLosses: (symbol, registers) => void losses.set(symbol, registers),
    closedTable: (index) => closed[index],
    dispatches,
    dispatchSymbol: (table, type) => {
      const symbol = `.Ldispatch.${table}.${typeKey(type).replace(/ /g, '_').replace(':', '.')}`;
      dispatches.set(symbol, { slots: closed[table] ?? [], type });
      return symbol;
    },
    globalAddress: (index) =>
      index < globals.length
        ? { symbol: resolve(globals[index]), offset: 0 }
        : { symbol: '.Lglobals', offset: offsets[index - importCount(module, 'global')] },
    variable: (index) => {
      const entry = globals[index];
      return entry && options.variables?.[importKey(entry)];
    },
    staticOffset: (address) => {
      const offset = (address >>> 0) - (options.staticData?.base ?? Number.POSITIVE_INFINITY);
      return offset >= 0 && offset < STATIC_DATA_BYTES ? offset : undefined;
    },
    foldedGlobal: (index) => {
      const entry = globals[index];
      return entry && options.globals?.[importKey(entry)];
    },
    tableSymbol: (index) => (index < tables.length ? resolve(tables[index]) : `.Ltable.${index}`),
    memorySymbol: memory,
    memorySizeSymbol: `${memory}.size`,
    memoryStays:
      functions.length === 0 &&
      tables.length === 0 &&
      !module.functions.some(({ code }) => code.some(({ op }) => op.name === 'memory.grow')) &&
      !module.exports.some(({ kind }) => kind === 'table') &&
      !module.globals.some(({ type }) => type === 'funcref'),
    dataSymbol: (index) => `.Ldata.${index}`,
    mentioned: new Set(),
    elementSymbol: (index) => `.Lelements.${index}`,
    typeId: typeNumbering(options.typeIds ?? new Map()),
  };
}

/** By symbols; without the registers that a caller keeps nothing in. */
function declaredLosses(
  lists: readonly (readonly [symbol: string, clobbers: string | undefined])[],
): Map<string, readonly number[]> {
  return new Map(
    lists.flatMap(([symbol, clobbers]) => (clobbers === undefined ? [] : [[symbol, registersIn(clobbers)]])),
  );
}

/** Bytes of a value in memory. */
export function bytesOf(type: ValueType): number {
  return type === 'i64' || type === 'f64' ? 8 : type === 'v128' ? 16 : 4;
}

/** Byte offsets of the globals defined in the module, in one block of memory. */
export function globalOffsets(module: WasmModule): number[] {
  let offset = 0;
  return module.globalInits.map(({ type }) => {
    const at = offset;
    offset += bytesOf(type.type);
    return at;
  });
}
