/** Loads, stores, and the bulk operations on memory, with or without bounds checks. */

import { append, type Inst, symbolAddress, type Value } from '../middle/ir.ts';
import {
  type Builder,
  emit,
  guardedLoad,
  here,
  int,
  ownLoad,
  perform,
  pop,
  popWord,
  push,
  staticAddress,
  trapIf,
} from './builder.ts';
import type { Instruction } from './module.ts';

const PAGE_SHIFT = 16;

/** Suffix of the WebAssembly name to the access of the low word and how the high word of an i64 follows. */
const loads: Readonly<Record<string, readonly [op: string, high: 'second' | 'sign' | 'zero' | 'none']>> = {
  'i32.load': ['load32', 'none'],
  'i32.load8_s': ['load8s', 'none'],
  'i32.load8_u': ['load8u', 'none'],
  'i32.load16_s': ['load16s', 'none'],
  'i32.load16_u': ['load16u', 'none'],
  'f32.load': ['fload', 'none'],
  'i64.load': ['load32', 'second'],
  'i64.load8_s': ['load8s', 'sign'],
  'i64.load8_u': ['load8u', 'zero'],
  'i64.load16_s': ['load16s', 'sign'],
  'i64.load16_u': ['load16u', 'zero'],
  'i64.load32_s': ['load32', 'sign'],
  'i64.load32_u': ['load32', 'zero'],
};
const stores: Readonly<Record<string, string>> = {
  'i32.store': 'store32',
  'i32.store8': 'store8',
  'i32.store16': 'store16',
  'f32.store': 'fstore',
  'i64.store': 'store32',
  'i64.store8': 'store8',
  'i64.store16': 'store16',
  'i64.store32': 'store32',
};

export function buildMemory(b: Builder, instruction: Instruction): boolean {
  const { name, width } = instruction.op;
  if (name in loads) {
    buildLoad(b, name, accessed(b, popWord(b), instruction.b, width));
    return true;
  }
  if (name in stores) {
    const { words } = pop(b);
    const { base, offset, guards } = accessed(b, popWord(b), instruction.b, width);
    perform(b, stores[name], [base, words[0]], offset | 0).guards = guards;
    if (name === 'i64.store') perform(b, 'store32', [base, words[1]], (offset + 4) | 0).guards = guards;
    return true;
  }
  const rule = bulk[name];
  if (rule) rule(b, instruction);
  return rule !== undefined;
}

interface Place {
  readonly base: Value;
  readonly offset: number;
  /** The checks that it passed. */
  readonly guards: readonly Inst[];
}

function buildLoad(b: Builder, name: string, { base, offset, guards }: Place): void {
  const [op, high] = loads[name];
  const word = guardedLoad(b, op, base, offset | 0, guards);
  if (high === 'none') push(b, name === 'f32.load' ? 'f32' : 'i32', [word]);
  else if (high === 'second') push(b, 'i64', [word, guardedLoad(b, op, base, (offset + 4) | 0, guards)]);
  else push(b, 'i64', [word, high === 'zero' ? int(b, 0) : emit(b, 'sar', [word, int(b, 31)])]);
}

/** Where an access goes; its constant offset may be the address of static data. */
function accessed(b: Builder, address: Value, offset: number, width: number): Place {
  const inData = b.linkage.staticOffset(offset);
  if (inData !== undefined)
    return { base: emit(b, 'add', [address, staticAddress(b, inData)]), offset: 0, guards: [] };
  return { ...checkedAddress(b, address, offset, width), offset };
}

function memorySize(b: Builder): Value {
  const word = symbolAddress(b.fn, b.linkage.memorySizeSymbol);
  return b.linkage.memoryStays ? emit(b, 'loadk', [word]) : ownLoad(b, 'load32', word);
}

