/** WebAssembly body to intermediate form: structured control flow becomes blocks with parameters. */

import type { Linkage } from '../linkage.ts';
import {
  abiType,
  addParam,
  type Block,
  createBlock,
  createFunction,
  type IrFunction,
  type Signature,
  traps,
  wordsOf,
} from '../middle/ir.ts';
import { buildFloat } from './build-float.ts';
import { buildInteger } from './build-integer.ts';
import { buildMemory } from './build-memory.ts';
import { buildReference } from './build-reference.ts';
import {
  addPending,
  type Builder,
  bindLabel,
  emit,
  here,
  int,
  jumpTo,
  type Label,
  numberOrAddress,
  openEdge,
  pop,
  popWord,
  push,
  setBlock,
} from './builder.ts';
import type { FunctionType, Instruction, ValueType, WasmFunction, WasmModule } from './module.ts';
import { findLoopTest, type LoopTest } from './rotate.ts';

/** An open block, loop or if. */
interface Frame {
  readonly kind: 'block' | 'loop' | 'if' | 'else';
  readonly type: FunctionType;
  /** Stack height below the parameters. */
  readonly height: number;
  /** Where `br` goes, unless it is a loop. */
  readonly label: Label;
  /** Of an if: where the condition's failure goes. */
  readonly elseLabel?: Label;
  /** Of a loop: its first block and the local slots that are its parameters. */
  readonly header?: Block;
  readonly headerSlots?: readonly number[];
  /** Of a loop whose test was moved to its end: the test, and where failing it goes. */
  readonly test?: LoopTest;
  readonly exit?: Label;
}

interface State {
  readonly b: Builder;
  readonly frames: Frame[];
  /** Index of the next instruction. */
  next: number;
}

export function buildFunction(
  module: WasmModule,
  source: WasmFunction,
  linkage: Linkage,
  name: string,
  symbol: string,
): IrFunction {
  const fn = createFunction(name, symbol, signatureOf(source));
  const localTypes = [...source.type.params, ...source.locals];
  const firstSlot: number[] = [];
  const slots: number[] = [];
  const entry = createBlock(fn);
  localTypes.forEach((type, i) => {
    firstSlot.push(slots.length);
    for (const word of wordsOf(type))
      slots.push(i < source.type.params.length ? addParam(fn, entry, word) : zero(fn, word));
  });
  const b: Builder = {
    module,
    source,
    linkage,
    fn,
    block: entry,
    slots,
    firstSlot,
    localTypes,
    stack: [],
    at: source.at,
  };
  const label: Label = { types: source.type.results, pending: [] };
  const state: State = { b, next: 0, frames: [] };
  state.frames.push({ kind: 'block', type: source.type, height: 0, label });
  while (state.next < source.code.length) step(state);
  return fn;
}

/** A function that only traps. */
export function buildTrap(source: WasmFunction, name: string, symbol: string, code: number): IrFunction {
  const fn = createFunction(name, symbol, signatureOf(source));
  createBlock(fn).end = { kind: 'trap', code, edges: [] };
  return fn;
}

function signatureOf({ type }: WasmFunction): Signature {
  return { params: type.params.map(abiType), results: type.results.map(abiType) };
}

function zero(fn: IrFunction, word: 'i' | 'f') {
  const key = `${word}0`;
  const known = fn.constants.get(key);
  if (known !== undefined) return known;
  fn.values.push({ kind: 'const', type: word, imm: 0, symbol: '', block: undefined, inst: undefined });
  fn.constants.set(key, fn.values.length - 1);
  return fn.values.length - 1;
}

function step(state: State): void {
  const { b } = state;
  const index = state.next++;
  const instruction = b.source.code[index];
  b.at = instruction.at;
  const rule = control[instruction.op.name];
  if (rule) rule(state, instruction, index);
  else translate(b, instruction);
  if (!b.block) skipUnreachable(state);
}

/** After a branch nothing is reachable until the matching else or end. */
function skipUnreachable(state: State): void {
  const { code, matching } = state.b.source;
  while (state.next < code.length) {
    const { op } = code[state.next];
    if (op.name === 'end' || op.name === 'else') return;
    // The frame of a nested block is never opened, so its end is skipped with it.
    let end = op.immediate === 'block' ? matching.get(state.next) : undefined;
    if (end !== undefined && code[end].op.name === 'else') end = matching.get(end);
    state.next = (end ?? state.next) + 1;
  }
}

function translate(b: Builder, instruction: Instruction): void {
  const done =
    buildBasic(b, instruction) ||
    buildInteger(b, instruction) ||
    buildFloat(b, instruction) ||
    buildMemory(b, instruction) ||
    buildReference(b, instruction);
  if (!done) throw new Error(`internal: no translation of ${instruction.op.name}`);
}

