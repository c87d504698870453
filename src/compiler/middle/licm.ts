/** Moves what does not change within a loop in front of it. */
import { dominates } from './graph.ts';
import { type Block, guardsOf, homeOf, type Inst, type IrFunction, type Value } from './ir.ts';
import { findLoops, type Loop, type LoopInfo } from './loops.ts';
import { effectOf } from './operations.ts';

export function hoistInvariants(fn: IrFunction): void {
  const info = findLoops(fn);
  for (const loop of info.loops) hoistFrom(fn, info, loop);
}

/** How far a round is certain to get: what may be made earlier although it can stop the program. */
interface Certainty {
  /** This block is part of every round, and of the only one where the loop is left at once. */
  readonly always: boolean;
  /** Nothing that can be seen from outside has happened in the round yet. */
  quiet: boolean;
}

function hoistFrom(fn: IrFunction, info: LoopInfo, loop: Loop): void {
  const inLoop = info.order.filter((block) => loop.blocks.has(block));
  const visible = inLoop.flatMap(({ insts }) => insts.filter(isVisible));
  const writes: Writes = {
    memory: visible.some(({ isOwn }) => !isOwn),
    own: visible.some(({ op, isOwn }) => isOwn || effectOf(op) === 'call'),
  };
  const leaving = inLoop.filter(({ end }) => end.edges.some(({ to }) => !loop.blocks.has(to)));
  const isOutside = (block: Block | undefined) => block === undefined || !loop.blocks.has(block);
  let quiet = true;
  for (const block of inLoop) {
    const always = [...loop.latches, ...leaving].every((end) => dominates(info.idom, block, end));
    // What stands behind an inner loop is only reached if that one ends.
    if (info.innermost(block) !== loop) quiet = false;
    const certainty: Certainty = { always, quiet };
    const kept: Inst[] = [];
    for (const inst of block.insts) {
      const stays = (value: Value) => isOutside(homeOf(fn, value));
      if (inst.args.every(stays) && mayHoist(inst, certainty, writes, isOutside)) {
        inst.block = loop.preheader;
        loop.preheader.insts.push(inst);
        continue;
      }
      kept.push(inst);
      if (isVisible(inst) || inst.op === 'trapif') certainty.quiet = false;
    }
    quiet = certainty.quiet;
    block.insts = kept;
  }
}

/** What a loop writes: memory, and the words that the program's own stores never reach. */
interface Writes {
  readonly memory: boolean;
  readonly own: boolean;
}

function isVisible({ op }: Inst): boolean {
  const effect = effectOf(op);
  return effect === 'store' || effect === 'call';
}

function mayHoist(
  inst: Inst,
  { always, quiet }: Certainty,
  writes: Writes,
  isOutside: (block: Block) => boolean,
): boolean {
  // A check stops the program: only where the first round would have done so before anything else.
  if (inst.op === 'trapif') return always && quiet;
  // A load may only be made earlier where it is certain to be made at all, and behind its checks.
  if (effectOf(inst.op) === 'load' && inst.isOwn) return !writes.own;
  if (effectOf(inst.op) === 'load')
    return !writes.memory && always && guardsOf(inst).every(({ block }) => isOutside(block));
  if (effectOf(inst.op) !== 'pure') return false;
  return always || !/^(fdiv|fsqrt)$/.test(inst.op);
}
