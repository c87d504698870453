/**
 * Counted loops for the zero-overhead loop hardware: innermost, without calls, one way back. The number of rounds is
 * computed in front (`rounds`), the branch at the end becomes a `loopback`, which costs nothing.
 */
import { fold } from './fold.ts';
import {
  addParam,
  append,
  type Block,
  constant,
  constantOf,
  createBlock,
  homeOf,
  type IrFunction,
  type Value,
} from './ir.ts';
import { findLoops, type Loop } from './loops.ts';
import { dividesInPlace, operations } from './operations.ts';
import { type Counting, countRounds, type Rounds } from './rounds.ts';

/** The hardware reaches 256 bytes; an instruction takes three at most, a selected one stands for up to two of them. */
const MAX_INSTRUCTIONS = 60;
const DIVISION_INSTRUCTIONS = 28;

/** `excluded` numbers loops in the order in which they are met. */
export function markCountedLoops(fn: IrFunction, excluded: ReadonlySet<number>): void {
  const info = findLoops(fn);
  const outer = new Set(info.loops.map(({ parent }) => parent));
  for (const [number, loop] of info.loops.entries()) {
    if (excluded.has(number) || outer.has(loop) || !isSuitable(fn, loop)) continue;
    const found = findCounting(fn, loop);
    if (!found) continue;
    const inFront = (op: string, ...args: Value[]) => make(fn, loop.preheader, op, args);
    const rounds = countRounds(fn, found, inFront);
    if (rounds) useHardware(fn, loop, rounds, number);
  }
}

function isSuitable(fn: IrFunction, loop: Loop): boolean {
  if (loop.latches.length !== 1) return false;
  const blocks = [...loop.blocks];
  const insts = blocks.flatMap((block) => block.insts);
  // Division and square root are calls or sequences of many instructions.
  const divisions = insts.filter(({ op }) => op === 'fdiv' || op === 'fsqrt').length;
  if (divisions > 0 && !dividesInPlace(fn)) return false;
  const calls = insts.some(({ op }) => /^(call|callx|isync)$/.test(op));
  const size = insts.length + DIVISION_INSTRUCTIONS * divisions;
  return !calls && size <= MAX_INSTRUCTIONS && blocks.every(({ end }) => end.kind !== 'switch');
}

/** Instructions in the preheader, folded where possible. */
function make(fn: IrFunction, block: Block, op: string, args: Value[]): Value {
  const better = fold(fn, op, args);
  if (better) return 'value' in better ? better.value : make(fn, block, better.op, better.args);
  return append(fn, block, op, args, ['i']).results[0];
}

/** The comparison at the end of the loop, if one side of it counts and the other stays. */
function findCounting(fn: IrFunction, loop: Loop): Counting | undefined {
  const [latch] = loop.latches;
  if (latch.end.kind !== 'branch') return undefined;
  const { condition, edges } = latch.end;
  const back = edges.find(({ to }) => to === loop.header);
  if (!back || edges[0].to === edges[1].to) return undefined;
  const test = comparisonOf(fn, condition, back === edges[0]);
  if (!test) return undefined;
  const { op, args } = test;
  const isOutside = (value: Value) => {
    const block = homeOf(fn, value);
    return block === undefined || !loop.blocks.has(block);
  };
  for (const side of [0, 1]) {
    const bound = args[1 - side];
    const induction = isOutside(bound) ? findInduction(fn, loop, args[side], back.args) : undefined;
    if (induction) return { op, isBoundLeft: side === 1, bound, ...induction };
  }
  return undefined;
}

/** What must hold for another round. A value that is no comparison is compared with 0. */
function comparisonOf(
  fn: IrFunction,
  condition: Value,
  sense: boolean,
): { op: string; args: readonly Value[] } | undefined {
  const { inst } = fn.values[condition];
  const inverse = inst && operations.get(inst.op)?.inverse;
  if (inst && inverse) return { op: sense ? inst.op : inverse, args: inst.args };
  return sense ? { op: 'ne', args: [condition, constant(fn, 0)] } : undefined;
}

/** A parameter that goes up or down by a constant each round, compared before or after its step. */
function findInduction(
  fn: IrFunction,
  loop: Loop,
  compared: Value,
  backArgs: readonly Value[],
): { start: Value; step: number; isBefore: boolean } | undefined {
  const { params } = loop.header;
  const isBefore = params.includes(compared);
  const index = isBefore ? params.indexOf(compared) : backArgs.indexOf(compared);
  if (index < 0) return undefined;
  const add = fn.values[backArgs[index]].inst;
  if (add?.op !== 'add' || add.args[0] !== params[index]) return undefined;
  const step = constantOf(fn, add.args[1]);
  const [entry] = loop.preheader.end.edges;
  return step === undefined || !entry ? undefined : { start: entry.args[index], step, isBefore };
}

function useHardware(fn: IrFunction, loop: Loop, rounds: Rounds, number: number): void {
  const [latch] = loop.latches;
  if (latch.end.kind !== 'branch') return;
  const { edges } = latch.end;
  const [back, out] = edges[0].to === loop.header ? edges : [edges[1], edges[0]];
  if (rounds.endless === undefined && constantOf(fn, rounds.count) === 1) {
    latch.end = { kind: 'jump', edges: [out] };
    return;
  }
  latch.end = { kind: 'loopback', edges: [back, out] };
  const front = rounds.endless === undefined ? loop.preheader : repeatForever(fn, loop, rounds.endless);
  append(fn, front, 'rounds', [rounds.count], [], { imm: number });
}

/**
 * A loop that never meets its bound: the hardware counts to 2^32, then starts again. Returns the block that sets the
 * hardware up, to which the way back leads.
 */
function repeatForever(fn: IrFunction, loop: Loop, endless: Value): Block {
  const { header, preheader } = loop;
  const [latch] = loop.latches;
  const setUp = insertBlock(fn, header, 0);
  for (const param of header.params) addParam(fn, setUp, fn.values[param].type);
  const [entry] = preheader.end.edges;
  setUp.end = { kind: 'jump', edges: [{ to: header, args: [...setUp.params] }] };
  entry.to = setUp;
  const [back, out] = latch.end.edges;
  const again = insertBlock(fn, latch, 1);
  again.end = {
    kind: 'branch',
    condition: endless,
    edges: [
      { to: setUp, args: [...back.args] },
      { to: out.to, args: out.args },
    ],
  };
  out.to = again;
  out.args = [];
  return setUp;
}

/** A new block beside another one, in the order of the source. */
function insertBlock(fn: IrFunction, near: Block, behind: number): Block {
  const block = createBlock(fn);
  fn.blocks.pop();
  fn.blocks.splice(fn.blocks.indexOf(near) + behind, 0, block);
  return block;
}
