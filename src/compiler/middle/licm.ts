/** Moves what does not change within a loop in front of it. */
import { dominates } from './graph.ts';
import { effectOf, homeOf, type Inst, type IrFunction, type Value } from './ir.ts';
import { findLoops, type Loop, type LoopInfo } from './loops.ts';

export function hoistInvariants(fn: IrFunction): void {
  const info = findLoops(fn);
  for (const loop of info.loops) hoistFrom(fn, info, loop);
}

function hoistFrom(fn: IrFunction, info: LoopInfo, loop: Loop): void {
  const inLoop = info.order.filter((block) => loop.blocks.has(block));
  const writes = inLoop.some(({ insts }) =>
    insts.some(({ op }) => effectOf.get(op) === 'store' || effectOf.get(op) === 'call'),
  );
  const isOutside = (value: Value) => {
    const block = homeOf(fn, value);
    return block === undefined || !loop.blocks.has(block);
  };
  for (const block of inLoop) {
    // A load may only be made earlier where it is certain to be made at all.
    const always = loop.latches.every((latch) => dominates(info.idom, block, latch));
    const mayHoist = (inst: Inst) => {
      const effect = effectOf.get(inst.op);
      if (effect === 'load' ? writes || !always : effect !== 'pure') return false;
      if (!always && /^(fdiv|fsqrt)$/.test(inst.op)) return false;
      return inst.args.every(isOutside);
    };
    const kept: Inst[] = [];
    for (const inst of block.insts) {
      if (!mayHoist(inst)) {
        kept.push(inst);
        continue;
      }
      inst.block = loop.preheader;
      loop.preheader.insts.push(inst);
    }
    block.insts = kept;
  }
}