type Rule = (state: State, instruction: Instruction, index: number) => void;

const control: Readonly<Record<string, Rule>> = {
  block: ({ b, frames }, { type }) => {
    frames.push(plainFrame(b, 'block', type as FunctionType));
  },
  loop: openLoop,
  if: (state, instruction) => {
    const condition = popWord(state.b);
    openIf(state, instruction, condition);
  },
  else: (state) => {
    const frame = state.frames.pop() as Frame;
    const { b } = state;
    if (b.block) jumpTo(b, frame.label);
    bindLabel(b, frame.elseLabel as Label, frame.height);
    state.frames.push({ ...frame, kind: 'else', elseLabel: undefined });
  },
  end: (state) => {
    const frame = state.frames.pop() as Frame;
    const { b } = state;
    if (state.frames.length === 0) return finish(b, frame);
    // Falling off the end of a loop leaves it with the stack as it is; a moved test may leave it too.
    if (frame.kind === 'loop' && !frame.test) return;
    if (b.block) jumpTo(b, frame.label);
    if (frame.elseLabel) passThrough(b, frame);
    bindLabel(b, frame.label, frame.height);
  },
  br: (state, { a }) => {
    branchTo(state, a);
  },
  br_if: (state, { a }) => {
    const { b } = state;
    const condition = popWord(b);
    const from = here(b);
    const taken = createBlock(b.fn);
    const rest = createBlock(b.fn);
    from.end = {
      kind: 'branch',
      condition,
      edges: [
        { to: taken, args: [] },
        { to: rest, args: [] },
      ],
    };
    const saved = { slots: [...b.slots], stack: [...b.stack] };
    setBlock(b, taken);
    branchTo(state, a);
    Object.assign(b, saved);
    setBlock(b, rest);
  },
  br_table: (state, { list }) => {
    const { b } = state;
    const condition = popWord(b);
    const from = here(b);
    const saved = { slots: [...b.slots], stack: [...b.stack] };
    const targets = new Map<number, Block>();
    for (const depth of list ?? []) {
      if (targets.has(depth)) continue;
      targets.set(depth, setBlock(b, createBlock(b.fn)));
      b.slots = [...saved.slots];
      b.stack = [...saved.stack];
      branchTo(state, depth);
    }
    const edges = (list ?? []).map((depth) => ({ to: targets.get(depth) as Block, args: [] }));
    from.end =
      edges.length === 1 ? { kind: 'jump', edges: [edges[0]] } : { kind: 'switch', condition, edges };
    b.block = undefined;
  },
  return: (state) => {
    branchTo(state, state.frames.length - 1);
  },
  unreachable: ({ b }) => {
    here(b).end = { kind: 'trap', code: traps.unreachable, edges: [] };
    b.block = undefined;
  },
};

function plainFrame(b: Builder, kind: Frame['kind'], type: FunctionType): Frame {
  return {
    kind,
    type,
    height: b.stack.length - type.params.length,
    label: { types: type.results, pending: [] },
  };
}

function openIf(state: State, { type }: Instruction, condition: number): void {
  const { b } = state;
  const elseLabel: Label = { types: (type as FunctionType).params, pending: [] };
  const frame = { ...plainFrame(b, 'if', type as FunctionType), elseLabel };
  branchInto(b, condition, elseLabel);
  state.frames.push(frame);
}

/** Goes on in a new block when the condition holds, and to a label when it does not. */
function branchInto(b: Builder, condition: number, otherwise: Label): void {
  const [yes, no] = [openEdge(b), openEdge(b)];
  addPending(b, otherwise, no);
  here(b).end = { kind: 'branch', condition, edges: [yes, no] };
  yes.to = setBlock(b, createBlock(b.fn));
}

/** An if without else: a false condition goes straight to the end, with the parameters as results. */
function passThrough(b: Builder, frame: Frame): void {
  frame.label.pending.push(...(frame.elseLabel as Label).pending);
  b.block = undefined;
}

function finish(b: Builder, frame: Frame): void {
  if (b.block) jumpTo(b, frame.label);
  bindLabel(b, frame.label, 0);
  if (!b.block) return;
  here(b).end = { kind: 'return', args: b.stack.flatMap(({ words }) => words), edges: [] };
  b.block = undefined;
}

function branchTo(state: State, depth: number): void {
  const { b } = state;
  const frame = state.frames[state.frames.length - 1 - depth];
  if (frame.kind === 'loop') repeat(state, frame);
  else jumpTo(b, frame.label);
  b.block = undefined;
}

