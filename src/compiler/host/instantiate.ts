/** Puts a compiled module into a simulated machine: links it, resolves its imports, fills globals, tables and memory. */
import { type ListedLine, link, listCode } from '../../xtensa/index.ts';
import { arithmetic, type ConstantWords } from '../back/data.ts';
import { compileDecoded } from '../compile.ts';
import { UnlinkableModule } from '../errors.ts';
import {
  type ExternType,
  type FunctionType,
  functionTypeOf,
  type Import,
  type Instruction,
  importCount,
  typeKey,
  type WasmModule,
} from '../front/module.ts';
import { bytesOf, createLinkage, importKey, type Linkage } from '../linkage.ts';
import { type Machine, placeSection, Trap } from './machine.ts';

/** Something that an instance offers: where it lies, and its type as an import sees it. */
export type Extern =
  | {
      readonly kind: 'func';
      readonly address: number;
      readonly reference: number;
      readonly type: FunctionType;
    }
  | { readonly kind: 'table'; readonly address: number; readonly type: ExternType & { kind: 'table' } }
  /** `address` is that of the size word; the bytes begin at `base`. */
  | {
      readonly kind: 'memory';
      readonly address: number;
      readonly base: number;
      readonly type: ExternType & { kind: 'memory' };
    }
  | { readonly kind: 'global'; readonly address: number; readonly type: ExternType & { kind: 'global' } };

export type Exports = ReadonlyMap<string, Extern>;

export interface Instance {
  readonly module: WasmModule;
  readonly exports: Exports;
  /** Its machine code, where it lies. */
  code(): ListedLine[];
}

/** Pages reserved for a memory that may grow, and the largest size that it may then have. */
const GROWTH_PAGES = 10_240;

export interface Store {
  readonly machine: Machine;
  /** Registered instances by module name. */
  readonly modules: Map<string, Exports>;
  readonly typeIds: Map<string, number>;
  /** Passed on to the compiler. */
  readonly verify: boolean;
}

export function createStore(machine: Machine, { verify = false } = {}): Store {
  return { machine, modules: new Map(), typeIds: new Map(), verify };
}

interface Context {
  readonly store: Store;
  readonly module: WasmModule;
  readonly linkage: Linkage;
  readonly imports: readonly Extern[];
  readonly addressOf: (symbol: string) => number;
}

/** Instantiates a validated module; throws {@link UnlinkableModule} or {@link Trap}. */
export function instantiate(store: Store, module: WasmModule): Instance {
  const imports = module.imports.map((entry) => resolveImport(store, module, entry));
  const symbols = importSymbols(module, imports, store);
  // An import may be named twice, also with different types: equal names are equal things.
  const names = new Map(module.imports.map((entry) => [importKey(entry), importSymbol(entry)]));
  const options = {
    memory: 'checked',
    imports: names,
    typeIds: store.typeIds,
    trapSymbol: 'host.trap',
    unsupported: 'trap',
    trapNames: store.machine.trapNames,
    verify: store.verify,
  } as const;
  const compiled = compileDecoded(module, options);
  const memory = placeMemory(store, module);
  if (memory) symbols.set('.Lmemory', memory.base);
  const locals = new Map<string, number>();
  const { segments } = link(
    [{ ...compiled.object, globals: new Set() }],
    (section) => {
      const address = placeSection(store.machine, section);
      for (const [name, offset] of section.symbols) locals.set(name, address + offset);
      return address;
    },
    { symbols },
  );
  for (const { address, bytes } of segments) store.machine.load(address, bytes);
  const context: Context = {
    store,
    module,
    linkage: createLinkage(module, options),
    imports,
    addressOf: (symbol) => locals.get(symbol) ?? symbols.get(symbol) ?? missing(symbol),
  };
  const instance = {
    module,
    exports: collectExports(context),
    code() {
      const names = new Map(
        [...locals].filter(([name]) => !name.startsWith('.L')).map(([name, at]) => [at, [name]]),
      );
      return segments.flatMap(({ name, address, bytes }, index) =>
        name.startsWith('.text')
          ? listCode({ bytes, data: compiled.object.sections[index].data }, address, names)
          : [],
      );
    },
  };
  initialise(context, memory);
  if (module.start !== undefined)
    store.machine.call(context.addressOf(context.linkage.functionSymbol(module.start)), [], [], 0);
  return instance;
}

