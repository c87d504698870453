/**
 * The steps of the division and square root sequences between seed and result: exponents narrowed (nexp01.s), what was
 * removed written down (mkdadj.s, mksadj.s), put back (addexp.s, addexpm.s) and the last rounding (divn.s).
 *
 * The removed power of two 2^A does not fit a register's exponent. It travels as A = 32 k + j: eight times j is added to
 * the exponent of the reciprocal, eight times k to that of the quotient; both narrow values lie within 2^-4 ... 2^3, so
 * that divn.s can tell the multiple of eight from the value's own exponent. Special results travel the same way, as
 * values of A from 384 on. Layout and codes as measured on silicon (light-player/lightplayer, ADR of 2026-08-01).
 */
import { give, isSignaling, type Outcome, QUIET } from './arithmetic.ts';
import { fromBits, NAN_BITS, powerOfTwo, raised, roundSingle, roundToOdd, toBits } from './rounding.ts';
import { exponentOf, fullExponent, fullFraction, isInfinite, isNaNBits, isZero } from './seeds.ts';
import { Flag, type RoundingMode } from './state.ts';

const SIGN = 0x80000000 | 0;
const EXPONENT = 0x7f800000;
const FRACTION = 0x7fffff;

/** -m with 1 <= m < 4, the exponent's parity kept. NaN: sign flipped; zero and infinity: one. */
export function narrowAndNegate(s: number): number {
  if (isNaNBits(s)) return s ^ SIGN;
  const sign = ~s & SIGN;
  if (isZero(s) || isInfinite(s)) return sign | (127 << 23);
  const odd = (fullExponent(s) - 127) & 1;
  return sign | ((127 + odd) << 23) | fullFraction(s);
}

/** Half the exponent that narrowing removes. */
const removedHalf = (bits: number): number => Math.floor((fullExponent(bits) - 127) / 2);

/** First value of A that means a special result; then +0, -0, +infinity, -infinity, +NaN, -NaN. */
const SPECIAL = 384;
const Special = { zero: 0, infinity: 2, nan: 4 } as const;

/** Fields: j for addexp.s in the exponent, k for addexpm.s in fraction bits 21..14; both biased, modulo 256. */
const adjustment = (j: number, k: number): number =>
  (((127 + 8 * j) & 255) << 23) | (((127 + 8 * k) & 255) << 14) | 0xc000;

const adjustmentFor = (a: number): number => adjustment(a & 31, a >> 5);

const special = (code: number): number => adjustment(code, SPECIAL >> 5);

/** mkdadj.s: `r` is the divisor, `s` the dividend. */
export function divisionAdjustment(r: number, s: number): Outcome {
  const sign = (r ^ s) >>> 31;
  const nan = isNaNBits(r) || isNaNBits(s);
  if (nan || (isZero(r) && isZero(s)) || (isInfinite(r) && isInfinite(s))) {
    const invalid = !nan || isSignaling(r) || isSignaling(s);
    return give(special(Special.nan + sign), invalid ? Flag.invalid : 0);
  }
  if (isZero(s) || isInfinite(r)) return give(special(Special.zero + sign), 0);
  if (isInfinite(s)) return give(special(Special.infinity + sign), 0);
  if (isZero(r)) return give(special(Special.infinity + sign), Flag.divideByZero);
  return give(adjustmentFor(2 * removedHalf(s) - 2 * removedHalf(r)), 0);
}

/** mksadj.s */
export function rootAdjustment(s: number): Outcome {
  if (isZero(s)) return give(special(Special.zero + (s >>> 31)), 0);
  if (isNaNBits(s)) return give(special(Special.nan), isSignaling(s) ? Flag.invalid : 0);
  if (s < 0) return give(special(Special.nan), Flag.invalid);
  if (isInfinite(s)) return give(special(Special.infinity), 0);
  return give(adjustmentFor(removedHalf(s)), 0);
}

/** addexp.s: exponent and sign of `s` onto `r`. */
export const addExponent = (r: number, s: number): number =>
  ((r ^ (s & SIGN)) & ~EXPONENT) | (((exponentOf(r) + exponentOf(s) - 127) & 255) << 23);

/** addexpm.s: exponent and sign from the fraction of `s` (bits 21..14 and 22) onto `r`. */
export const addExponentFromFraction = (r: number, s: number): number =>
  ((r ^ ((s << 9) & SIGN)) & ~EXPONENT) | (((exponentOf(r) + ((s >>> 14) & 255) - 127) & 255) << 23);

/** Exponent as a signed byte, and its nearest multiple of eight. */
const signedExponent = (bits: number): number => ((exponentOf(bits) - 127) << 24) >> 24;
const multiple = (exponent: number): number => (exponent + 4) >> 3;

/** The narrow value left when 8 * multiple is taken off the exponent; the leading one is always there. */
function narrowValue(bits: number): number {
  const exponent = signedExponent(bits);
  const magnitude = (0x800000 | (bits & FRACTION)) * powerOfTwo(exponent - 8 * multiple(exponent) - 23);
  return bits < 0 ? -magnitude : magnitude;
}

/** divn.s: (r + s * t) * 2^A, rounded once. `r` is the quotient, `s` the remainder, `t` the reciprocal. */
export function finishDivision(r: number, s: number, t: number, mode: RoundingMode): Outcome {
  if (isNaNBits(s)) return give(s | QUIET, 0);
  const a = 32 * multiple(signedExponent(r)) + (multiple(signedExponent(t)) & 31);
  const code = a - SPECIAL;
  if (code >= 0 && code < 6) {
    const kind = code & ~1;
    const bits = kind === Special.nan ? NAN_BITS : kind === Special.infinity ? EXPONENT : 0;
    return give(kind === Special.nan ? bits : bits | (code << 31), 0);
  }
  const quotient = narrowValue(r);
  const correction = fromBits(s) * narrowValue(t);
  const sum = quotient + correction;
  const second = sum - quotient;
  const error = quotient - (sum - second) + (correction - second);
  // Nothing left at all: the silicon's normaliser runs out of its 50 bits.
  const exact = sum === 0 ? 2 ** -50 : roundToOdd(sum, error);
  const rounded = roundSingle(exact * powerOfTwo(a), mode);
  return give(toBits(rounded), raised);
}
