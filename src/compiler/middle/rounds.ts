/**
 * How often a counted loop runs, from its start, step and bound; exact for all numbers, also where the counter wraps.
 *
 * The compared value c is `first` in the first round and goes up by `step` in each: round k + 1 follows round k while
 * `c_k op bound`. Counting down is counting up seen from the other end of the range.
 */
import { constant, constantOf, type IrFunction, type Value } from './ir.ts';

export interface Counting {
  /** The comparison that must hold for another round. */
  readonly op: string;
  /** `bound op c`, not `c op bound`. */
  readonly isBoundLeft: boolean;
  readonly bound: Value;
  /** Of the counter before the first round. */
  readonly start: Value;
  readonly step: number;
  /** What is compared is the counter before its step, not after it. */
  readonly isBefore: boolean;
}

export interface Rounds {
  /** 0 stands for 2^32. */
  readonly count: Value;
  /** Not 0 where the counter steps over its bound for ever; undefined where it cannot. */
  readonly endless: Value | undefined;
}

/** Makes an instruction in front of the loop, or finds its value. */
type Make = (op: string, ...args: Value[]) => Value;

export function countRounds(fn: IrFunction, counting: Counting, make: Make): Rounds | undefined {
  const { step } = counting;
  // Steps that do not divide 2^32 come round elsewhere when they wrap: only powers of two have a closed form.
  if (step === 0 || (Math.abs(step) & (Math.abs(step) - 1)) !== 0) return countFixed(fn, counting);
  if (counting.op === 'ne') return countToEqual(fn, counting, make);
  const limit = toLimit(fn, counting);
  return limit && countToLimit(fn, counting, limit, make);
}

/** Goes on while c is below (up) or above (down) the bound. */
interface Limit {
  readonly isSigned: boolean;
  readonly bound: Value;
}

/** The comparison as "c below bound" for steps up, "c above bound" for steps down; undefined for all others. */
function toLimit(fn: IrFunction, { op, isBoundLeft, bound, step }: Counting): Limit | undefined {
  const isSigned = !op.endsWith('u');
  const fixed = constantOf(fn, bound);
  const [bottom, top] = isSigned ? [-0x80000000, 0x7fffffff] : [0, -1];
  // c < bound; bound < c; c >= bound, which is c > bound - 1; bound >= c, which is c < bound + 1.
  const isBelow = op.startsWith('lt') !== isBoundLeft;
  if (isBelow !== step > 0) return undefined;
  if (op.startsWith('lt')) return { isSigned, bound };
  if (!op.startsWith('ge') || fixed === undefined || fixed === (isBelow ? top : bottom)) return undefined;
  return { isSigned, bound: constant(fn, fixed + (isBelow ? 1 : -1)) };
}

function firstCompared(fn: IrFunction, { start, step, isBefore }: Counting, make: Make): Value {
  return isBefore ? start : make('add', start, constant(fn, step));
}

/** One round if the first value reaches the bound; else as many more as there are steps to it, rounded up. */
function countToLimit(fn: IrFunction, counting: Counting, { isSigned, bound }: Limit, make: Make): Rounds {
  const { start, step, isBefore } = counting;
  const size = Math.abs(step);
  const up = step > 0;
  const first = firstCompared(fn, counting, make);
  const reached = make(`${up ? 'max' : 'min'}${isSigned ? '' : 'u'}`, bound, first);
  const apart = (far: Value, near: Value) => (up ? make('sub', far, near) : make('sub', near, far));
  if (size === 1) {
    const distance = apart(reached, isBefore ? first : start);
    return { count: isBefore ? make('add', distance, constant(fn, 1)) : distance, endless: undefined };
  }
  const distance = apart(reached, first);
  // How far the last step goes beyond the bound.
  const beyond = make('and', make('sub', constant(fn, 0), distance), constant(fn, size - 1));
  const steps = make('shr', make('add', distance, beyond), constant(fn, 31 - Math.clz32(size)));
  const count = make('add', steps, constant(fn, 1));
  const end = isSigned ? (up ? 0x7fffffff : -0x80000000) : up ? -1 : 0;
  const fixed = constantOf(fn, bound);
  const room = fixed === undefined ? 0 : (up ? end - fixed : fixed - end) >>> 0;
  if (fixed !== undefined && room >= size - 1) return { count, endless: undefined };
  // Beyond the end of the range the counter wraps and has its bound before it again.
  return orEndless(fn, count, make('ltu', apart(constant(fn, end), reached), beyond), make);
}

/** As many rounds as there are steps to the bound; for ever if it is not a whole number of steps away. */
function countToEqual(fn: IrFunction, counting: Counting, make: Make): Rounds {
  const { start, step, bound, isBefore } = counting;
  const size = Math.abs(step);
  const apart = (from: Value) => (step > 0 ? make('sub', bound, from) : make('sub', from, bound));
  if (size === 1 && !isBefore) return { count: apart(start), endless: undefined };
  const distance = apart(firstCompared(fn, counting, make));
  const steps = make('shr', distance, constant(fn, 31 - Math.clz32(size)));
  const count = make('add', steps, constant(fn, 1));
  if (size === 1) return { count, endless: undefined };
  return orEndless(fn, count, make('and', distance, constant(fn, size - 1)), make);
}

function orEndless(fn: IrFunction, count: Value, endless: Value, make: Make): Rounds {
  const known = constantOf(fn, endless);
  if (known === 0) return { count, endless: undefined };
  if (known !== undefined) return { count: constant(fn, 0), endless: constant(fn, 1) };
  return { count: make('select', endless, constant(fn, 0), count), endless };
}

/** Any step, where start and bound are numbers and the bound is met before the counter wraps. */
function countFixed(fn: IrFunction, counting: Counting): Rounds | undefined {
  const [start, bound] = [constantOf(fn, counting.start), constantOf(fn, counting.bound)];
  const { op, isBoundLeft, step, isBefore } = counting;
  if (start === undefined || bound === undefined || step === 0) return undefined;
  const isSigned = !op.endsWith('u');
  const read = (value: number) => (isSigned ? value | 0 : value >>> 0);
  const [bottom, top] = isSigned ? [-0x80000000, 0x7fffffff] : [0, 0xffffffff];
  const first = read(isBefore ? start : start + step);
  const goesOn = (value: number) => {
    const [a, b] = isBoundLeft ? [read(bound), value] : [value, read(bound)];
    return op === 'ne' ? a !== b : op.startsWith('lt') ? a < b : op.startsWith('ge') && a >= b;
  };
  if (op === 'eq') return undefined;
  // The number of steps after which the comparison may fail for the first time.
  const distance = read(bound) - first;
  const least = Math.max(0, Math.floor(distance / step) - 1);
  for (let steps = least; steps <= least + 3; steps++) {
    const value = first + steps * step;
    if (value < bottom || value > top) return undefined;
    if (steps > least && !goesOn(value)) return { count: constant(fn, steps + 1), endless: undefined };
    if (steps === least && !goesOn(value)) {
      // At the very first value one round is all.
      if (least === 0) return { count: constant(fn, 1), endless: undefined };
      return undefined;
    }
  }
  return undefined;
}
