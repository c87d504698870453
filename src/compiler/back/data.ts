/** Globals, tables, references, segments: the words of a module that are not code. */
import { type Assembler, a2, a3, type WordValue } from '../../xtensa/index.ts';
import { UnsupportedModule } from '../errors.ts';
import { functionTypeOf, type Instruction, importCount, typeKey, type WasmModule } from '../front/module.ts';
import { bytesOf, importKey, type Linkage } from '../linkage.ts';
import { referredFunctions } from '../live.ts';
import { type TrapName, traps } from '../middle/ir.ts';
import { handlerSymbol } from './emit.ts';

/** Slots reserved for a table that may grow. */
const GROWTH_LIMIT = 16384;

/** A value known before the program runs: a number's words, or the address of a symbol. */
export type ConstantWords = readonly (number | { readonly symbol: string })[];

/**
 * Emits the data sections. Returns the active data segments of chip mode; in checked mode `instantiate.ts` copies the
 * segments, since their addresses may depend on imported globals.
 */
export function emitData(
  asm: Assembler,
  module: WasmModule,
  linkage: Linkage,
): { address: number; bytes: Uint8Array }[] {
  emitGlobals(asm, module, linkage);
  emitTables(asm, module, linkage);
  emitDispatches(asm, module, linkage);
  emitReferences(asm, module, linkage);
  emitPassive(asm, module, linkage);
  if (linkage.checked) {
    emitMemory(asm, module, linkage);
    return [];
  }
  const segments = activeSegments(module, linkage);
  const { staticData } = linkage.options;
  if (!staticData) return segments;
  emitStatic(asm, staticData.symbol, linkage, segments);
  return [];
}

interface DataSegment {
  address: number;
  bytes: Uint8Array;
}

export function activeSegments(module: WasmModule, linkage: Linkage): DataSegment[] {
  return module.data.flatMap(({ mode, offset, bytes }) => {
    if (mode !== 'active') return [];
    const [address] = evaluateConstant(module, linkage, offset);
    if (typeof address !== 'number')
      throw new UnsupportedModule(
        'computed data address',
        'a data segment has an address that is not known when compiling',
      );
    return [{ address: address >>> 0, bytes }];
  });
}

/** The static data as a section: what was at a fixed address lies behind a symbol. */
function emitStatic(
  asm: Assembler,
  symbol: string,
  linkage: Linkage,
  segments: readonly DataSegment[],
): void {
  const pieces = segments.map(({ address, bytes }) => {
    const start = linkage.staticOffset(address);
    if (start === undefined)
      throw new UnsupportedModule('static data elsewhere', 'a data segment lies outside the static data');
    return { start, bytes };
  });
  const contents = new Uint8Array(Math.max(0, ...pieces.map(({ start, bytes }) => start + bytes.length)));
  for (const { start, bytes } of pieces) contents.set(bytes, start);
  if (contents.length === 0) return;
  asm.section('.data.static', { align: 16, code: false });
  asm.place(symbol);
  asm.bytes(contents);
}

const word = (value: ConstantWords[number]): WordValue => (typeof value === 'number' ? value : value.symbol);

function emitGlobals(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  if (module.globalInits.length === 0) return;
  asm.section('.data.globals', { align: 16, code: false });
  asm.place('.Lglobals');
  // In checked mode the host fills them in, as they may copy imported globals.
  for (const { type, init } of module.globalInits) {
    if (linkage.checked) asm.space(bytesOf(type.type));
    else asm.word(...evaluateConstant(module, linkage, init).map(word));
  }
}

function emitTables(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  const imported = importCount(module, 'table');
  module.tables.slice(imported).forEach((table, i) => {
    const symbol = linkage.tableSymbol(imported + i);
    const capacity = tableCapacity(table);
    asm.section('.data.tables', { align: 4, code: false });
    asm.place(symbol);
    asm.word(`${symbol}.elements`, table.min, capacity);
    asm.place(`${symbol}.elements`);
    const items = linkage.checked ? [] : initialElements(module, linkage, imported + i);
    for (let slot = 0; slot < items.length; slot++)
      asm.word(items[slot] === undefined ? 0 : word(items[slot]));
    asm.space(4 * (capacity - items.length));
  });
}

