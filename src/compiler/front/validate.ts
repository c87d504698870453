/** Checks a decoded module against the type system: WebAssembly core specification 2.0, chapter 3 and appendix A.3. */
import { InvalidModule, UnsupportedModule } from '../errors.ts';
import {
  type FunctionType,
  functionName,
  functionTypeOf,
  type GlobalType,
  type Instruction,
  importCount,
  type Limits,
  type ValueType,
  type WasmFunction,
  type WasmModule,
} from './module.ts';
import { validateBody } from './validate-body.ts';

export function invalid(what: string): never {
  throw new InvalidModule(`not a valid WebAssembly module: ${what}`);
}

export interface Rules {
  /** Constant expressions may use earlier globals of the module and arithmetic, as from WebAssembly 3.0 on. */
  readonly extendedConstants?: boolean;
}

/** Throws {@link InvalidModule} for the first rule that the module breaks. */
export function validateModule(module: WasmModule, { extendedConstants = true }: Rules = {}): void {
  for (const index of module.functionTypes) if (index >= module.types.length) invalid('unknown type');
  for (const table of module.tables) checkLimits(table, 0xffffffff, 'table');
  for (const memory of module.memories) checkLimits(memory, 65536, 'memory');
  if (module.memories.length > 1)
    throw new UnsupportedModule(
      'several memories',
      `the module has ${module.memories.length} memories; one is supported: put everything into one`,
    );
  const declared = declaredFunctions(module);
  const importedGlobals = module.globals.slice(0, importCount(module, 'global'));
  const visible = (earlier: number): Constants => ({
    globals: extendedConstants ? module.globals.slice(0, importedGlobals.length + earlier) : importedGlobals,
    arithmetic: extendedConstants,
  });
  const all = visible(module.globalInits.length);
  module.globalInits.forEach(({ type, init }, i) => {
    checkConstant(module, init, type.type, visible(i));
  });
  checkExports(module);
  checkStart(module);
  checkElements(module, all);
  for (const segment of module.data) {
    if (segment.mode !== 'active') continue;
    if (module.memories.length === 0) invalid('unknown memory 0');
    checkConstant(module, segment.offset, 'i32', all);
  }
  const imported = importCount(module, 'func');
  module.functions.forEach((fn, i) => {
    if (!module.refused.has(i)) checkFunction(module, fn, imported + i, declared);
  });
}

function checkFunction(
  module: WasmModule,
  fn: WasmFunction,
  index: number,
  declared: ReadonlySet<number>,
): void {
  try {
    validateBody(module, fn, declared);
  } catch (error) {
    if (!(error instanceof InvalidModule)) throw error;
    throw new InvalidModule(`${error.message}, in ${functionName(module, index)}`);
  }
}

function checkLimits(limits: Limits, most: number, what: string): void {
  if (limits.min > most || (limits.max ?? 0) > most)
    invalid(what === 'memory' ? 'memory size must be at most 65536 pages (4GiB)' : `${what} size`);
  if (limits.max !== undefined && limits.min > limits.max)
    invalid('size minimum must not be greater than maximum');
}

/** Functions that a body may name in ref.func: those that occur anywhere outside bodies. */
function declaredFunctions(module: WasmModule): Set<number> {
  const declared = new Set<number>();
  const note = (code: readonly Instruction[]) => {
    for (const { op, a } of code) if (op.name === 'ref.func') declared.add(a);
  };
  for (const { init } of module.globalInits) note(init);
  for (const { items } of module.elements) for (const item of items) note(item);
  for (const { kind, index } of module.exports) if (kind === 'func') declared.add(index);
  return declared;
}

const constantInstructions = new Set(
  'i32.const i64.const f32.const f64.const ref.null ref.func global.get end'.split(' '),
);
const constantArithmetic = new Set('i32.add i32.sub i32.mul i64.add i64.sub i64.mul'.split(' '));

/** What a constant expression may use. */
interface Constants {
  readonly globals: readonly GlobalType[];
  readonly arithmetic: boolean;
}

function checkConstant(
  module: WasmModule,
  code: readonly Instruction[],
  result: ValueType,
  { globals, arithmetic }: Constants,
): void {
  for (const { op, a } of code) {
    if (!constantInstructions.has(op.name) && !(arithmetic && constantArithmetic.has(op.name)))
      invalid('constant expression required');
    if (op.name !== 'global.get') continue;
    if (a >= globals.length) invalid(`unknown global ${a}`);
    if (globals[a].mutable) invalid('constant expression required');
  }
  const type: FunctionType = { params: [], results: [result] };
  const declared = new Set(module.functionTypes.keys());
  validateBody(
    module,
    { typeIndex: 0, type, locals: [], code, matching: new Map(), at: code[0].at },
    declared,
  );
}

function checkExports(module: WasmModule): void {
  const counts = {
    func: module.functionTypes.length,
    table: module.tables.length,
    memory: module.memories.length,
    global: module.globals.length,
  };
  const names = new Set<string>();
  for (const { name, kind, index } of module.exports) {
    if (index >= counts[kind]) invalid(`unknown ${kind === 'func' ? 'function' : kind} ${index}`);
    if (names.has(name)) invalid('duplicate export name');
    names.add(name);
  }
}

function checkStart(module: WasmModule): void {
  if (module.start === undefined) return;
  if (module.start >= module.functionTypes.length) invalid('unknown function');
  const type = functionTypeOf(module, module.start);
  if (type.params.length || type.results.length) invalid('start function');
}

function checkElements(module: WasmModule, constants: Constants): void {
  for (const segment of module.elements) {
    for (const item of segment.items) checkConstant(module, item, segment.type, constants);
    if (segment.mode !== 'active') continue;
    const table = module.tables[segment.table] ?? invalid(`unknown table ${segment.table}`);
    if (table.element !== segment.type) invalid('type mismatch');
    checkConstant(module, segment.offset, 'i32', constants);
  }
}
