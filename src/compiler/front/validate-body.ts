/** The stack typing of one body: the algorithm of WebAssembly core specification 2.0, appendix A.3. */
import { InvalidModule } from '../errors.ts';
import {
  type FunctionType,
  functionTypeOf,
  type Instruction,
  type ValueType,
  type WasmFunction,
  type WasmModule,
} from './module.ts';

type Operand = ValueType | 'unknown';

interface Frame {
  readonly opcode: string;
  readonly type: FunctionType;
  readonly height: number;
  unreachable: boolean;
}

interface Checker {
  readonly module: WasmModule;
  readonly declared: ReadonlySet<number>;
  readonly locals: readonly ValueType[];
  readonly stack: Operand[];
  readonly frames: Frame[];
}

const letterTypes: Readonly<Record<string, ValueType>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64' };
const isReference = (type: Operand) => type === 'funcref' || type === 'externref' || type === 'unknown';
const isNumeric = (type: Operand) => !isReference(type) || type === 'unknown';

function invalid(what: string, at: number): never {
  throw new InvalidModule(`not a valid WebAssembly module: ${what} at byte ${at}`);
}

export function validateBody(module: WasmModule, fn: WasmFunction, declared: ReadonlySet<number>): void {
  const locals = [...fn.type.params, ...fn.locals];
  const checker: Checker = { module, declared, locals, stack: [], frames: [] };
  pushFrame(checker, 'block', { params: [], results: fn.type.results });
  for (const instruction of fn.code) {
    const special = rules[instruction.op.name];
    if (special) special(checker, instruction);
    else plain(checker, instruction);
  }
}

function plain(checker: Checker, { op, a, at }: Instruction): void {
  if (op.width > 0) {
    needMemory(checker, at);
    if (2 ** a > op.width) invalid('alignment must not be larger than natural', at);
  }
  const [operands, results] = op.signature.split(':');
  for (let i = operands.length - 1; i >= 0; i--) pop(checker, letterTypes[operands[i]], at);
  for (const result of results) checker.stack.push(letterTypes[result]);
}

function pop(checker: Checker, expected: Operand, at: number): Operand {
  const frame = checker.frames[checker.frames.length - 1];
  if (checker.stack.length === frame.height) {
    if (!frame.unreachable) invalid('type mismatch (too few operands)', at);
    return 'unknown';
  }
  const actual = checker.stack.pop() as Operand;
  if (actual !== expected && actual !== 'unknown' && expected !== 'unknown')
    invalid(`type mismatch (${expected} expected, ${actual} found)`, at);
  return actual;
}

function popAll(checker: Checker, types: readonly Operand[], at: number): void {
  for (let i = types.length - 1; i >= 0; i--) pop(checker, types[i], at);
}

function pushFrame(checker: Checker, opcode: string, type: FunctionType): void {
  checker.frames.push({ opcode, type, height: checker.stack.length, unreachable: false });
  checker.stack.push(...type.params);
}

function popFrame(checker: Checker, at: number): Frame {
  const frame = checker.frames[checker.frames.length - 1];
  popAll(checker, frame.type.results, at);
  if (checker.stack.length !== frame.height) invalid('type mismatch (values left on the stack)', at);
  checker.frames.pop();
  return frame;
}

function unreachable(checker: Checker): void {
  const frame = checker.frames[checker.frames.length - 1];
  checker.stack.length = frame.height;
  frame.unreachable = true;
}

function labelTypes(checker: Checker, depth: number, at: number): readonly ValueType[] {
  if (depth >= checker.frames.length) invalid('unknown label', at);
  const frame = checker.frames[checker.frames.length - 1 - depth];
  return frame.opcode === 'loop' ? frame.type.params : frame.type.results;
}

function needMemory(checker: Checker, at: number): void {
  if (checker.module.memories.length === 0) invalid('unknown memory 0', at);
}

function pick<T>(list: readonly T[], index: number, what: string, at: number): T {
  if (index >= list.length) invalid(`unknown ${what} ${index}`, at);
  return list[index];
}

const table = (checker: Checker, index: number, at: number) =>
  pick(checker.module.tables, index, 'table', at);

function needData(checker: Checker, index: number, at: number): void {
  if (index >= (checker.module.dataCount ?? 0)) invalid(`unknown data segment ${index}`, at);
}

type Rule = (checker: Checker, instruction: Instruction) => void;