/** The code addresses of closed tables, a table per type of function; where a call must fail, the code of the trap. */
function emitDispatches(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  for (const [symbol, { slots, type }] of linkage.dispatches) {
    asm.section('.data.dispatch', { align: 4, code: false });
    asm.place(symbol);
    for (const slot of slots)
      asm.word(
        slot === undefined
          ? trapSymbol('uninitialized element')
          : typeKey(functionTypeOf(module, slot)) === typeKey(type)
            ? linkage.functionSymbol(slot)
            : trapSymbol('indirect call type mismatch'),
      );
    asm.word(trapSymbol('undefined element'));
  }
  if (linkage.dispatches.size > 0) emitCalledTraps(asm, linkage);
}

const calledTraps = [
  'undefined element',
  'uninitialized element',
  'indirect call type mismatch',
] as const satisfies readonly TrapName[];
const trapSymbol = (name: (typeof calledTraps)[number]) => `.Ltrap.${traps[name]}`;

/** Traps in the place of functions: the return address is the caller's. */
function emitCalledTraps(asm: Assembler, linkage: Linkage): void {
  const handler = handlerSymbol(linkage);
  for (const name of calledTraps) {
    asm.section('.text.traps', { code: true });
    asm.function(trapSymbol(name));
    asm.movi(a2, traps[name]);
    asm.movi(a3, handler);
    asm.jx(a3);
  }
}

export function tableCapacity({ min, max }: { min: number; max: number | undefined }): number {
  return Math.max(min, Math.min(max ?? GROWTH_LIMIT, GROWTH_LIMIT));
}

/** Chip mode: what the active segments put into a table. */
function initialElements(module: WasmModule, linkage: Linkage, table: number): ConstantWords[number][] {
  const items: ConstantWords[number][] = [];
  for (const segment of module.elements) {
    if (segment.mode !== 'active' || segment.table !== table) continue;
    const [offset] = evaluateConstant(module, linkage, segment.offset);
    if (typeof offset !== 'number' || offset < 0 || offset + segment.items.length > module.tables[table].min)
      throw new UnsupportedModule('computed table offset', 'an element segment lies outside its table');
    segment.items.forEach((item, i) => {
      items[offset + i] = evaluateConstant(module, linkage, item)[0];
    });
  }
  for (let i = 0; i < items.length; i++) items[i] ??= 0;
  return items;
}

/** {code, type} for every function that is referred to; for imports only where nobody else provides one. */
function emitReferences(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  const referred = referredFunctions(module);
  const imported = importCount(module, 'func');
  module.functionTypes.forEach((_, index) => {
    if (index < imported && (linkage.options.imports || isIntrinsic(module, index))) return;
    // In checked mode every function may be handed to another module.
    if (!linkage.checked && !referred.has(index)) return;
    asm.section('.data.references', { align: 4, code: false });
    asm.place(linkage.referenceSymbol(index));
    asm.word(linkage.functionSymbol(index), linkage.typeId(functionTypeOf(module, index)));
  });
}

function isIntrinsic(module: WasmModule, index: number): boolean {
  const entry = module.imports.filter(({ type }) => type.kind === 'func')[index];
  return entry.module === 'mmio' || entry.module === 'xt';
}

