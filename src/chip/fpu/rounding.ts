/**
 * One correct rounding from an exact value to single precision, in every mode, with the flags IEEE 754 asks for.
 * Underflow is detected after rounding, as the silicon does (and QEMU).
 */
import { Flag, RoundingMode } from './state.ts';

/** The default NaN. */
export const NAN_BITS = 0x7fc00000;
export const SIGN = 0x80000000 | 0;
export const INFINITY_BITS = 0x7f800000;

const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);
const double = new Float64Array(1);
const doubleWords = new Int32Array(double.buffer);

const powers = Float64Array.from({ length: 2046 }, (_, i) => 2 ** (i - 1022));

/** 2^exponent, for -1022 … 1023: a look-up, since ** is slow. */
export const powerOfTwo = (exponent: number): number => powers[exponent + 1022];

/** The number that `bits` encode. */
export function fromBits(bits: number): number {
  singleBits[0] = bits;
  return single[0];
}

/** Bits of a number that is a single already (a NaN becomes the default one). */
export function toBits(value: number): number {
  if (Number.isNaN(value)) return NAN_BITS;
  single[0] = value;
  return singleBits[0];
}

/**
 * The double `head + error` rounded to odd: exact if `error` is 0, else with its last bit set, so that a second rounding
 * to at most 51 bits gives what one rounding of the exact value would. `head` is the exact sum rounded to nearest and
 * `error` what that left over; only its sign counts.
 */
export function roundToOdd(head: number, error: number): number {
  double[0] = head;
  if (error === 0 || doubleWords[0] & 1) return head;
  if (error > 0 === head > 0) {
    doubleWords[0] |= 1;
  } else {
    if (doubleWords[0] === 0) doubleWords[1]--;
    doubleWords[0]--;
  }
  return double[0];
}

/** `value` (finite) to the nearest single in the direction of `mode`. Below 2^-126 the grid is 2^-149. */
function roundTo(value: number, mode: RoundingMode): number {
  const nearest = Math.fround(value);
  if (mode === RoundingMode.nearest || nearest === value) return nearest;
  const up = mode === RoundingMode.up || (mode === RoundingMode.towardZero && value < 0);
  if (up === nearest > value) return nearest;
  return next(nearest, up, value);
}

/** The single above or below `from`; a zero has the sign of the value it stands for. */
function next(from: number, up: boolean, value: number): number {
  single[0] = from;
  if (from === 0) singleBits[0] = up ? 1 : SIGN | 1;
  else singleBits[0] += up === from > 0 ? 1 : -1;
  return single[0] === 0 && value < 0 ? -0 : single[0];
}

const leastNormal = 2 ** -126;
const beyondLargest = 2 ** 128;

/** `rounded` is the least normal: would it be smaller with an unbounded exponent? */
const roundsBelowNormal = (value: number, mode: RoundingMode): boolean =>
  Math.abs(roundTo(value * 2 ** 64, mode)) < 2 ** -62;

/** Flags of the last `roundSingle`. */
export let raised = 0;

/**
 * A finite exact value (a double that `roundToOdd` made, or an exact one) as a single. Sets `raised`. Zero keeps its
 * sign.
 */
export function roundSingle(value: number, mode: RoundingMode): number {
  const rounded = roundTo(value, mode);
  raised = 0;
  if (rounded === value) return rounded;
  raised = Flag.inexact;
  const magnitude = Math.abs(rounded);
  if (magnitude === Number.POSITIVE_INFINITY || Math.abs(value) >= beyondLargest) raised |= Flag.overflow;
  else if (magnitude < leastNormal || (magnitude === leastNormal && roundsBelowNormal(value, mode))) {
    raised |= Flag.underflow;
  }
  return rounded;
}
