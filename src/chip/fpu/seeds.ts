/**
 * The table look-ups that begin a division or a root: div0.s, recip0.s, sqrt0.s, rsqrt0.s.
 *
 * Contents and special cases are those of the silicon, read exhaustively from an ESP32-S3 rev 0.2 by the
 * light-player/lightplayer project (ADR "The Xtensa FP behavior contract", 2026-08-01): a reciprocal table of 128 and two
 * reciprocal root tables of 64 entries of 7 bits. The entries follow from a formula (proved equal to the published ones),
 * so they are computed here.
 */
import { give, isSignaling, type Outcome } from './arithmetic.ts';
import { NAN_BITS } from './rounding.ts';
import { Flag } from './state.ts';

const SIGN = 0x80000000 | 0;
const INFINITY = 0x7f800000;
const FRACTION = 0x7fffff;
const IMPLIED = 0x800000;

/** The seven bits below the leading one of a seed near `value`, in [0.5, 1). */
const entry = (value: number): number => Math.min(Math.max(Math.round(256 * value) - 128, 0), 127);

/** 1 / m for m in [1 + i/128, 1 + (i+1)/128), at the middle; the last one is held above one half. */
const reciprocals = Array.from({ length: 128 }, (_, i) => Math.max(entry(1 / (1 + (i + 0.5) / 128)), 1));

/** The mean of 1 / sqrt(m) at both ends of the interval, m from `from` on in steps of `from` / 64. */
const roots = (from: number) =>
  Array.from({ length: 64 }, (_, i) => {
    const end = (k: number) => 1 / Math.sqrt(from * (1 + k / 64));
    return entry((end(i) + end(i + 1)) / 2);
  });
const oddRoots = roots(1);
const evenRoots = roots(2);

export const exponentOf = (bits: number): number => (bits >>> 23) & 255;
export const isNaNBits = (bits: number): boolean => (bits & 0x7fffffff) > INFINITY;
export const isInfinite = (bits: number): boolean => (bits & 0x7fffffff) === INFINITY;
export const isZero = (bits: number): boolean => (bits & 0x7fffffff) === 0;

/** How far a subnormal fraction must be shifted to have the leading one in bit 23; 0 for a normal number. */
const denormalShift = (bits: number): number =>
  exponentOf(bits) === 0 ? Math.clz32(bits & FRACTION) - 8 : 0;

/** Biased exponent of a finite non-zero number, going on below 1 for subnormals. */
export const fullExponent = (bits: number): number => {
  const shift = denormalShift(bits);
  return shift === 0 ? exponentOf(bits) : 1 - shift;
};

/** The fraction below the leading one, of a finite non-zero number (or an infinity or NaN as it stands). */
export const fullFraction = (bits: number): number => ((bits & FRACTION) << denormalShift(bits)) & FRACTION;

const reciprocalSeed = (fraction: number): number => reciprocals[fraction >>> 16] << 16;

const rootSeed = (exponent: number, fraction: number): number =>
  (exponent & 1 ? oddRoots : evenRoots)[fraction >>> 17] << 16;

/** A positive or negative number from its parts; small ones lose bits, large ones become infinite. */
function encode(sign: number, exponent: number, fraction: number): number {
  if (exponent >= 255) return sign | INFINITY;
  if (exponent > 0) return sign | (exponent << 23) | fraction;
  return exponent < -30 ? sign : sign | ((IMPLIED | fraction) >>> (1 - exponent));
}

/** Invalid for a signaling NaN, as everywhere. */
const nanFlags = (s: number): number => (isSignaling(s) ? Flag.invalid : 0);

/**
 * Seed of 1 / fs over the whole range. Which flags this and `rootEstimate` can raise is in the core's instruction table;
 * div0.s and sqrt0.s raise none.
 */
export function reciprocalEstimate(s: number): Outcome {
  const sign = s & SIGN;
  if (isNaNBits(s)) {
    return give(sign | INFINITY | ((IMPLIED | reciprocalSeed(s & FRACTION)) >>> 1), nanFlags(s));
  }
  if (isInfinite(s)) return give(sign, 0);
  if (isZero(s)) return give(sign | INFINITY, Flag.divideByZero);
  return give(encode(sign, 253 - fullExponent(s), reciprocalSeed(fullFraction(s))), 0);
}

/** Seed of 1 / m where -m is nexp01.s of fs; specials go through the table. */
export function divisionSeed(s: number): number {
  const sign = s & SIGN;
  if (isZero(s) || exponentOf(s) === 255) return sign | (126 << 23) | reciprocalSeed(s & FRACTION);
  return sign | ((125 + (fullExponent(s) & 1)) << 23) | reciprocalSeed(fullFraction(s));
}

/** Seed of 1 / sqrt(fs) over the whole range; a NaN result carries the table's bits. */
export function rootEstimate(s: number): Outcome {
  const sign = s & SIGN;
  if (isZero(s)) return give(sign | INFINITY, Flag.divideByZero);
  if (sign === 0 && isInfinite(s)) return give(0, 0);
  const seed = rootSeed(exponentOf(s) === 255 ? 1 : fullExponent(s), fullFraction(s));
  if (isNaNBits(s)) return give(sign | NAN_BITS | seed, nanFlags(s));
  if (sign !== 0) return give(sign | NAN_BITS | seed, Flag.invalid);
  return give(encode(0, (380 - fullExponent(s)) >> 1, seed), 0);
}

/** Seed of 1 / sqrt(m) where -m is nexp01.s of fs; the exponent is always that of one half. */
export function rootSeedNarrowed(s: number): number {
  const exponent = isZero(s) ? 0 : exponentOf(s) === 255 ? 1 : fullExponent(s);
  return (s & SIGN) | (126 << 23) | rootSeed(exponent, isZero(s) ? 0 : fullFraction(s));
}
