/**
 * Calls, globals, tables and references. A function reference is the address of two words {code, type}; null is 0. A
 * table is three words {elements, size, maximum}.
 */

import { abiType, append, constant, constantOf, symbolAddress, type Value, wordsOf } from '../middle/ir.ts';
import { callRoutine, checkRange } from './build-memory.ts';
import {
  type Builder,
  emit,
  guardedLoad,
  here,
  int,
  invariantWord,
  ownLoad,
  perform,
  pop,
  popWord,
  push,
  trapIf,
} from './builder.ts';
import type { ClosedTable } from './closed-tables.ts';
import { buildIntrinsic } from './intrinsics.ts';
import { type FunctionType, functionTypeOf, type Instruction, typeKey } from './module.ts';

export function buildReference(b: Builder, instruction: Instruction): boolean {
  const rule = rules[instruction.op.name];
  if (rule) rule(b, instruction);
  return rule !== undefined;
}

/** Layout of a table's descriptor, in bytes. */
const ELEMENTS = 0;
const SIZE = 4;

type Rule = (b: Builder, instruction: Instruction) => void;

const rules: Readonly<Record<string, Rule>> = {
  call: (b, { a }) => {
    const entry = b.module.imports.filter(({ type }) => type.kind === 'func')[a];
    const type = functionTypeOf(b.module, a);
    if (entry && buildIntrinsic(b, entry, type)) return;
    const args = popArguments(b, type);
    pushResults(b, type, 'call', args, b.linkage.functionSymbol(a));
  },
  call_indirect: (b, { a, b: table }) => {
    const type = b.module.types[a];
    const index = popWord(b);
    const slots = b.linkage.closedTable(table);
    if (slots) {
      callClosed(b, type, table, slots, index);
      return;
    }
    const { size, elements } = tableState(b, table);
    const inTable = trapIf(b, emit(b, 'geu', [index, size]), 'undefined element');
    const reference = guardedLoad(b, 'load32', elementAddress(b, elements, index), 0, inTable);
    const isSet = trapIf(b, emit(b, 'eq', [reference, int(b, 0)]), 'uninitialized element');
    const found = guardedLoad(b, 'load32', reference, 4, isSet);
    trapIf(b, emit(b, 'ne', [found, int(b, b.linkage.typeId(type))]), 'indirect call type mismatch');
    const code = guardedLoad(b, 'load32', reference, 0, isSet);
    pushResults(b, type, 'callx', [code, ...popArguments(b, type)], '');
  },
  'global.get': (b, { a }) => {
    const { type } = b.module.globals[a];
    const known = b.linkage.foldedGlobal(a);
    if (known !== undefined) {
      push(b, type, foldedWords(b, type, known));
      return;
    }
    const variable = b.linkage.variable(a);
    if (variable) {
      push(b, type, [invariantWord(b, variable)]);
      return;
    }
    const { symbol, offset } = b.linkage.globalAddress(a);
    const base = symbolAddress(b.fn, symbol);
    const words = wordsOf(type).map((word, i) =>
      ownLoad(b, word === 'f' ? 'fload' : 'load32', base, offset + 4 * i),
    );
    push(b, type, words);
  },
  'global.set': (b, { a }) => {
    const { type, words } = pop(b);
    const { symbol, offset } = b.linkage.globalAddress(a);
    const base = symbolAddress(b.fn, symbol);
    words.forEach((word, i) => {
      perform(b, type === 'f32' ? 'fstore' : 'store32', [base, word], offset + 4 * i).isOwn = true;
    });
  },
  'table.get': (b, { a }) => {
    const index = popWord(b);
    const { size, elements } = tableState(b, a);
    const guards = trapIf(b, emit(b, 'geu', [index, size]), 'out of bounds table access');
    const element = guardedLoad(b, 'load32', elementAddress(b, elements, index), 0, guards);
    push(b, b.module.tables[a].element, [element]);
  },
  'table.set': (b, { a }) => {
    const [value, index] = [popWord(b), popWord(b)];
    const { size, elements } = tableState(b, a);
    const guards = trapIf(b, emit(b, 'geu', [index, size]), 'out of bounds table access');
    perform(b, 'store32', [elementAddress(b, elements, index), value]).guards = guards;
  },
  'table.size': (b, { a }) => push(b, 'i32', [tableState(b, a).size]),
  'table.grow': (b, { a }) => {
    const [delta, value] = [popWord(b), popWord(b)];
    const descriptor = symbolAddress(b.fn, b.linkage.tableSymbol(a));
    push(b, 'i32', callRoutine(b, '__wasm_table_grow', [descriptor, value, delta], ['i']));
  },
  'table.fill': (b, { a }) => {
    const [count, value, start] = [popWord(b), popWord(b), popWord(b)];
    const { size, elements } = tableState(b, a);
    checkRange(b, start, count, size, 'out of bounds table access');
    callRoutine(b, '__wasm_table_fill', [elementAddress(b, elements, start), value, count]);
  },
  'table.copy': (b, { a, b: from }) => {
    const [count, source, target] = [popWord(b), popWord(b), popWord(b)];
    copyElements(b, a, target, tableState(b, from), source, count);
  },
  'table.init': (b, { a, b: table }) => {
    const [count, source, target] = [popWord(b), popWord(b), popWord(b)];
    const segment = b.linkage.elementSymbol(a);
    const size = emit(b, 'load32', [symbolAddress(b.fn, `${segment}.length`)]);
    copyElements(b, table, target, { size, elements: symbolAddress(b.fn, segment) }, source, count);
  },
  'elem.drop': (b, { a }) => {
    perform(b, 'store32', [symbolAddress(b.fn, `${b.linkage.elementSymbol(a)}.length`), int(b, 0)]);
  },
  'ref.null': (b, { type }) => push(b, type?.results[0] ?? 'funcref', [int(b, 0)]),
  'ref.is_null': (b) => push(b, 'i32', [emit(b, 'eq', [popWord(b), int(b, 0)])]),
  'ref.func': (b, { a }) => push(b, 'funcref', [symbolAddress(b.fn, b.linkage.referenceSymbol(a))]),
};

