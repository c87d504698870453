/** One block of SHA-1, SHA-2 with 32-bit and with 64-bit words (FIPS 180-4); constants from the primes they are roots of. */

export interface Compression {
  /** Words of a message block. */
  readonly words: number;
  /** State before the first block, as 32-bit words. */
  readonly initial: Uint32Array;
  compress(state: Uint32Array, message: Uint32Array): Uint32Array;
}

const MASK = (1n << 64n) - 1n;

/** The first `count` primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let next = 2n; found.length < count; next++)
    if (found.every((prime) => next % prime !== 0n)) found.push(next);
  return found;
}

/** First 64 bits after the point of the `degree`-th root. */
function rootBits(value: bigint, degree: bigint): bigint {
  const scaled = value << (64n * degree);
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= scaled) low = middle;
    else high = middle;
  }
  return low & MASK;
}

const rounds = primes(80).map((prime) => rootBits(prime, 3n));
const roots = primes(16).map((prime) => rootBits(prime, 2n));
const highWord = (value: bigint): number => Number(value >> 32n);
const lowWord = (value: bigint): number => Number(value & 0xffffffffn);
const bothWords = (values: readonly bigint[]): Uint32Array =>
  Uint32Array.from(values.flatMap((value) => [highWord(value), lowWord(value)]));

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const SHA1_INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const SHA1_ROUNDS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

function compressSha1(state: Uint32Array, message: Uint32Array): Uint32Array {
  const w = new Int32Array(80);
  w.set(message);
  for (let t = 16; t < 80; t++) w[t] = rotateLeft(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  let [a, b, c, d, e] = state;
  for (let t = 0; t < 80; t++) {
    const part = Math.floor(t / 20);
    const mixed = part === 0 ? (b & c) | (~b & d) : part === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const next = (rotateLeft(a, 5) + mixed + e + SHA1_ROUNDS[part] + w[t]) | 0;
    [e, d, c, b, a] = [d, c, rotateLeft(b, 30), a, next];
  }
  return Uint32Array.from([a, b, c, d, e], (word, index) => (word + state[index]) >>> 0);
}

/** What differs between the two widths of SHA-2: rotations of the four sigma functions, the last of two being shifts. */
interface Width {
  readonly bits: bigint;
  readonly rounds: number;
  readonly big: readonly (readonly bigint[])[];
  readonly small: readonly (readonly bigint[])[];
  readonly constants: readonly bigint[];
}

const NARROW: Width = {
  bits: 32n,
  rounds: 64,
  big: [
    [2n, 13n, 22n],
    [6n, 11n, 25n],
  ],
  small: [
    [7n, 18n, 3n],
    [17n, 19n, 10n],
  ],
  constants: rounds.map((value) => value >> 32n),
};
const WIDE: Width = {
  bits: 64n,
  rounds: 80,
  big: [
    [28n, 34n, 39n],
    [14n, 18n, 41n],
  ],
  small: [
    [1n, 8n, 7n],
    [19n, 61n, 6n],
  ],
  constants: rounds,
};

function compressSha2(state: readonly bigint[], message: readonly bigint[], width: Width): bigint[] {
  const mask = (1n << width.bits) - 1n;
  const rotate = (value: bigint, by: bigint) => ((value >> by) | (value << (width.bits - by))) & mask;
  const big = (value: bigint, [x, y, z]: readonly bigint[]) =>
    rotate(value, x) ^ rotate(value, y) ^ rotate(value, z);
  const small = (value: bigint, [x, y, z]: readonly bigint[]) =>
    rotate(value, x) ^ rotate(value, y) ^ (value >> z);
  const w = [...message];
  for (let t = 16; t < width.rounds; t++) {
    w.push(
      (small(w[t - 2], width.small[1]) + w[t - 7] + small(w[t - 15], width.small[0]) + w[t - 16]) & mask,
    );
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < width.rounds; t++) {
    const first = h + big(e, width.big[1]) + ((e & f) ^ (~e & mask & g)) + width.constants[t] + w[t];
    const second = big(a, width.big[0]) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & mask, c, b, a, (first + second) & mask];
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => (word + state[index]) & mask);
}

const compressNarrow = (state: Uint32Array, message: Uint32Array): Uint32Array =>
  Uint32Array.from(compressSha2([...state].map(BigInt), [...message].map(BigInt), NARROW), Number);

const pairs = (words: Uint32Array): bigint[] =>
  Array.from(
    { length: words.length / 2 },
    (_, index) => (BigInt(words[2 * index]) << 32n) | BigInt(words[2 * index + 1]),
  );
const compressWide = (state: Uint32Array, message: Uint32Array): Uint32Array =>
  bothWords(compressSha2(pairs(state), pairs(message), WIDE));

const initial = {
  sha224: Uint32Array.from(roots.slice(8), lowWord),
  sha256: Uint32Array.from(roots.slice(0, 8), highWord),
  sha384: bothWords(roots.slice(8)),
  sha512: bothWords(roots.slice(0, 8)),
};

/** By the number in the accelerator's MODE register. */
export const compressions: Readonly<Record<number, Compression>> = {
  0: { words: 16, initial: Uint32Array.from(SHA1_INITIAL), compress: compressSha1 },
  1: { words: 16, initial: initial.sha224, compress: compressNarrow },
  2: { words: 16, initial: initial.sha256, compress: compressNarrow },
  3: { words: 32, initial: initial.sha384, compress: compressWide },
  4: { words: 32, initial: initial.sha512, compress: compressWide },
};