/** Segments that memory.init and table.init read, with the length that dropping sets to 0. */
function emitPassive(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  const { data: readData, elements: readElements } = mentionedSegments(module);
  module.data.forEach(({ mode, bytes }, i) => {
    if (mode === 'active' && !readData.has(i)) return;
    const symbol = linkage.dataSymbol(i);
    asm.section('.data.segments', { align: 4, code: false });
    asm.place(`${symbol}.length`);
    asm.word(mode === 'active' ? 0 : bytes.length);
    asm.place(symbol);
    if (mode === 'passive') asm.bytes(bytes);
    asm.align(4);
  });
  module.elements.forEach((segment, i) => {
    if (segment.mode !== 'passive' && !readElements.has(i)) return;
    const symbol = linkage.elementSymbol(i);
    const items = segment.mode === 'passive' ? segment.items : [];
    asm.section('.data.segments', { align: 4, code: false });
    asm.place(`${symbol}.length`);
    asm.word(items.length);
    asm.place(symbol);
    for (const item of items)
      asm.word(linkage.checked ? 0 : word(evaluateConstant(module, linkage, item)[0]));
  });
}

/** Indices of the segments that code reads or drops. */
function mentionedSegments({ functions }: WasmModule): { data: Set<number>; elements: Set<number> } {
  const data = new Set<number>();
  const elements = new Set<number>();
  for (const { code } of functions) {
    for (const { op, a } of code) {
      if (op.name === 'memory.init' || op.name === 'data.drop') data.add(a);
      if (op.name === 'table.init' || op.name === 'elem.drop') elements.add(a);
    }
  }
  return { data, elements };
}

/** 2^32 bytes. */
const MOST_PAGES = 65536;

/** {bytes now, pages at most}; the memory itself is placed by the host, which may raise the limit. */
function emitMemory(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  if (module.memories.length === 0 || importCount(module, 'memory') > 0) return;
  const [{ min }] = module.memories;
  if (min >= MOST_PAGES)
    throw new UnsupportedModule(
      '4 GB of memory',
      `the module's memory has ${min} pages (4 GB) from the start; its size must fit 32 bits: at most ${MOST_PAGES - 1} pages`,
    );
  asm.section('.data.memory', { align: 4, code: false });
  asm.place(linkage.memorySizeSymbol);
  asm.word(min * 65536, min);
}

/** The words of a constant expression: at most an addition, subtraction or product of numbers. */
export function evaluateConstant(
  module: WasmModule,
  linkage: Linkage,
  code: readonly Instruction[],
): ConstantWords {
  const stack: ConstantWords[] = [];
  for (const { op, a, b } of code) {
    const name = op.name;
    if (name === 'i32.const' || name === 'f32.const') stack.push([a]);
    else if (name === 'i64.const' || name === 'f64.const') stack.push([a, b]);
    else if (name === 'ref.null') stack.push([0]);
    else if (name === 'ref.func') stack.push([{ symbol: linkage.referenceSymbol(a) }]);
    else if (name === 'global.get') stack.push(globalConstant(module, linkage, a));
    else if (name !== 'end') stack.push(arithmetic(name, stack));
  }
  return stack[0];
}

function globalConstant(module: WasmModule, linkage: Linkage, index: number): ConstantWords {
  const imports = module.imports.filter(({ type }) => type.kind === 'global');
  if (index >= imports.length)
    return evaluateConstant(module, linkage, module.globalInits[index - imports.length].init);
  const value = linkage.foldedGlobal(index);
  if (value === undefined)
    throw new UnsupportedModule(
      'unknown global',
      `the imported global ${importKey(imports[index])} has no value`,
    );
  return module.globals[index].type === 'i64' ? [value | 0, value < 0 ? -1 : 0] : [value];
}

export function arithmetic(name: string, stack: ConstantWords[]): ConstantWords {
  const [y, x] = [joined(stack.pop() as ConstantWords), joined(stack.pop() as ConstantWords)];
  const operation = name.slice(4);
  const value = operation === 'add' ? x + y : operation === 'sub' ? x - y : x * y;
  const low = Number(BigInt.asIntN(32, value));
  return name.startsWith('i64') ? [low, Number(BigInt.asIntN(32, value >> 32n))] : [low];
}

function joined(words: ConstantWords): bigint {
  const [low, high = 0] = words.map((part) => BigInt(part as number));
  return BigInt.asUintN(32, low) | (BigInt(high) << 32n);
}
