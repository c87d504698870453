/** The passes in their order. */
import { createAssembler, type ObjectCode } from '../xtensa/index.ts';
import { allocateRegisters } from './back/allocate.ts';
import { placeConstants } from './back/constants.ts';
import { DATA_TABLE, emitContents } from './back/contents.ts';
import { emitData } from './back/data.ts';
import { duplicateTails } from './back/duplicate.ts';
import { brokenLoops, emitFunction } from './back/emit.ts';
import { needsScratch, SCRATCH } from './back/frame.ts';
import { layOut } from './back/layout.ts';
import { lostRegisters } from './back/losses.ts';
import { copyMachine, type MachineFunction } from './back/machine.ts';
import { dropRepeatedState } from './back/peephole.ts';
import { printMachine } from './back/print-machine.ts';
import { isFar } from './back/reach.ts';
import { emitRoutines } from './back/runtime/index.ts';
import { type Estimate, estimate, schedule } from './back/schedule.ts';
import { selectFunction } from './back/select.ts';
import type { Losses } from './back/selector.ts';
import { threadJumps } from './back/thread.ts';
import { dropUnusedResults } from './back/unused.ts';
import { snapshot, verifyOrder, verifyRegisters, verifyReserved } from './back/verify.ts';
import { findCallOrder, lossesKnown } from './call-order.ts';
import { buildFunction, buildTrap } from './front/build.ts';
import { decodeModule } from './front/decode.ts';
import { type Export, functionName, importCount, type WasmModule } from './front/module.ts';
import { findUnsupported, refusal, refuseUnsupported, type Unsupported } from './front/unsupported.ts';
import { validateModule } from './front/validate.ts';
import { type CompileOptions, createLinkage, importKey, type Linkage } from './linkage.ts';
import { findLive } from './live.ts';
import { FIRST_NAMED_TRAP, type IrFunction } from './middle/ir.ts';
import { findLoops } from './middle/loops.ts';
import { optimise } from './middle/optimise.ts';
import { printFunction } from './middle/print.ts';
import { verifyFunction } from './middle/verify.ts';

export interface CompiledExport extends Export {
  /** Global symbol: a function's code, the words of a global, the descriptor of a table or memory. */
  readonly symbol: string;
}

export interface CompiledModule {
  readonly module: WasmModule;
  readonly object: ObjectCode;
  readonly exports: readonly CompiledExport[];
  /** Active data segments with constant addresses, to be loaded before the program starts (chip mode). */
  readonly data: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Functions that are traps, for what they use is not supported. */
  readonly unsupported: readonly (Unsupported & { readonly trap: number })[];
  /** Symbols that the object refers to and does not define. */
  readonly externals: readonly string[];
  readonly start: string | undefined;
}

/** Called with the text of each stage of each function, for `compile --print`. */
export type StageListener = (stage: string, functionName: string, text: string) => void;

/** Compiles a WebAssembly module to relocatable Xtensa code; errors say in one sentence what is wrong and where. */
export function compileModule(
  wasm: Uint8Array,
  options: CompileOptions = {},
  listener?: StageListener,
): CompiledModule {
  const module = decodeModule(wasm);
  validateModule(module);
  return compileDecoded(module, options, listener);
}

export function compileDecoded(
  module: WasmModule,
  options: CompileOptions,
  listener?: StageListener,
): CompiledModule {
  const unsupported = findUnsupported(module, options.sourceMap);
  if (options.unsupported !== 'trap') refuseUnsupported(unsupported);
  const linkage = createLinkage(module, options);
  const asm = createAssembler();
  const imported = importCount(module, 'func');
  const used = new Set<string>();
  const trapNames = options.trapNames ?? [];
  const missing = unsupported.map((entry) => ({
    ...entry,
    trap: FIRST_NAMED_TRAP + trapNames.push(refusal(entry)) - 1,
  }));
  const trapOf = new Map(missing.map(({ index, trap }) => [index, trap]));
  const compiled = new Map<number, MachineFunction>();
  // Callees first, so that callers know which registers they leave alone.
  const { order, called } = findCallOrder(module, linkage);
  const optimised = bodies(module, linkage, { trapOf, verify: options.verify ?? false, listener });
  const live = options.roots && findLive(module, linkage, options.roots, (i) => optimised.look(i));
  for (const i of order) {
    if (live && !live.has(i)) continue;
    const watch = {
      listener,
      verify: options.verify ?? false,
      lossesOf: lossesKnown(module, linkage),
      frugal: called.has(i),
    };
    const fn = compileFunction((uncounted) => optimised.take(i, uncounted), watch);
    compiled.set(i, fn);
    linkage.noteLosses(linkage.functionSymbol(imported + i), lostRegisters(fn, linkage.checked));
  }
  module.functions.forEach((_, i) => {
    const fn = compiled.get(i);
    if (!fn) return;
    asm.section(sectionName(functionName(module, imported + i), used), { code: true });
    emitFunction(asm, fn, linkage);
  });
  const data = emitData(asm, module, linkage);
  emitRoutines(asm, linkage.mentioned);
  if (options.contents) emitContents(asm, module, linkage);
  const object = asm.finish();
  const isThere = ({ kind, index }: Export): boolean =>
    kind !== 'func' || index < imported || compiled.has(index - imported);
  const exports = nameExports(module, linkage, object).filter(isThere);
  return {
    module,
    object: {
      ...object,
      globals: new Set([...exports.map(({ symbol }) => symbol), ...(options.contents ? [DATA_TABLE] : [])]),
    },
    exports,
    data,
    unsupported: missing,
    externals: findExternals(object),
    start: module.start === undefined ? undefined : linkage.functionSymbol(module.start),
  };
}

