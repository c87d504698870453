/**
 * add, sub, mul and fused multiply-add on raw bits: every mode, every special value, every flag. The fast path for
 * ordinary operands is the inlined text of emit.ts; this is the whole truth.
 * NaN rules as measured on ESP32-S3 silicon (light-player/lightplayer, ADR "The Xtensa FP behavior contract",
 * 2026-08-01): of the operands the accumulator wins, then ft, then fs; payload and sign stay, the quiet bit is set.
 */
import {
  fromBits,
  INFINITY_BITS,
  NAN_BITS,
  raised,
  roundSingle,
  roundToOdd,
  SIGN,
  toBits,
} from './rounding.ts';
import { Flag, RoundingMode } from './state.ts';

export const QUIET = 0x00400000;

/** A result and the flags it raises. */
export interface Outcome {
  bits: number;
  flags: number;
}

/** The one result object: overwritten by each operation. */
const outcome: Outcome = { bits: 0, flags: 0 };

export function give(bits: number, flags: number): Outcome {
  outcome.bits = bits;
  outcome.flags = flags;
  return outcome;
}

const isNaNBits = (bits: number): boolean => (bits & 0x7fffffff) > INFINITY_BITS;
export const isSignaling = (bits: number): boolean => isNaNBits(bits) && (bits & QUIET) === 0;

/** The NaN that survives, by falling priority, or undefined without one. */
function survivor(first: number, second: number): number | undefined {
  if (isNaNBits(first)) return first | QUIET;
  return isNaNBits(second) ? second | QUIET : undefined;
}

/** A sum that came out as zero from operands of which not both are zeros of one sign. */
const cancelled = (mode: RoundingMode): number => (mode === RoundingMode.down ? SIGN : 0);

/** c + p for finite exact c and p, rounded once. */
function addExact(c: number, p: number, mode: RoundingMode): Outcome {
  const sum = c + p;
  if (sum === 0) {
    const sameZeros = c === 0 && p === 0 && Object.is(c, p);
    return give(sameZeros ? toBits(c) : cancelled(mode), 0);
  }
  const second = sum - c;
  const error = c - (sum - second) + (p - second);
  const rounded = roundSingle(roundToOdd(sum, error), mode);
  return give(toBits(rounded), raised);
}

/** fs + ft. For fs - ft flip the sign of a `t` that is not NaN. */
export function add(s: number, t: number, mode: RoundingMode): Outcome {
  const nan = survivor(t, s);
  if (nan !== undefined) return give(nan, isSignaling(s) || isSignaling(t) ? Flag.invalid : 0);
  const [a, b] = [fromBits(s), fromBits(t)];
  if (!Number.isFinite(a) || !Number.isFinite(b)) {
    const sum = a + b;
    return Number.isNaN(sum) ? give(NAN_BITS, Flag.invalid) : give(toBits(sum), 0);
  }
  return addExact(a, b, mode);
}

export const subtract = (s: number, t: number, mode: RoundingMode): Outcome =>
  add(s, isNaNBits(t) ? t : t ^ SIGN, mode);

export function multiply(s: number, t: number, mode: RoundingMode): Outcome {
  const nan = survivor(t, s);
  if (nan !== undefined) return give(nan, isSignaling(s) || isSignaling(t) ? Flag.invalid : 0);
  const product = fromBits(s) * fromBits(t);
  if (Number.isNaN(product)) return give(NAN_BITS, Flag.invalid);
  if (!Number.isFinite(product)) return give(toBits(product), 0);
  const rounded = roundSingle(product, mode);
  return give(toBits(rounded), raised);
}

/** r + s * t (or r - s * t) with one rounding. */
export function multiplyAdd(r: number, s: number, t: number, negate: boolean, mode: RoundingMode): Outcome {
  const product = (negate ? -1 : 1) * fromBits(s) * fromBits(t);
  const invalidProduct = Number.isNaN(product) && !isNaNBits(s) && !isNaNBits(t);
  const nan = isNaNBits(r) ? r | QUIET : survivor(t, s);
  if (nan !== undefined) {
    const invalid = invalidProduct || isSignaling(r) || isSignaling(s) || isSignaling(t);
    return give(nan, invalid ? Flag.invalid : 0);
  }
  if (invalidProduct) return give(NAN_BITS, Flag.invalid);
  const addend = fromBits(r);
  if (!Number.isFinite(addend) || !Number.isFinite(product)) {
    const sum = addend + product;
    return Number.isNaN(sum) ? give(NAN_BITS, Flag.invalid) : give(toBits(sum), 0);
  }
  return addExact(addend, product, mode);
}
