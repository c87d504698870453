/** The state of translating one WebAssembly body, and the small operations that all parts of the builder use. */

import type { Linkage, Word } from '../linkage.ts';
import { fold } from '../middle/fold.ts';
import {
  addParam,
  append,
  type Block,
  constant,
  constantOf,
  createBlock,
  type Edge,
  type Inst,
  type IrFunction,
  type RegisterClass,
  symbolAddress,
  type TrapName,
  traps,
  type Value,
  wordsOf,
} from '../middle/ir.ts';
import { operation } from '../middle/operations.ts';
import type { ValueType, WasmFunction, WasmModule } from './module.ts';

/** A WebAssembly value on the operand stack: one word, or two for i64 (low first). */
export interface Operand {
  readonly type: ValueType;
  readonly words: readonly Value[];
}

/** A jump to a label that is bound later, with the state at the jump. */
interface PendingEdge {
  readonly edge: Edge;
  readonly slots: readonly Value[];
  readonly words: readonly Value[];
}

export interface Label {
  readonly types: readonly ValueType[];
  readonly pending: PendingEdge[];
}

export interface Builder {
  readonly module: WasmModule;
  readonly source: WasmFunction;
  readonly linkage: Linkage;
  readonly fn: IrFunction;
  /** Where instructions go; undefined after a branch, when the rest of the WebAssembly block cannot be reached. */
  block: Block | undefined;
  /** The words of all locals. */
  slots: Value[];
  /** First slot of each local. */
  readonly firstSlot: readonly number[];
  readonly localTypes: readonly ValueType[];
  stack: Operand[];
  /** Byte offset of the instruction being translated. */
  at: number;
}

export function here(b: Builder): Block {
  if (!b.block) throw new Error('internal: instruction in unreachable code');
  return b.block;
}

/** Makes an instruction with one result, or finds the value it would have. */
export function emit(b: Builder, op: string, args: Value[], imm = 0): Value {
  const better = fold(b.fn, op, args);
  if (better) return 'value' in better ? better.value : emit(b, better.op, better.args, imm);
  const { result = 'i' } = operation(op);
  return append(b.fn, here(b), op, args, [result], { imm, at: b.at }).results[0];
}

/** Makes an instruction without a result. */
export function perform(b: Builder, op: string, args: Value[], imm = 0): Inst {
  return append(b.fn, here(b), op, args, [], { imm, at: b.at });
}

/** A load that is made only where its checks have passed. */
export function guardedLoad(
  b: Builder,
  op: string,
  base: Value,
  imm: number,
  guards: readonly Inst[],
): Value {
  const value = emit(b, op, [base], imm);
  (b.fn.values[value].inst as Inst).guards = guards;
  return value;
}

/** Reads a word that the program's own stores never reach. */
export function ownLoad(b: Builder, op: string, base: Value, imm = 0): Value {
  const value = emit(b, op, [base], imm);
  (b.fn.values[value].inst as Inst).isOwn = true;
  return value;
}

export function int(b: Builder, value: number): Value {
  return constant(b.fn, value);
}

/** A number that may be the address of static data. */
export function numberOrAddress(b: Builder, value: number): Value {
  const offset = b.linkage.staticOffset(value);
  return offset === undefined ? int(b, value) : staticAddress(b, offset);
}

export function staticAddress(b: Builder, offset: number): Value {
  return symbolAddress(b.fn, b.linkage.options.staticData?.symbol ?? '', offset);
}

/** A word of memory that never changes while the function runs: read once, at its beginning. */
export function invariantWord(b: Builder, { symbol, offset }: Word): Value {
  const key = `word ${symbol}+${offset}`;
  const known = b.fn.constants.get(key);
  if (known !== undefined) return known;
  const base = symbolAddress(b.fn, symbol);
  const [value] = append(b.fn, b.fn.blocks[0], 'load32', [base], ['i'], { imm: offset, at: b.at }).results;
  b.fn.constants.set(key, value);
  return value;
}

/** Stops the program when the condition is not 0; returns the checks that stand for it. */
export function trapIf(b: Builder, condition: Value, name: TrapName): Inst[] {
  const info = b.fn.values[condition];
  if (info.kind === 'const' && info.imm === 0) return [];
  return [perform(b, 'trapif', [condition], traps[name])];
}