function missing(symbol: string): never {
  throw new Error(`internal: no symbol ${symbol}`);
}

function resolveImport(store: Store, module: WasmModule, entry: Import): Extern {
  const found = store.modules.get(entry.module)?.get(entry.name);
  if (!found) throw new UnlinkableModule(missingImport(store, module, entry));
  const wanted = entry.type;
  const refuse = (): never => {
    throw new UnlinkableModule(
      `incompatible import type: ${importKey(entry)} is not the ${wanted.kind} that is wanted`,
    );
  };
  if (found.kind !== wanted.kind) return refuse();
  if (wanted.kind === 'func' && found.kind === 'func') {
    if (typeKey(module.types[wanted.typeIndex]) !== typeKey(found.type)) refuse();
  } else if (wanted.kind === 'global' && found.kind === 'global') {
    if (wanted.type !== found.type.type || wanted.mutable !== found.type.mutable) refuse();
  } else if (wanted.kind === 'table' && found.kind === 'table') {
    const size = store.machine.word(found.address + 4);
    if (wanted.element !== found.type.element || !limitsFit(size, found.type.max, wanted)) refuse();
  } else if (wanted.kind === 'memory' && found.kind === 'memory') {
    const pages = store.machine.word(found.address) >>> 16;
    if (!limitsFit(pages, found.type.max, wanted)) refuse();
  }
  return found;
}

function missingImport({ modules }: Store, module: WasmModule, entry: Import): string {
  const wanted =
    entry.type.kind === 'func'
      ? `function (${typeKey(module.types[entry.type.typeIndex]).replace(':', ') -> (')})`
      : entry.type.kind;
  const offered = [...modules].map(([name, exports]) => `${name}.{${[...exports.keys()].join(', ')}}`);
  const advice =
    entry.module === 'env' && entry.name === 'abort'
      ? '; AssemblyScript leaves abort out with --use abort='
      : '';
  return `unknown import: nothing provides ${importKey(entry)}, a ${wanted}${advice}; there is ${offered.join(', ') || 'nothing to import here'}`;
}

function limitsFit(
  size: number,
  max: number | undefined,
  wanted: { min: number; max: number | undefined },
): boolean {
  if (size < wanted.min) return false;
  return wanted.max === undefined || (max !== undefined && max <= wanted.max);
}

function importSymbols(
  module: WasmModule,
  imports: readonly Extern[],
  { machine }: Store,
): Map<string, number> {
  const symbols = new Map(machine.symbols);
  imports.forEach((found, i) => {
    const name = importSymbol(module.imports[i]);
    symbols.set(name, found.kind === 'memory' ? found.base : found.address);
    if (found.kind === 'func') symbols.set(`${name}.reference`, found.reference);
    if (found.kind === 'memory') symbols.set(`${name}.size`, found.address);
  });
  return symbols;
}

const importSymbol = (entry: Import): string => `import:${importKey(entry)}`;

interface PlacedMemory {
  readonly base: number;
  /** Largest size in pages. */
  readonly most: number;
}

function placeMemory({ machine }: Store, module: WasmModule): PlacedMemory | undefined {
  if (module.memories.length === 0 || importCount(module, 'memory') > 0) return undefined;
  const [{ min, max = GROWTH_PAGES }] = module.memories;
  const mayGrow =
    module.functions.some(({ code }) => code.some(({ op }) => op.name === 'memory.grow')) ||
    module.exports.some(({ kind }) => kind === 'memory');
  const wanted = mayGrow ? Math.max(min, Math.min(max, GROWTH_PAGES)) : min;
  const { base, pages } = machine.setAside(wanted, min);
  return { base, most: pages };
}