/** The chip address that goes with a WebAssembly address; traps where checking is on and the access is outside. */
function checkedAddress(
  b: Builder,
  address: Value,
  offset: number,
  width: number,
): { base: Value; guards: Inst[] } {
  if (!b.linkage.checked) return { base: address, guards: [] };
  const need = offset + width;
  const constant = b.fn.values[address];
  // Memory never shrinks: what lies within its least size is always there.
  if (constant.kind === 'const' && (constant.imm >>> 0) + need <= b.module.memories[0].min * 2 ** PAGE_SHIFT)
    return { base: emit(b, 'add', [address, symbolAddress(b.fn, b.linkage.memorySymbol)]), guards: [] };
  const guards: Inst[] = [];
  const check = (condition: Value) => guards.push(...trapIf(b, condition, 'out of bounds memory access'));
  if (need >= 2 ** 32) check(int(b, 1));
  const size = memorySize(b);
  // Memory never shrinks, so what fits its least size needs no check of its own.
  if (need > b.module.memories[0].min * 2 ** PAGE_SHIFT) check(emit(b, 'ltu', [size, int(b, need)]));
  const last = emit(b, 'sub', [size, int(b, need)]);
  check(emit(b, 'ltu', [last, address]));
  return { base: emit(b, 'add', [address, symbolAddress(b.fn, b.linkage.memorySymbol)]), guards };
}

/** Traps unless [start, start + count) lies within `size`; all unsigned. */
export function checkRange(
  b: Builder,
  start: Value,
  count: Value,
  size: Value,
  name: 'out of bounds memory access' | 'out of bounds table access',
): void {
  trapIf(b, emit(b, 'ltu', [size, start]), name);
  trapIf(b, emit(b, 'ltu', [emit(b, 'sub', [size, start]), count]), name);
}

/** The chip address of a range of memory, checked. */
function checkedRange(b: Builder, start: Value, count: Value): Value {
  if (!b.linkage.checked) return start;
  checkRange(b, start, count, memorySize(b), 'out of bounds memory access');
  return emit(b, 'add', [start, symbolAddress(b.fn, b.linkage.memorySymbol)]);
}

export function callRoutine(b: Builder, symbol: string, args: Value[], results: ('i' | 'f')[] = []): Value[] {
  return append(b.fn, here(b), 'call', args, results, { symbol, at: b.at }).results;
}

const bulk: Readonly<Record<string, (b: Builder, instruction: Instruction) => void>> = {
  'memory.size': (b) => {
    const pages = b.linkage.checked
      ? emit(b, 'shr', [memorySize(b), int(b, PAGE_SHIFT)])
      : int(b, b.module.memories[0].min);
    push(b, 'i32', [pages]);
  },
  'memory.grow': (b) => {
    const delta = popWord(b);
    if (b.linkage.checked) {
      const descriptor = symbolAddress(b.fn, b.linkage.memorySizeSymbol);
      push(b, 'i32', callRoutine(b, '__wasm_memory_grow', [descriptor, delta], ['i']));
    } else push(b, 'i32', [emit(b, 'select', [delta, int(b, -1), int(b, b.module.memories[0].min)])]);
  },
  'memory.copy': (b) => {
    const [count, source, target] = [popWord(b), popWord(b), popWord(b)];
    const from = checkedRange(b, source, count);
    const to = checkedRange(b, target, count);
    callRoutine(b, '__wasm_memory_copy', [to, from, count]);
  },
  'memory.fill': (b) => {
    const [count, value, target] = [popWord(b), popWord(b), popWord(b)];
    callRoutine(b, '__wasm_memory_fill', [checkedRange(b, target, count), value, count]);
  },
  'memory.init': (b, { a }) => {
    const [count, source, target] = [popWord(b), popWord(b), popWord(b)];
    const segment = b.linkage.dataSymbol(a);
    const length = emit(b, 'load32', [symbolAddress(b.fn, `${segment}.length`)]);
    if (b.linkage.checked) checkRange(b, source, count, length, 'out of bounds memory access');
    const to = checkedRange(b, target, count);
    const from = emit(b, 'add', [source, symbolAddress(b.fn, segment)]);
    callRoutine(b, '__wasm_memory_copy', [to, from, count]);
  },
  'data.drop': (b, { a }) => {
    const length = symbolAddress(b.fn, `${b.linkage.dataSymbol(a)}.length`);
    perform(b, 'store32', [length, int(b, 0)]);
  },
};
