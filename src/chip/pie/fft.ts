/**
 * Complex multiplication and the FFT helpers on 16-bit lanes, as functions on the lanes of Q. Sums and products keep all
 * their bits (doubles are exact here) until they are shifted and cut to 16.
 * Semantics: ESP32-S3 TRM, chapter 1, "Operation" of ee.cmul and ee.fft; lane choices confirmed by the vectors.
 */
import { Control, type PieState } from './state.ts';

export interface FftFunctions {
  /** (z, x, y, select, sar) */
  cmul(z: number, x: number, y: number, select: number, sar: number): void;
  /** One product of lanes `2 * (select >> 1)`, to the same lanes of `z`. */
  fftCmul(z: number, x: number, y: number, select: number, sar: number): void;
  /** The words to store, into the spare register. */
  fftCmulStore(
    x: number,
    y: number,
    v: number,
    select: number,
    update: number,
    shift: number,
    sar: number,
  ): void;
  /** Butterfly of lanes `lane` and `lane + 1`; the four results go to z and z1. */
  ams(
    z: number,
    z1: number,
    x: number,
    y: number,
    m: number,
    lane: number,
    select: number,
    sar: number,
  ): void;
  /** The same for the storing form: z's pair is returned as a word. */
  amsStore(z1: number, x: number, y: number, m: number, select: number, sar: number): number;
  r2bf(a0: number, a1: number, x: number, y: number, select: number): void;
  /** Shifted sums of lanes, to the spare register. */
  r2bfSums(x: number, y: number, shift: number): void;
  r2bfDifferences(a: number, x: number, y: number): void;
  /** Lane sequence for bit-reversed addressing from `x` on. */
  bitReverse(a: number, x: number): void;
}

const pair = (low: number, high: number): number => (low & 0xffff) | (high << 16);

/** 2^-shift, for every amount SAR and its kind can hold. */
const fractions = Float64Array.from({ length: 64 }, (_, shift) => 2 ** -shift);

/** floor(value / 2^shift), as an integer; |value| < 2^34, so a shift beyond 34 gives 0 or -1. */
const shiftRight = (value: number, shift: number): number => Math.floor(value * fractions[shift]);

function reverse(value: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit++) reversed |= ((value >> bit) & 1) << (bits - 1 - bit);
  return reversed;
}

/** (xr + i xi) * (yr + i yi), or with a conjugate on one side; the result is a word of two lanes. */
function product(
  qs16: Int16Array,
  x: number,
  y: number,
  lane: number,
  conjugate: 'none' | 'x' | 'y',
  sar: number,
): number {
  const xr = qs16[8 * x + lane];
  const xi = qs16[8 * x + lane + 1];
  const yr = qs16[8 * y + lane];
  const yi = qs16[8 * y + lane + 1];
  const real = conjugate === 'none' ? xr * yr - xi * yi : xr * yr + xi * yi;
  const imaginary =
    conjugate === 'none' ? xr * yi + xi * yr : conjugate === 'x' ? xr * yi - xi * yr : xi * yr - xr * yi;
  return pair(shiftRight(real, sar), shiftRight(imaginary, sar));
}

const singleProduct = (qs16: Int16Array, x: number, y: number, select: number, sar: number): number =>
  product(qs16, x, y, 2 * (select >> 1), select & 1 ? 'none' : 'y', sar);

/** Two words of two lanes. */
function butterfly(
  qs16: Int16Array,
  x: number,
  y: number,
  m: number,
  lane: number,
  select: number,
  sar: number,
): number[] {
  const [x0, x1] = [qs16[8 * x + lane], qs16[8 * x + lane + 1]];
  const [y0, y1] = [qs16[8 * y + lane], qs16[8 * y + lane + 1]];
  const [m0, m1] = [qs16[8 * m + lane], qs16[8 * m + lane + 1]];
  const [sum, difference] = [x0 + y0, x1 - y1];
  const [a, b] = [x0 - y0, x1 + y1];
  const real = shiftRight(select === 0 ? a * m0 - b * m1 : a * m0 + b * m1, sar);
  const imaginary = shiftRight(select === 0 ? a * m1 + b * m0 : b * m0 - a * m1, sar);
  return [pair(sum + real, difference + imaginary), pair(sum - real, imaginary - difference)];
}

/** Sums and differences of a register's lanes, four lanes apart or two. */
function radix2(qs16: Int16Array, q: number, select: number): number[] {
  const lane = (i: number) => qs16[8 * q + i];
  const firsts = select === 0 ? [0, 1, 2, 3] : [0, 1, 4, 5];
  const distance = select === 0 ? 4 : 2;
  return [
    ...firsts.map((i) => lane(i) + lane(i + distance)),
    ...firsts.map((i) => lane(i) - lane(i + distance)),
  ];
}

export function createFftFunctions(state: PieState): FftFunctions {
  const { qs16, qs32, spare, control } = state;
  return {
    cmul(z, x, y, select, sar) {
      const lane = select & 1 ? 4 : 0;
      const conjugate = select < 2 ? 'none' : 'x';
      const low = product(qs16, x, y, lane, conjugate, sar);
      const high = product(qs16, x, y, lane + 2, conjugate, sar);
      qs32[4 * z + lane / 2] = low;
      qs32[4 * z + lane / 2 + 1] = high;
    },
    fftCmul(z, x, y, select, sar) {
      qs32[4 * z + (select >> 1)] = singleProduct(qs16, x, y, select, sar);
    },
    fftCmulStore(x, y, v, select, update, shift, sar) {
      const shifted = (word: number) =>
        pair(qs16[8 * x + 2 * word] >> shift, qs16[8 * x + 2 * word + 1] >> shift);
      const words =
        update === 1
          ? [shifted(0), shifted(1), qs32[4 * v + 2]]
          : update === 2
            ? [shifted(0), qs32[4 * v + 2], shifted(1)]
            : [qs32[4 * v], qs32[4 * v + 1], qs32[4 * v + 2]];
      spare[0] = words[0];
      spare[1] = words[1];
      spare[2] = words[2];
      spare[3] = singleProduct(qs16, x, y, select, sar);
    },
    ams(z, z1, x, y, m, lane, select, sar) {
      const [first, second] = butterfly(qs16, x, y, m, lane, select, sar);
      qs32[4 * z + lane / 2] = first;
      qs32[4 * z1 + lane / 2] = second;
    },
    amsStore(z1, x, y, m, select, sar) {
      const [first, second] = butterfly(qs16, x, y, m, 6, select, sar);
      qs32[4 * z1 + 3] = second;
      return first;
    },
    r2bf(a0, a1, x, y, select) {
      const [first, second] = [radix2(qs16, x, select), radix2(qs16, y, select)];
      qs16.set(first, 8 * a0);
      qs16.set(second, 8 * a1);
    },
    r2bfSums(x, y, shift) {
      const sum = (lane: number) => (qs16[8 * x + lane] + qs16[8 * y + lane]) >> shift;
      for (let word = 0; word < 4; word++) spare[word] = pair(sum(2 * word), sum(2 * word + 1));
    },
    r2bfDifferences(a, x, y) {
      for (let lane = 0; lane < 8; lane++) qs16[8 * a + lane] = qs16[8 * x + lane] - qs16[8 * y + lane];
    },
    bitReverse(a, x) {
      const bits = control[Control.fftBitWidth];
      const mask = (1 << bits) - 1;
      for (let lane = 0; lane < 8; lane++) {
        const index = (x + lane) & mask;
        qs16[8 * a + lane] = bits === 3 && lane > 5 ? 0 : Math.max(index, reverse(index, bits));
      }
    },
  };
}
