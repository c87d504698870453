/**
 * Common subexpressions over the dominator tree, loads within a block, and conditions that an earlier branch has decided.
 */
import { dominates, dominators, predecessors, reversePostOrder } from './graph.ts';
import { type Block, constant, type Inst, type IrFunction, type Value } from './ir.ts';
import { effectOf, isTruthOp } from './operations.ts';
import { mapEnd, substitute } from './simplify.ts';

/** Equal expressions in blocks that do not dominate each other; the last few are looked at. */
const MOST_CANDIDATES = 16;

interface Known {
  readonly value: Value;
  readonly block: Block;
  /** The instruction, of checks. */
  readonly inst?: Inst;
}

/** The last of the last few that fit. */
function lastOf(list: readonly Known[] | undefined, fits: (entry: Known) => boolean): Known | undefined {
  if (!list) return undefined;
  for (let i = list.length - 1; i >= 0 && i >= list.length - MOST_CANDIDATES; i--)
    if (fits(list[i])) return list[i];
  return undefined;
}

const fullWidth: Readonly<Record<string, string>> = { store32: 'load32', fstore: 'fload' };

export function shareExpressions(fn: IrFunction): void {
  const order = reversePostOrder(fn);
  const idom = dominators(order);
  const before = predecessors(order);
  const known = new Map<string, Known[]>();
  const replaced = new Map<Value, Value>();
  const resolve = (value: Value): Value => {
    let found = value;
    for (let next = replaced.get(found); next !== undefined; next = replaced.get(found)) found = next;
    return found;
  };
  const lookup = (key: string, block: Block): Known | undefined =>
    lastOf(known.get(key), (entry) => dominates(idom, entry.block, block));
  const remember = (key: string, value: Value, block: Block, inst?: Inst) => {
    const list = known.get(key);
    if (list) list.push({ value, block, inst });
    else known.set(key, [{ value, block, inst }]);
  };
  for (const block of order) {
    const decided = decidedCondition(fn, block, before.get(block) as Block[], resolve);
    const current = (arg: Value): Value => {
      const value = resolve(arg);
      return decided && value === decided[0] ? decided[1] : value;
    };
    // Counts of what may have changed memory, and the words that only instructions of their own change.
    let memory = 0;
    let own = 0;
    block.insts = block.insts.filter((inst) => {
      if (inst.args.some((arg) => current(arg) !== arg)) inst.args = inst.args.map(current);
      const effect = effectOf(inst.op);
      const after = () => ` in b${block.id} after ${inst.isOwn ? `own ${own}` : memory}`;
      if (effect === 'store' || effect === 'call') {
        if (inst.isOwn || effect === 'call') own++;
        if (!inst.isOwn) memory++;
        const load = fullWidth[inst.op];
        if (load) remember(`${load} ${inst.args[0]} ${inst.imm}${after()}`, inst.args[1], block);
        return true;
      }
      const key = keyOf(inst, effect === 'load' ? after() : '');
      if (key === undefined) return true;
      const same = lookup(key, block);
      if (same === undefined) {
        if (inst.results.length) remember(key, inst.results[0], block);
        else remember(key, inst.args[0], block, inst);
        return true;
      }
      if (inst.results.length) replaced.set(inst.results[0], same.value);
      else inst.settled = same.inst;
      return false;
    });
    mapEnd(block, current);
  }
  substitute(fn, replaced);
}

/** What makes two instructions the same; undefined for those that may not be merged. A check repeated is no check. */
function keyOf(inst: Inst, suffix: string): string | undefined {
  if (inst.op === 'trapif') return `trapif ${inst.args[0]} ${inst.imm}`;
  const effect = effectOf(inst.op);
  if (inst.results.length !== 1 || effect === 'store' || effect === 'call') return undefined;
  return `${inst.op} ${inst.args.join(' ')} ${inst.imm}${suffix}`;
}

/** In a block that only one branch leads to, the branch's condition is known: it, and the constant that it is. */
function decidedCondition(
  fn: IrFunction,
  block: Block,
  before: readonly Block[],
  resolve: (value: Value) => Value,
): readonly [condition: Value, is: Value] | undefined {
  if (before.length !== 1 || before[0].end.kind !== 'branch') return undefined;
  const { condition, edges } = before[0].end;
  if (edges[0].to === edges[1].to) return undefined;
  const value = resolve(condition);
  if (edges[1].to === block) return [value, constant(fn, 0)];
  return isTruthOp(fn.values[value].inst?.op) ? [value, constant(fn, 1)] : undefined;
}