function collectExports({ module, linkage, imports, addressOf }: Context): Map<string, Extern> {
  const ofKind = (kind: string) => imports.filter((_, i) => module.imports[i].type.kind === kind);
  const result = new Map<string, Extern>();
  for (const { name, kind, index } of module.exports) {
    const imported = ofKind(kind)[index];
    if (imported) result.set(name, imported);
    else if (kind === 'func') {
      const address = addressOf(linkage.functionSymbol(index));
      const reference = addressOf(linkage.referenceSymbol(index));
      result.set(name, { kind, address, reference, type: functionTypeOf(module, index) });
    } else if (kind === 'table')
      result.set(name, {
        kind,
        address: addressOf(linkage.tableSymbol(index)),
        type: { kind, ...module.tables[index] },
      });
    else if (kind === 'memory') {
      const [address, base] = [addressOf(linkage.memorySizeSymbol), addressOf(linkage.memorySymbol)];
      result.set(name, { kind, address, base, type: { kind, ...module.memories[index] } });
    } else {
      const { symbol, offset } = linkage.globalAddress(index);
      result.set(name, {
        kind,
        address: addressOf(symbol) + offset,
        type: { kind, ...module.globals[index] },
      });
    }
  }
  return result;
}

/** Globals, then element segments, then data segments; the first one out of bounds traps, those before it stay. */
function initialise(context: Context, memory: PlacedMemory | undefined): void {
  const { module, linkage, addressOf, store } = context;
  const { machine } = store;
  if (memory) {
    const sizeWord = addressOf(linkage.memorySizeSymbol);
    machine.setWord(sizeWord + 4, memory.most);
  }
  const imported = importCount(module, 'global');
  module.globalInits.forEach(({ init }, i) => {
    const { symbol, offset } = linkage.globalAddress(imported + i);
    evaluate(context, init).forEach((word, k) => {
      machine.setWord(addressOf(symbol) + offset + 4 * k, word);
    });
  });
  module.elements.forEach((_, i) => {
    initialiseElements(context, i);
  });
  for (const { mode, offset, bytes } of module.data) {
    if (mode !== 'active') continue;
    const start = evaluate(context, offset)[0] >>> 0;
    const size = machine.word(addressOf(linkage.memorySizeSymbol)) >>> 0;
    if (start + bytes.length > size) throw new Trap('out of bounds memory access');
    machine.load(addressOf(linkage.memorySymbol) + start, bytes);
  }
}

function initialiseElements(context: Context, index: number): void {
  const { module, linkage, addressOf, store } = context;
  const segment = module.elements[index];
  if (segment.mode === 'declarative') return;
  const items = segment.items.map((item) => evaluate(context, item)[0]);
  let target: number;
  if (segment.mode === 'active') {
    const table = addressOf(linkage.tableSymbol(segment.table));
    const start = evaluate(context, segment.offset)[0] >>> 0;
    if (start + items.length > store.machine.word(table + 4)) throw new Trap('out of bounds table access');
    target = store.machine.word(table) + 4 * start;
  } else target = addressOf(linkage.elementSymbol(index));
  items.forEach((item, k) => {
    store.machine.setWord(target + 4 * k, item);
  });
}

function evaluate(context: Context, code: readonly Instruction[]): number[] {
  const { module, linkage, addressOf, store } = context;
  const stack: ConstantWords[] = [];
  for (const { op, a, b } of code) {
    const { name } = op;
    if (name === 'i64.const' || name === 'f64.const') stack.push([a, b]);
    else if (name.endsWith('.const')) stack.push([a]);
    else if (name === 'ref.null') stack.push([0]);
    else if (name === 'ref.func') stack.push([addressOf(linkage.referenceSymbol(a))]);
    else if (name === 'global.get') {
      const { symbol, offset } = linkage.globalAddress(a);
      const at = addressOf(symbol) + offset;
      const words = bytesOf(module.globals[a].type) / 4;
      stack.push(Array.from({ length: words }, (_, i) => store.machine.word(at + 4 * i)));
    } else if (name !== 'end') stack.push(arithmetic(name, stack));
  }
  return stack[0] as number[];
}
