/**
 * Counted loops for the zero-overhead loop hardware: innermost, without calls, one way back. The number of rounds is
 * computed in front (`rounds`), the branch at the end becomes a `loopback`, which costs nothing.
 */

import { fold, inverse } from './fold.ts';
import { append, type Block, constant, constantOf, homeOf, type IrFunction, type Value } from './ir.ts';
import { findLoops, type Loop, type LoopInfo } from './loops.ts';

/** The hardware reaches 256 bytes; an instruction takes three at most, a selected one stands for up to two of them. */
const MAX_INSTRUCTIONS = 60;

/** `excluded` numbers loops in the order in which they are met. */
export function markCountedLoops(fn: IrFunction, excluded: ReadonlySet<number>): void {
  const info = findLoops(fn);
  for (const [number, loop] of info.loops.entries()) {
    if (excluded.has(number) || !isSuitable(info, loop)) continue;
    const [latch] = loop.latches;
    const count = countRounds(fn, loop, latch);
    if (count === undefined || latch.end.kind !== 'branch') continue;
    const { edges } = latch.end;
    const stays = edges[0].to === loop.header;
    if (constantOf(fn, count) === 1) {
      latch.end = { kind: 'jump', edges: [edges[stays ? 1 : 0]] };
      continue;
    }
    append(fn, loop.preheader, 'rounds', [count], [], { imm: number });
    latch.end = { kind: 'loopback', edges: stays ? [edges[0], edges[1]] : [edges[1], edges[0]] };
  }
}

function isSuitable(info: LoopInfo, loop: Loop): boolean {
  if (loop.latches.length !== 1) return false;
  const isInner = info.loops.every((other) => other === loop || !loop.blocks.has(other.header));
  const insts = [...loop.blocks].flatMap((block) => block.insts);
  // Division and square root are calls, too.
  const calls = insts.some(({ op }) => /^(call|callx|fdiv|fsqrt|isync)$/.test(op));
  const tables = [...loop.blocks].some(({ end }) => end.kind === 'switch');
  return isInner && !calls && !tables && insts.length <= MAX_INSTRUCTIONS && !usesParamsOutside(info, loop);
}

/**
 * The parameters get their next values before the hardware decides, so also in the last round: their old values must
 * not be wanted after it.
 */
function usesParamsOutside(info: LoopInfo, loop: Loop): boolean {
  const params = new Set(loop.header.params);
  const mentions = (values: readonly Value[]) => values.some((value) => params.has(value));
  const [latch] = loop.latches;
  if (latch.end.edges.some(({ to, args }) => to !== loop.header && mentions(args))) return true;
  return info.order.some((block) => {
    if (loop.blocks.has(block)) return false;
    const { end } = block;
    if (block.insts.some(({ args }) => mentions(args)) || end.edges.some(({ args }) => mentions(args)))
      return true;
    if (end.kind === 'branch' || end.kind === 'switch') return params.has(end.condition);
    return end.kind === 'return' && mentions(end.args);
  });
}

interface Induction {
  readonly start: Value;
  readonly step: number;
}

function countRounds(fn: IrFunction, loop: Loop, latch: Block): Value | undefined {
  if (latch.end.kind !== 'branch') return undefined;
  const { condition, edges } = latch.end;
  const test = fn.values[condition].inst;
  if (!test || edges[0].to === edges[1].to) return undefined;
  const back = edges.find(({ to }) => to === loop.header);
  if (!back) return undefined;
  const op = back === edges[0] ? test.op : inverse[test.op];
  const outside = (value: Value) => {
    const block = homeOf(fn, value);
    return block === undefined || !loop.blocks.has(block);
  };
  for (const [next, bound, side] of [
    [test.args[0], test.args[1], 'left'],
    [test.args[1], test.args[0], 'right'],
  ] as const) {
    if (bound === undefined || !outside(bound)) continue;
    const induction = findInduction(fn, loop, next, back.args);
    if (induction)
      return rounds(fn, loop.preheader, side === 'left' ? op : `${op} reversed`, induction, bound);
  }
  return undefined;
}

