/**
 * Sums of one value and several large constants (addresses in one block of memory): all but the first are made from the
 * first by an immediate, which saves their literals.
 */

import { isAddImmediate, isAddMiddle } from '../back/select-integer.ts';
import { dominates, dominators, reversePostOrder } from './graph.ts';
import { constant, constantOf, type Inst, type IrFunction, type Value } from './ir.ts';

/** The last few sums are looked at. */
const MOST_CANDIDATES = 32;

interface Base {
  readonly inst: Inst;
  readonly offset: number;
}

export function rebaseSums(fn: IrFunction): void {
  const order = reversePostOrder(fn);
  const idom = dominators(order);
  const bases = new Map<Value, Base[]>();
  for (const block of order) {
    for (const inst of block.insts) {
      const offset = inst.op === 'add' ? constantOf(fn, inst.args[1]) : undefined;
      if (offset === undefined || isCheap(offset)) continue;
      const [value] = inst.args;
      const known = bases.get(value) ?? [];
      const near = known
        .slice(-MOST_CANDIDATES)
        .findLast((base) => isCheap((offset - base.offset) | 0) && dominates(idom, base.inst.block, block));
      if (near) inst.args = [near.inst.results[0], constant(fn, offset - near.offset)];
      else if (known.push({ inst, offset }) === 1) bases.set(value, known);
    }
  }
}

const isCheap = (offset: number): boolean => isAddImmediate(offset) || isAddMiddle(offset);
