/**
 * Conversions between single precision and 32-bit fixed point with 0..15 fraction bits, and comparisons.
 * Saturation: Xtensa ISA manual, ROUND.S, TRUNC.S, UTRUNC.S …; utrunc.s of negative numbers as measured on silicon
 * (they wrap like the signed form, with Invalid) and as QEMU has it.
 */
import { give, isSignaling, type Outcome } from './arithmetic.ts';
import { fromBits, powerOfTwo, raised, roundSingle, toBits } from './rounding.ts';
import { Flag, type RoundingMode } from './state.ts';

/** Integer next to a value, ties to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return fraction < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The scaling is a single-precision operation of its own, which can overflow before the integer does (QEMU). */
const scalingFlags = (value: number): number =>
  Math.abs(value) >= 2 ** 128 && Number.isFinite(value) ? Flag.overflow | Flag.inexact : 0;

/** Signed: `bits` times 2^scale, made an integer by `toInteger`, saturated; a NaN counts as large. */
export function toSigned(bits: number, scale: number, toInteger: (value: number) => number): Outcome {
  const value = fromBits(bits) * powerOfTwo(scale);
  const integer = toInteger(value);
  if (Number.isNaN(value) || integer > 0x7fffffff) {
    return give(0x7fffffff, Flag.invalid | scalingFlags(value));
  }
  if (integer < -0x80000000) return give(0x80000000 | 0, Flag.invalid | scalingFlags(value));
  return give(integer | 0, integer === value ? 0 : Flag.inexact);
}

/** Unsigned, toward zero. Out of range it sets Invalid alone, however large the scaled value is. */
export function toUnsigned(bits: number, scale: number): Outcome {
  const value = fromBits(bits) * powerOfTwo(scale);
  const integer = Math.trunc(value);
  if (Number.isNaN(value) || integer > 0xffffffff) return give(-1, Flag.invalid);
  if (integer < -0x80000000) return give(0x80000000 | 0, Flag.invalid);
  if (integer < 0) return give(integer | 0, Flag.invalid);
  return give(integer | 0, integer === value ? 0 : Flag.inexact);
}

/** `value` (an exact integer) times 2^-scale. */
export function fromInteger(value: number, scale: number, mode: RoundingMode): Outcome {
  const rounded = roundSingle(value * powerOfTwo(-scale), mode);
  return give(toBits(rounded), raised);
}

/** Flags of a comparison with a NaN: quiet ones object to signaling NaNs only, ordering ones to every NaN. */
export const unorderedFlags = (s: number, t: number, signaling: boolean): number =>
  signaling || isSignaling(s) || isSignaling(t) ? Flag.invalid : 0;