/**
 * A call through a table that nothing changes: its code addresses for this type stand in a table of their own, with a trap
 * wherever the call must not succeed and one behind the last slot for all indices beyond. Nothing is left to be checked.
 */
function callClosed(b: Builder, type: FunctionType, table: number, slots: ClosedTable, index: Value): void {
  const known = constantOf(b.fn, index);
  const target = known === undefined ? undefined : slots[known];
  if (target !== undefined && typeKey(functionTypeOf(b.module, target)) === typeKey(type)) {
    pushResults(b, type, 'call', popArguments(b, type), b.linkage.functionSymbol(target));
    return;
  }
  const symbol = b.linkage.dispatchSymbol(table, type);
  const slot = emit(b, 'minu', [index, int(b, slots.length)]);
  const code = emit(b, 'loadk', [elementAddress(b, symbolAddress(b.fn, symbol), slot)]);
  pushResults(b, type, 'callx', [code, ...popArguments(b, type)], symbol);
}

interface TableState {
  readonly size: Value;
  readonly elements: Value;
}

function tableState(b: Builder, table: number): TableState {
  const descriptor = symbolAddress(b.fn, b.linkage.tableSymbol(table));
  return {
    size: ownLoad(b, 'load32', descriptor, SIZE),
    elements: ownLoad(b, 'load32', descriptor, ELEMENTS),
  };
}

function elementAddress(b: Builder, elements: Value, index: Value): Value {
  return emit(b, 'add', [elements, emit(b, 'shl', [index, int(b, 2)])]);
}

function copyElements(
  b: Builder,
  table: number,
  target: Value,
  source: TableState,
  start: Value,
  count: Value,
): void {
  checkRange(b, start, count, source.size, 'out of bounds table access');
  const { size, elements } = tableState(b, table);
  checkRange(b, target, count, size, 'out of bounds table access');
  const bytes = emit(b, 'shl', [count, int(b, 2)]);
  const to = elementAddress(b, elements, target);
  callRoutine(b, '__wasm_memory_copy', [to, elementAddress(b, source.elements, start), bytes]);
}

function popArguments(b: Builder, type: FunctionType): Value[] {
  const operands = type.params.map(() => pop(b)).reverse();
  return operands.flatMap(({ words }) => words);
}

/** Makes the call and pushes its results. Which registers and stack words they travel in is decided in `abi.ts`. */
function pushResults(b: Builder, type: FunctionType, op: string, args: Value[], symbol: string): void {
  const classes = type.results.flatMap(wordsOf);
  const inst = append(b.fn, here(b), op, args, classes, { symbol, at: b.at });
  inst.signature = { params: type.params.map(abiType), results: type.results.map(abiType) };
  let word = 0;
  for (const result of type.results)
    push(
      b,
      result,
      wordsOf(result).map(() => inst.results[word++]),
    );
}

const scratch = new DataView(new ArrayBuffer(8));

function foldedWords(b: Builder, type: string, value: number): Value[] {
  if (type === 'f32') {
    scratch.setFloat32(0, value);
    return [constant(b.fn, scratch.getInt32(0), 'f')];
  }
  if (type !== 'i64') return [int(b, value)];
  scratch.setBigInt64(0, BigInt.asIntN(64, BigInt(value)));
  return [int(b, scratch.getInt32(4)), int(b, scratch.getInt32(0))];
}