const rules: Readonly<Record<string, Rule>> = {
  unreachable: (c) => unreachable(c),
  block: openBlock,
  loop: openBlock,
  if: (c, i) => {
    pop(c, 'i32', i.at);
    openBlock(c, i);
  },
  else: (c, i) => {
    const frame = popFrame(c, i.at);
    pushFrame(c, 'else', frame.type);
  },
  end: (c, i) => {
    const frame = popFrame(c, i.at);
    if (frame.opcode === 'if' && frame.type.params.join() !== frame.type.results.join())
      invalid('type mismatch (if without else must leave the stack as it was)', i.at);
    c.stack.push(...frame.type.results);
  },
  br: (c, i) => {
    popAll(c, labelTypes(c, i.a, i.at), i.at);
    unreachable(c);
  },
  br_if: (c, i) => {
    pop(c, 'i32', i.at);
    const types = labelTypes(c, i.a, i.at);
    popAll(c, types, i.at);
    c.stack.push(...types);
  },
  br_table: (c, i) => {
    pop(c, 'i32', i.at);
    const labels = i.list ?? [];
    const arity = labelTypes(c, labels[labels.length - 1], i.at).length;
    for (const label of labels) {
      const types = labelTypes(c, label, i.at);
      if (types.length !== arity) invalid('type mismatch (labels of br_table differ)', i.at);
      const found = [...types].reverse().map((type) => pop(c, type, i.at));
      c.stack.push(...found.reverse());
    }
    unreachable(c);
  },
  return: (c, i) => {
    popAll(c, c.frames[0].type.results, i.at);
    unreachable(c);
  },
  call: (c, i) => {
    pick(c.module.functionTypes, i.a, 'function', i.at);
    applyType(c, functionTypeOf(c.module, i.a), i.at);
  },
  call_indirect: (c, i) => {
    if (table(c, i.b, i.at).element !== 'funcref')
      invalid('type mismatch (call_indirect needs funcref)', i.at);
    const type = pick(c.module.types, i.a, 'type', i.at);
    pop(c, 'i32', i.at);
    applyType(c, type, i.at);
  },
  drop: (c, i) => {
    pop(c, 'unknown', i.at);
  },
  select: (c, i) => {
    pop(c, 'i32', i.at);
    const second = pop(c, 'unknown', i.at);
    const first = pop(c, second, i.at);
    if (!isNumeric(first)) invalid('type mismatch (select needs numbers)', i.at);
    c.stack.push(first === 'unknown' ? second : first);
  },
  select_t: (c, i) => {
    const types = i.type?.results ?? [];
    if (types.length !== 1) invalid('invalid result arity', i.at);
    pop(c, 'i32', i.at);
    pop(c, types[0], i.at);
    pop(c, types[0], i.at);
    c.stack.push(types[0]);
  },
  'local.get': (c, i) => c.stack.push(pick(c.locals, i.a, 'local', i.at)),
  'local.set': (c, i) => pop(c, pick(c.locals, i.a, 'local', i.at), i.at),
  'local.tee': (c, i) => {
    const type = pick(c.locals, i.a, 'local', i.at);
    pop(c, type, i.at);
    c.stack.push(type);
  },
  'global.get': (c, i) => c.stack.push(pick(c.module.globals, i.a, 'global', i.at).type),
  'global.set': (c, i) => {
    const global = pick(c.module.globals, i.a, 'global', i.at);
    if (!global.mutable) invalid('global is immutable', i.at);
    pop(c, global.type, i.at);
  },
  'table.get': (c, i) => {
    const { element } = table(c, i.a, i.at);
    pop(c, 'i32', i.at);
    c.stack.push(element);
  },
  'table.set': (c, i) => popAll(c, ['i32', table(c, i.a, i.at).element], i.at),
  'table.size': (c, i) => {
    table(c, i.a, i.at);
    c.stack.push('i32');
  },
  'table.grow': (c, i) => {
    popAll(c, [table(c, i.a, i.at).element, 'i32'], i.at);
    c.stack.push('i32');
  },
  'table.fill': (c, i) => popAll(c, ['i32', table(c, i.a, i.at).element, 'i32'], i.at),
  'table.copy': (c, i) => {
    if (table(c, i.a, i.at).element !== table(c, i.b, i.at).element) invalid('type mismatch', i.at);
    popAll(c, ['i32', 'i32', 'i32'], i.at);
  },
  'table.init': (c, i) => {
    const segment = pick(c.module.elements, i.a, 'elem segment', i.at);
    if (segment.type !== table(c, i.b, i.at).element) invalid('type mismatch', i.at);
    popAll(c, ['i32', 'i32', 'i32'], i.at);
  },
  'elem.drop': (c, i) => void pick(c.module.elements, i.a, 'elem segment', i.at),
  'memory.size': (c, i) => {
    needMemory(c, i.at);
    c.stack.push('i32');
  },
  'memory.grow': (c, i) => {
    needMemory(c, i.at);
    pop(c, 'i32', i.at);
    c.stack.push('i32');
  },
  'memory.init': (c, i) => {
    if (i.b !== 0) invalid('unknown memory', i.at);
    needMemory(c, i.at);
    needData(c, i.a, i.at);
    popAll(c, ['i32', 'i32', 'i32'], i.at);
  },
  'data.drop': (c, i) => needData(c, i.a, i.at),
  'memory.copy': bulk,
  'memory.fill': bulk,
  'ref.null': (c, i) => c.stack.push(...(i.type?.results ?? [])),
  'ref.is_null': (c, i) => {
    if (!isReference(pop(c, 'unknown', i.at))) invalid('type mismatch (reference expected)', i.at);
    c.stack.push('i32');
  },
  'ref.func': (c, i) => {
    pick(c.module.functionTypes, i.a, 'function', i.at);
    if (!c.declared.has(i.a)) invalid('undeclared function reference', i.at);
    c.stack.push('funcref');
  },
};

function openBlock(checker: Checker, instruction: Instruction): void {
  const type = instruction.type as FunctionType;
  popAll(checker, type.params, instruction.at);
  pushFrame(checker, instruction.op.name, type);
}

function applyType(checker: Checker, type: FunctionType, at: number): void {
  popAll(checker, type.params, at);
  checker.stack.push(...type.results);
}

function bulk(checker: Checker, instruction: Instruction): void {
  needMemory(checker, instruction.at);
  popAll(checker, ['i32', 'i32', 'i32'], instruction.at);
}