/** A parameter that goes up or down by a constant each round; `next` is its new value. */
function findInduction(
  fn: IrFunction,
  loop: Loop,
  next: Value,
  backArgs: readonly Value[],
): Induction | undefined {
  const index = backArgs.indexOf(next);
  const add = fn.values[next].inst;
  if (index < 0 || add?.op !== 'add' || add.args[0] !== loop.header.params[index]) return undefined;
  const step = constantOf(fn, add.args[1]);
  const [entry] = loop.preheader.end.edges;
  return step === undefined || !entry ? undefined : { start: entry.args[index], step };
}

/** Instructions in the preheader, folded where possible. */
function make(fn: IrFunction, block: Block, op: string, args: Value[]): Value {
  const better = fold(fn, op, args);
  if (better) return 'value' in better ? better.value : make(fn, block, better.op, better.args);
  return append(fn, block, op, args, ['i']).results[0];
}

/**
 * How often a loop runs that goes on while `next op bound`, next = start + step, + step ...; at least once. With steps of
 * 1 the formulas are exact for all numbers, also where `next` wraps.
 */
function rounds(
  fn: IrFunction,
  block: Block,
  op: string,
  { start, step }: Induction,
  bound: Value,
): Value | undefined {
  const m = (name: string, ...args: Value[]) => make(fn, block, name, args);
  const k = (value: number) => constant(fn, value);
  const fixed = constantOf(fn, bound);
  if (op === 'ne' || op === 'ne reversed') {
    if (step === 1) return m('sub', bound, start);
    return step === -1 ? m('sub', start, bound) : undefined;
  }
  if (op === 'lt' || op === 'ltu') {
    // Up to the bound, or one round if the first step reaches it.
    if (step < 1 || (step & (step - 1)) !== 0) return undefined;
    const reached = m(op === 'lt' ? 'max' : 'maxu', bound, m('add', start, k(1)));
    const distance = m('sub', reached, start);
    return step === 1 ? distance : dividedRounds(fn, block, op, { step, distance, bound });
  }
  if ((op === 'ge' || op === 'geu') && step === -1 && fixed !== undefined) {
    // Always true: the loop never ends.
    if (fixed === (op === 'ge' ? -0x80000000 : 0)) return undefined;
    const reached = m(op === 'ge' ? 'min' : 'minu', k(fixed - 1), m('add', start, k(-1)));
    return m('sub', start, reached);
  }
  if ((op === 'lt reversed' || op === 'ltu reversed') && step === -1) {
    const reached = m(op === 'lt reversed' ? 'min' : 'minu', bound, m('add', start, k(-1)));
    return m('sub', start, reached);
  }
  return undefined;
}

/**
 * Steps of 2^n: rounded up. Only for bounds that leave room for the last step: beyond them a loop could miss its bound
 * and wrap, and would run forever.
 */
function dividedRounds(
  fn: IrFunction,
  block: Block,
  op: string,
  { step, distance, bound }: { step: number; distance: Value; bound: Value },
): Value | undefined {
  const fixed = constantOf(fn, bound);
  const top = op === 'lt' ? 0x7fffffff : 0xffffffff;
  const value = fixed === undefined ? undefined : op === 'lt' ? fixed : fixed >>> 0;
  if (value !== undefined && value > top - step) return undefined;
  const shift = constant(fn, 31 - Math.clz32(step));
  const less = make(fn, block, 'add', [distance, constant(fn, -1)]);
  const count = make(fn, block, 'add', [make(fn, block, 'shr', [less, shift]), constant(fn, 1)]);
  if (value !== undefined) return count;
  // 0 rounds mean 2^32 of them.
  const endless = make(fn, block, op, [constant(fn, (top - step) | 0), bound]);
  return make(fn, block, 'select', [endless, constant(fn, 0), count]);
}
