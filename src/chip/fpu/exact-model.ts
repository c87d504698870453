/** Test oracle: IEEE single precision by BigInt rationals, written for clarity and independent of the rest of this room. */
import { Flag, RoundingMode } from './state.ts';

/** numerator / denominator * 2^exponent, denominator > 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly exponent: number;
}

export function decode(bits: number): Rational {
  const exponent = (bits >>> 23) & 255;
  const fraction = BigInt(bits & 0x7fffff);
  const magnitude = exponent === 0 ? fraction : fraction + 0x800000n;
  return {
    numerator: bits < 0 ? -magnitude : magnitude,
    denominator: 1n,
    exponent: Math.max(exponent, 1) - 150,
  };
}

const shifted = (value: bigint, by: number): bigint => (by >= 0 ? value << BigInt(by) : value >> BigInt(-by));
const bitLength = (value: bigint): number => value.toString(2).length;
const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

export function sum(a: Rational, b: Rational): Rational {
  const exponent = Math.min(a.exponent, b.exponent);
  const numerator =
    shifted(a.numerator * b.denominator, a.exponent - exponent) +
    shifted(b.numerator * a.denominator, b.exponent - exponent);
  return { numerator, denominator: a.denominator * b.denominator, exponent };
}

export const product = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
  exponent: a.exponent + b.exponent,
});

export function quotient(a: Rational, b: Rational): Rational {
  const sign = b.numerator < 0n ? -1n : 1n;
  return {
    numerator: a.numerator * b.denominator * sign,
    denominator: absolute(a.denominator * b.numerator),
    exponent: a.exponent - b.exponent,
  };
}

/** The magnitude over 2^unit, rounded down, and whether something or more than half was lost. */
function truncate(value: Rational, unit: number): { kept: bigint; rest: -1 | 0 | 1 | undefined } {
  const by = value.exponent - unit;
  const numerator = absolute(value.numerator) << BigInt(Math.max(by, 0));
  const denominator = value.denominator << BigInt(Math.max(-by, 0));
  const kept = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n) return { kept, rest: undefined };
  const twice = 2n * remainder;
  return { kept, rest: twice < denominator ? -1 : twice > denominator ? 1 : 0 };
}

function roundMagnitude(
  { kept, rest }: ReturnType<typeof truncate>,
  negative: boolean,
  mode: RoundingMode,
): bigint {
  if (rest === undefined || mode === RoundingMode.towardZero) return kept;
  const up =
    mode === RoundingMode.nearest
      ? rest > 0 || (rest === 0 && kept % 2n === 1n)
      : (mode === RoundingMode.up) !== negative;
  return up ? kept + 1n : kept;
}

/** Exponent of the leading bit. */
function magnitudeExponent({ numerator, denominator, exponent }: Rational): number {
  const guess = bitLength(absolute(numerator)) - bitLength(denominator);
  const reaches =
    shifted(absolute(numerator), Math.max(-guess, 0)) >= shifted(denominator, Math.max(guess, 0));
  return exponent + guess - (reaches ? 0 : 1);
}

/** Rounds a non-zero value. */
export function round(value: Rational, mode: RoundingMode): { bits: number; flags: number } {
  const negative = value.numerator < 0n;
  const sign = negative ? 0x80000000 | 0 : 0;
  const exponent = magnitudeExponent(value);
  const unbounded = truncate(value, exponent - 23);
  const unboundedRounded = roundMagnitude(unbounded, negative, mode);
  const top = exponent + (unboundedRounded === 0x1000000n ? 1 : 0);
  if (top > 127) {
    const infinite =
      mode === RoundingMode.nearest || mode === (negative ? RoundingMode.down : RoundingMode.up);
    return { bits: sign | (infinite ? 0x7f800000 : 0x7f7fffff), flags: Flag.overflow | Flag.inexact };
  }
  const onGrid = truncate(value, Math.max(exponent - 23, -149));
  const rounded = roundMagnitude(onGrid, negative, mode);
  const inexact = onGrid.rest !== undefined;
  const tiny = top < -126;
  const bits = exponent < -126 ? Number(rounded) : Number(rounded) + ((exponent + 126) << 23);
  return {
    bits: sign | bits,
    flags: (inexact ? Flag.inexact : 0) | (inexact && tiny ? Flag.underflow : 0),
  };
}

function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((bitLength(value) + 1) >> 1);
  for (;;) {
    const better = (root + value / root) >> 1n;
    if (better >= root) return root;
    root = better;
  }
}

/** Square root of a positive value, cut to 64 bits with the last one sticky: enough for one rounding to 24. */
export function squareRoot({ numerator, exponent }: Rational): Rational {
  const even = 2 * Math.floor((exponent - 140) / 2);
  const radicand = numerator << BigInt(exponent - even);
  const root = integerRoot(radicand);
  return {
    numerator: root * root === radicand ? root << 1n : (root << 1n) | 1n,
    denominator: 1n,
    exponent: even / 2 - 1,
  };
}