/** What a module has beside code, in the sizes that it will have whatever its imported globals are: before anything is compiled. */
export function compileData(wasm: Uint8Array): Pick<CompiledModule, 'object' | 'data'> {
  const module = decodeModule(wasm);
  const globals = module.imports.filter(({ type }) => type.kind === 'global');
  const linkage = createLinkage(module, {
    globals: Object.fromEntries(globals.map((entry) => [importKey(entry), 0])),
  });
  const asm = createAssembler();
  const data = emitData(asm, module, linkage);
  return { object: asm.finish(), data };
}

/** A function in the intermediate form, ready for selection, and its stages so far. */
interface Body {
  readonly ir: IrFunction;
  readonly stages: readonly Show[];
}

interface Bodies {
  /** For looking at. */
  readonly look: (i: number) => IrFunction;
  /** For selection, which changes it: one of its own every time. Loops of these numbers keep their branches. */
  readonly take: (i: number, uncounted: ReadonlySet<number>) => Body;
}

interface BodyOptions {
  /** Numbers of the traps that functions are instead of themselves. */
  readonly trapOf: ReadonlyMap<number, number>;
  readonly verify: boolean;
  readonly listener: StageListener | undefined;
}

/** Builds and optimises functions; what was looked at waits to be taken. */
function bodies(module: WasmModule, linkage: Linkage, { trapOf, verify, listener }: BodyOptions): Bodies {
  const waiting = new Map<number, Body>();
  const imported = importCount(module, 'func');
  const make = (i: number, uncounted: ReadonlySet<number>): Body => {
    const name = functionName(module, imported + i);
    const symbol = linkage.functionSymbol(imported + i);
    const trap = trapOf.get(i);
    const source = module.functions[i];
    const ir =
      trap === undefined
        ? buildFunction(module, source, linkage, name, symbol)
        : buildTrap(source, name, symbol, trap);
    const stages: Show[] = [];
    const note = noting(stages, name, listener);
    note('built', () => printFunction(ir));
    optimise(ir, uncounted, (pass) => {
      if (verify) verifyFunction(ir, pass);
    });
    note('optimised', () => printFunction(ir));
    return { ir, stages };
  };
  return {
    look(i) {
      const body = waiting.get(i) ?? make(i, new Set());
      waiting.set(i, body);
      return body.ir;
    },
    take(i, uncounted) {
      const ready = uncounted.size === 0 ? waiting.get(i) : undefined;
      waiting.delete(i);
      return ready ?? make(i, uncounted);
    },
  };
}

type Build = (uncounted: ReadonlySet<number>) => Body;

/** The passes over one function, from the intermediate form to real registers. */
function compileFunction(build: Build, watch: Watch): MachineFunction {
  const uncounted = new Set<number>();
  const reserved: number[] = [];
  for (;;) {
    const { fn, stages, reserved: kept } = bestAttempt(prepare(build, { uncounted, reserved }, watch), watch);
    const broken = brokenLoops(fn);
    const wantsScratch = needsScratch(fn) && kept.length === 0;
    if (broken.length === 0 && !wantsScratch) {
      for (const show of stages) if (watch.listener) show(watch.listener);
      return fn;
    }
    // A loop too long for the hardware keeps its branch; a frame beyond the reach of l32i, or code beyond that of j,
    // sets a register aside.
    for (const number of broken) uncounted.add(number);
    if (wantsScratch) reserved.push(SCRATCH);
  }
}

/** Who looks on while functions are compiled. */
interface Watch {
  readonly listener: StageListener | undefined;
  readonly verify: boolean;
  readonly lossesOf: Losses;
  /** Other functions of the module call it, and keep values in the registers that it leaves alone. */
  readonly frugal: boolean;
}

type Show = (listener: StageListener) => void;

