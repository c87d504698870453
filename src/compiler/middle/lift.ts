/**
 * Loads and stores reach forwards only. Where a block reads at several distances from one value, some of them below it or far away
 * (loops unrolled by others count from their end), the lowest place becomes an address of its own, from which all of them reach.
 */

import { isAddImmediate } from '../back/select-integer.ts';
import { append, type Block, constant, constantOf, type Inst, type IrFunction, type Value } from './ir.ts';
import { effectOf } from './operations.ts';

/** What every access reaches, whatever its width. */
const REACH = 240;
const FEWEST = 2;

export function liftAddresses(fn: IrFunction): void {
  for (const block of fn.blocks) {
    const addresses = new Set<Value>();
    for (const { op, args } of block.insts)
      if (effectOf(op) === 'load' || effectOf(op) === 'store') addresses.add(args[0]);
    const sums = new Map<Value, Inst[]>();
    for (const inst of block.insts) {
      const offset = inst.op === 'add' ? constantOf(fn, inst.args[1]) : undefined;
      if (offset === undefined || !addresses.has(inst.results[0])) continue;
      if (offset >= 0 && isAddImmediate(offset)) continue;
      const [value] = inst.args;
      sums.set(value, [...(sums.get(value) ?? []), inst]);
    }
    for (const [value, list] of sums) if (list.length >= FEWEST) liftAll(fn, block, value, list);
  }
}

/** In groups that one access reaches, from the lowest on. */
function liftAll(fn: IrFunction, block: Block, value: Value, sums: readonly Inst[]): void {
  const offsetOf = (sum: Inst) => constantOf(fn, sum.args[1]) as number;
  const left = [...sums].sort((a, b) => offsetOf(a) - offsetOf(b));
  while (left.length > 0) {
    const lowest = offsetOf(left[0]);
    const end = left.findIndex((sum) => offsetOf(sum) - lowest > REACH);
    const group = left.splice(0, end < 0 ? left.length : end);
    if (group.length < FEWEST) continue;
    const at = block.insts.findIndex((inst) => group.includes(inst));
    const base = append(fn, block, 'add', [value, constant(fn, lowest)], ['i'], { at: block.insts[at].at });
    block.insts.pop();
    block.insts.splice(at, 0, base);
    for (const sum of group) sum.args = [base.results[0], constant(fn, offsetOf(sum) - lowest)];
  }
}