/** Goes on where the condition holds; where not, `which` may look closer and then says which trap it is. */
export function orTrap(b: Builder, condition: Value, which: () => TrapName): void {
  if (b.fn.values[condition].kind === 'const' && constantOf(b.fn, condition) !== 0) return;
  const [on, off] = [openEdge(b), openEdge(b)];
  here(b).end = { kind: 'branch', condition, edges: [on, off] };
  off.to = setBlock(b, createBlock(b.fn));
  const name = which();
  here(b).end = { kind: 'trap', code: traps[name], edges: [] };
  on.to = setBlock(b, createBlock(b.fn));
}

export function push(b: Builder, type: ValueType, words: readonly Value[]): void {
  b.stack.push({ type, words });
}

export function pop(b: Builder): Operand {
  const operand = b.stack.pop();
  if (!operand) throw new Error('internal: operand stack is empty');
  return operand;
}

/** Pops a value of one word. */
export function popWord(b: Builder): Value {
  return pop(b).words[0];
}

export function setBlock(b: Builder, block: Block): Block {
  b.block = block;
  return block;
}

/** An edge whose target is filled in when its label is bound. */
export function openEdge(b: Builder): Edge {
  return { to: here(b), args: [] };
}

/** Registers an edge leaving the current state for a label; the label's values are on top of the stack. */
export function addPending(b: Builder, label: Label, edge: Edge): void {
  const words = b.stack.slice(b.stack.length - label.types.length).flatMap((operand) => operand.words);
  label.pending.push({ edge, slots: [...b.slots], words });
}

/** Ends the current block with a jump to a label. */
export function jumpTo(b: Builder, label: Label): void {
  const edge = openEdge(b);
  addPending(b, label, edge);
  here(b).end = { kind: 'jump', edges: [edge] };
  b.block = undefined;
}

/**
 * Starts the block of a label: where the incoming edges disagree about a local or a result, the block gets a parameter.
 * `height` is the stack height below the label's values.
 */
export function bindLabel(b: Builder, label: Label, height: number): void {
  b.stack.length = Math.min(b.stack.length, height);
  b.block = undefined;
  if (label.pending.length === 0) return;
  const block = setBlock(b, createBlock(b.fn));
  const merge = (values: readonly Value[]): Value => {
    if (values.every((value) => value === values[0])) return values[0];
    const param = addParam(b.fn, block, b.fn.values[values[0]].type);
    label.pending.forEach(({ edge }, i) => {
      edge.args.push(values[i]);
    });
    return param;
  };
  for (const { edge } of label.pending) edge.to = block;
  b.slots = label.pending[0].slots.map((_, slot) => merge(label.pending.map(({ slots }) => slots[slot])));
  let word = 0;
  for (const type of label.types) {
    const words = wordsOf(type).map(() => {
      const index = word++;
      return merge(label.pending.map(({ words }) => words[index]));
    });
    push(b, type, words);
  }
}

/**
 * A value that is computed one way or the other, where branching is cheaper than doing both. The state of locals and
 * stack must not change inside.
 */
export function either(
  b: Builder,
  condition: Value,
  type: RegisterClass,
  yes: () => Value,
  no: () => Value,
): Value {
  const [result] = eitherOf(
    b,
    condition,
    [type],
    () => [yes()],
    () => [no()],
  );
  return result;
}

export function eitherOf(
  b: Builder,
  condition: Value,
  types: readonly RegisterClass[],
  yes: () => Value[],
  no: () => Value[],
): Value[] {
  const known = b.fn.values[condition];
  if (known.kind === 'const') return known.imm !== 0 ? yes() : no();
  const [first, second] = [openEdge(b), openEdge(b)];
  here(b).end = { kind: 'branch', condition, edges: [first, second] };
  const arm = (edge: Edge, compute: () => Value[]): Edge => {
    edge.to = setBlock(b, createBlock(b.fn));
    const args = compute();
    const out: Edge = { to: here(b), args };
    here(b).end = { kind: 'jump', edges: [out] };
    return out;
  };
  const outs = [arm(first, yes), arm(second, no)];
  const join = setBlock(b, createBlock(b.fn));
  for (const out of outs) out.to = join;
  return types.map((type) => addParam(b.fn, join, type));
}