/** Keeps a stage's text, where somebody listens, until it is known which attempt is taken. */
const noting =
  (stages: Show[], name: string, listener: StageListener | undefined) =>
  (stage: string, text: () => string): void => {
    if (!listener) return;
    const printed = text();
    stages.push((show) => show(stage, name, printed));
  };

interface Limits {
  readonly uncounted: ReadonlySet<number>;
  readonly reserved: readonly number[];
}

/** A function over virtual registers. */
interface Prepared {
  readonly fn: MachineFunction;
  readonly stages: readonly Show[];
  /** Registers that are set aside. */
  readonly reserved: readonly number[];
}

interface Attempted extends Prepared, Estimate {}

/** Share of the cycles spent waiting from which on another order is tried. */
const WORTH_ORDERING = 0.002;

/** Functions of so many instructions are long in compiling and seldom hot as a whole. */
const MOST_TRIED_TWICE = 10_000;

const sizeOf = ({ blocks }: MachineFunction) => blocks.reduce((sum, { insts }) => sum + insts.length, 0);

/** Ordering before allocation can cost registers: whichever way ends in the faster code. */
function bestAttempt(prepared: Prepared, watch: Watch): Attempted {
  const fresh = copyMachine(prepared.fn);
  const late = attempt(prepared, false, watch);
  if (late.stalls < late.cycles * WORTH_ORDERING || sizeOf(late.fn) > MOST_TRIED_TWICE) return late;
  const early = attempt({ ...prepared, fn: fresh }, true, watch);
  return early.cycles < late.cycles ? early : late;
}

/** Selects instructions. */
function prepare(
  build: Build,
  { uncounted, reserved }: Limits,
  { listener, verify, lossesOf }: Watch,
): Prepared {
  const { ir, stages: before } = build(uncounted);
  const stages = [...before];
  const fn = selectFunction(ir, findLoops(ir), lossesOf);
  noting(stages, ir.name, listener)('selected', () => printMachine(fn));
  if (threadJumps(fn)) dropUnusedResults(fn);
  placeConstants(fn);
  dropRepeatedState(fn);
  if (verify) verifyRegisters(fn, 'selection');
  // Seen before all the work of allocation, which would be done again for it.
  return { fn, stages, reserved: reserved.length === 0 && isFar(fn) ? [SCRATCH] : reserved };
}

/** Gives real registers and orders the instructions; `early`: before allocation as well as after. */
function attempt(
  { fn, stages: before, reserved }: Prepared,
  early: boolean,
  { listener, verify, frugal }: Watch,
): Attempted {
  const stages = [...before];
  if (early) reorder(fn, 'ordering before allocation', verify);
  allocateRegisters(fn, { reserved, frugal });
  if (verify) verifyReserved(fn, reserved);
  layOut(fn);
  duplicateTails(fn);
  layOut(fn);
  reorder(fn, 'ordering after allocation', verify);
  noting(stages, fn.name, listener)('allocated', () => printMachine(fn));
  return { fn, stages, reserved, ...estimate(fn) };
}

function reorder(fn: MachineFunction, step: string, verify: boolean): void {
  const before = verify ? snapshot(fn) : undefined;
  schedule(fn);
  if (before) verifyOrder(fn, before, step);
}

function sectionName(name: string, used: Set<string>): string {
  const clean = `.text.${name.replace(/[^\w$./~-]/g, '_')}`;
  let unique = clean;
  for (let i = 2; used.has(unique); i++) unique = `${clean}.${i}`;
  used.add(unique);
  return unique;
}

/** Gives what is exported a global symbol: `name` for functions, `kind:name` for the rest. */
function nameExports(module: WasmModule, linkage: Linkage, object: ObjectCode): CompiledExport[] {
  const targets = {
    func: linkage.functionSymbol,
    table: linkage.tableSymbol,
    memory: () => linkage.memorySizeSymbol,
    global: () => '',
  };
  return module.exports.map((entry) => {
    const symbol = entry.kind === 'func' ? entry.name : `${entry.kind}:${entry.name}`;
    const local =
      entry.kind === 'global'
        ? linkage.globalAddress(entry.index)
        : { symbol: targets[entry.kind](entry.index), offset: 0 };
    for (const { symbols } of object.sections) {
      const offset = symbols.get(local.symbol);
      if (offset !== undefined) symbols.set(symbol, offset + local.offset);
    }
    return { ...entry, symbol };
  });
}

function findExternals(object: ObjectCode): string[] {
  const defined = new Set(object.sections.flatMap(({ symbols }) => [...symbols.keys()]));
  const wanted = object.sections.flatMap(({ relocations }) => relocations.map(({ symbol }) => symbol));
  return [...new Set(wanted)].filter((symbol) => !defined.has(symbol)).sort();
}