/** Goes back to the head of a loop, through a copy of its test if that was moved to the end. */
function repeat(state: State, frame: Frame): void {
  const { b } = state;
  const carried = b.stack.slice(b.stack.length - frame.type.params.length).flatMap(({ words }) => words);
  if (frame.test) runTest(state, frame.test, frame.exit as Label);
  if (!b.block) return;
  const slots = (frame.headerSlots ?? []).map((slot) => b.slots[slot]);
  here(b).end = { kind: 'jump', edges: [{ to: frame.header as Block, args: [...slots, ...carried] }] };
}

function openLoop(state: State, { type }: Instruction, index: number): void {
  const { b } = state;
  const { code, matching } = b.source;
  const base = plainFrame(b, 'loop', type as FunctionType);
  const found = findLoopTest(b.source, index);
  const exit = found && exitLabel(state, found, base.label);
  const test = exit && found;
  if (test) runTest(state, test, exit);
  if (!b.block) {
    // The test is known to fail: the loop is never entered, all its code is dead.
    bindLabel(b, base.label, base.height);
    state.next = (matching.get(index) as number) + 1;
    return;
  }
  const assigned = assignedSlots(b, code.slice(index, matching.get(index)));
  const header = createBlock(b.fn);
  const carried = b.stack.slice(base.height);
  const args = [...assigned.map((slot) => b.slots[slot]), ...carried.flatMap(({ words }) => words)];
  here(b).end = { kind: 'jump', edges: [{ to: header, args }] };
  setBlock(b, header);
  for (const slot of assigned) b.slots[slot] = addParam(b.fn, header, b.fn.values[b.slots[slot]].type);
  b.stack.length = base.height;
  for (const { type: t } of carried)
    push(
      b,
      t,
      wordsOf(t).map((word) => addParam(b.fn, header, word)),
    );
  state.frames.push({ ...base, header, headerSlots: assigned, test, exit });
  if (!test) return;
  state.next = test.end + 1;
  // The if that held the loop's body: its end is the end of the body.
  if (test.opensIf) state.frames.push(plainFrame(b, 'block', { params: [], results: [] }));
}

/** Where a moved test leaves to: the end of the loop, or the label that its br_if names. */
function exitLabel(state: State, test: LoopTest, end: Label): Label | undefined {
  if (test.opensIf) return end;
  const target = state.frames[state.frames.length - test.depth];
  return target.kind === 'loop' || target.label.types.length > 0 ? undefined : target.label;
}

/** Translates the test of a loop at this place; failing it goes to `exit`. */
function runTest(state: State, test: LoopTest, exit: Label): void {
  const { b } = state;
  for (let i = test.start; i < test.end; i++) {
    b.at = b.source.code[i].at;
    translate(b, b.source.code[i]);
  }
  const condition = popWord(b);
  const stay = test.opensIf ? condition : emit(b, 'eq', [condition, int(b, 0)]);
  const known = b.fn.values[stay];
  if (known.kind === 'const' && known.imm !== 0) return;
  if (known.kind === 'const') jumpTo(b, exit);
  else branchInto(b, stay, exit);
}

function assignedSlots(b: Builder, code: readonly Instruction[]): number[] {
  const slots = new Set<number>();
  for (const { op, a } of code) {
    if (op.name !== 'local.set' && op.name !== 'local.tee') continue;
    wordsOf(b.localTypes[a]).forEach((_, word) => {
      slots.add(b.firstSlot[a] + word);
    });
  }
  return [...slots];
}

function buildBasic(b: Builder, { op, a, b: high }: Instruction): boolean {
  switch (op.name) {
    case 'nop':
      return true;
    case 'drop':
      pop(b);
      return true;
    case 'local.get':
      push(b, b.localTypes[a], localWords(b, a));
      return true;
    case 'local.tee':
    case 'local.set': {
      const operand = pop(b);
      operand.words.forEach((word, i) => {
        b.slots[b.firstSlot[a] + i] = word;
      });
      if (op.name === 'local.tee') b.stack.push(operand);
      return true;
    }
    case 'i32.const':
      push(b, 'i32', [numberOrAddress(b, a)]);
      return true;
    case 'i64.const':
      push(b, 'i64', [int(b, a), int(b, high)]);
      return true;
    case 'select':
    case 'select_t': {
      const condition = popWord(b);
      const [no, yes] = [pop(b), pop(b)];
      const choose = (word: number, i: number) =>
        emit(b, yes.type === 'f32' ? 'fselect' : 'select', [condition, word, no.words[i]]);
      push(b, yes.type, yes.words.map(choose));
      return true;
    }
    default:
      return false;
  }
}

function localWords(b: Builder, local: number): number[] {
  const type: ValueType = b.localTypes[local];
  return wordsOf(type).map((_, word) => b.slots[b.firstSlot[local] + word]);
}
