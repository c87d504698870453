/**
 * Float comparisons that an earlier branch has answered. What asks before it converts (as clang does for C, whose conversion may not
 * trap) has asked for the range that the conversion would check again.
 */
import { dominators, predecessors, reversePostOrder } from './graph.ts';
import { type Block, constant, constantOf, type IrFunction, type Value } from './ir.ts';
import { floatOf, isTruthOp } from './operations.ts';
import { mapValues } from './simplify.ts';

/** A number from low to high that is no NaN; where open, not the limit itself. */
interface Range {
  readonly low: number;
  readonly high: number;
  readonly isLowOpen: boolean;
  readonly isHighOpen: boolean;
}

const ANY: Range = { low: -Infinity, high: Infinity, isLowOpen: false, isHighOpen: false };

/** What is known in a block, by value. */
type Facts = ReadonlyMap<Value, Range>;

/** Ordered comparison of an unordered one. */
const ordered: Readonly<Record<string, string>> = { fult: 'flt', fule: 'fle', fueq: 'feq' };

export function useFloatFacts(fn: IrFunction): void {
  const order = reversePostOrder(fn);
  if (!order.some(({ insts }) => insts.some(({ op }) => op in comparisons))) return;
  const idom = dominators(order);
  const before = predecessors(order);
  const known = new Map<Block, Facts>();
  for (const block of order) {
    const facts = factsOf(fn, block, before.get(block) as Block[], known.get(idom.get(block) as Block));
    known.set(block, facts);
    if (facts.size === 0) continue;
    mapValues(block, (value) => {
      const truth = answer(fn, facts, value);
      return truth === undefined ? value : constant(fn, truth ? 1 : 0);
    });
  }
}

/** What the block's dominator knows, and what the only branch that leads here has found. */
function factsOf(fn: IrFunction, block: Block, before: readonly Block[], above: Facts = new Map()): Facts {
  const end = before[0]?.end;
  if (before.length !== 1 || end?.kind !== 'branch' || end.edges[0].to === end.edges[1].to) return above;
  const found = new Map(above);
  learn(fn, found, end.condition, end.edges[0].to === block);
  return found.size > above.size || [...found].some(([value, range]) => above.get(value) !== range)
    ? found
    : above;
}

/** The operands of a comparison that holds, the smaller one first, and whether they may be equal. */
const comparisons: Readonly<Record<string, 'strict' | 'equal' | 'both' | 'none'>> = {
  flt: 'strict',
  fle: 'equal',
  feq: 'both',
  fult: 'none',
  fule: 'none',
  fueq: 'none',
  fun: 'none',
};

function learn(fn: IrFunction, facts: Map<Value, Range>, condition: Value, truth: boolean): void {
  const { inst } = fn.values[condition];
  if (!inst) return;
  const { op, args } = inst;
  const [a, b] = args;
  if ((op === 'eq' || op === 'ne') && constantOf(fn, b) === 0) learn(fn, facts, a, truth === (op === 'ne'));
  else if (op === 'and' ? truth : op === 'or' && !truth) {
    if (!args.every((arg) => isTruthOp(fn.values[arg].inst?.op))) return;
    // Twice, as each may need what the other says.
    for (const arg of [...args, ...args]) learn(fn, facts, arg, truth);
  } else if (truth && (op === 'flt' || op === 'fle')) learnOrder(fn, facts, a, b, op === 'flt');
  else if (truth && op === 'feq') {
    learnOrder(fn, facts, a, b, false);
    learnOrder(fn, facts, b, a, false);
  } else if (!truth && (op === 'flt' || op === 'fle')) {
    // Not below may be unordered as well.
    if (args.every((arg) => rangeOf(fn, facts, arg))) learnOrder(fn, facts, b, a, op === 'fle');
  } else if (!truth && (op === 'fult' || op === 'fule')) learnOrder(fn, facts, b, a, op === 'fule');
  else if (!truth && op === 'fun') for (const arg of args) narrow(fn, facts, arg, ANY);
}

/** a < b or a <= b. */
function learnOrder(fn: IrFunction, facts: Map<Value, Range>, a: Value, b: Value, isStrict: boolean): void {
  const [low, high] = [rangeOf(fn, facts, a) ?? ANY, rangeOf(fn, facts, b) ?? ANY];
  narrow(fn, facts, a, { ...ANY, high: high.high, isHighOpen: isStrict || high.isHighOpen });
  narrow(fn, facts, b, { ...ANY, low: low.low, isLowOpen: isStrict || low.isLowOpen });
}

function narrow(fn: IrFunction, facts: Map<Value, Range>, value: Value, range: Range): void {
  if (constantOf(fn, value) !== undefined) return;
  const old = facts.get(value) ?? ANY;
  const [low, high] = [Math.max(old.low, range.low), Math.min(old.high, range.high)];
  facts.set(value, {
    low,
    high,
    isLowOpen: (old.low === low && old.isLowOpen) || (range.low === low && range.isLowOpen),
    isHighOpen: (old.high === high && old.isHighOpen) || (range.high === high && range.isHighOpen),
  });
  const { inst } = fn.values[value];
  // |x| < c.
  if (inst?.op === 'fabs')
    narrow(fn, facts, inst.args[0], {
      low: -high,
      high,
      isLowOpen: range.isHighOpen,
      isHighOpen: range.isHighOpen,
    });
}

function rangeOf(fn: IrFunction, facts: Facts, value: Value): Range | undefined {
  const bits = constantOf(fn, value);
  if (bits === undefined) return facts.get(value);
  const number = floatOf(bits);
  return Number.isNaN(number)
    ? undefined
    : { low: number, high: number, isLowOpen: false, isHighOpen: false };
}

/** Whether a condition holds; undefined where that is not known. */
function answer(fn: IrFunction, facts: Facts, condition: Value): boolean | undefined {
  const { inst } = fn.values[condition];
  if (inst?.args.length !== 2) return undefined;
  const { op, args } = inst;
  if ((op === 'eq' || op === 'ne') && constantOf(fn, args[1]) === 0) {
    const inner = isTruthOp(fn.values[args[0]].inst?.op) ? answer(fn, facts, args[0]) : undefined;
    return inner === undefined ? undefined : inner === (op === 'ne');
  }
  if (op === 'and' || op === 'or') {
    if (!args.every((arg) => isTruthOp(fn.values[arg].inst?.op))) return undefined;
    const answers = args.map((arg) => answer(fn, facts, arg));
    const decisive = op === 'or';
    if (answers.includes(decisive)) return decisive;
    return answers.includes(undefined) ? undefined : !decisive;
  }
  if (!(op in comparisons)) return undefined;
  const [a, b] = args.map((arg) => rangeOf(fn, facts, arg));
  return a && b ? compare(ordered[op] ?? op, a, b) : undefined;
}

function compare(op: string, a: Range, b: Range): boolean | undefined {
  if (op === 'fun') return false;
  const apart = (low: Range, high: Range) =>
    low.high < high.low || (low.high === high.low && (low.isHighOpen || high.isLowOpen));
  const notAbove = (low: Range, high: Range) => low.high <= high.low;
  if (op === 'flt') return apart(a, b) || (notAbove(b, a) ? false : undefined);
  if (op === 'fle') return notAbove(a, b) || (apart(b, a) ? false : undefined);
  return apart(a, b) || apart(b, a) ? false : undefined;
}
