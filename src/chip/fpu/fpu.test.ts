import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestMachine, type TestMachine } from '../pie/test-machine.ts';
import { decode as decodeInstruction, differences, readVectors } from '../pie/test-vectors.ts';
import * as exact from './exact-model.ts';
import { createFpu, createFpuState, emitFpu, Flag, fpuBindings, RoundingMode } from './index.ts';
import * as sequences from './sequences.ts';

const state = createFpuState();
const unit = createFpu(state);
const { bits, control } = state;

const NAN = 0x7fc00000;
const SIGN = 0x80000000 | 0;
const modes = Object.values(RoundingMode);
const isNaNBits = (v: number) => (v & 0x7fffffff) > 0x7f800000;
const nanFlags = (...operands: readonly number[]) =>
  operands.some((v) => isNaNBits(v) && (v & 0x400000) === 0) ? Flag.invalid : 0;
const isZero = (v: number) => (v & 0x7fffffff) === 0;
const isInfinite = (v: number) => (v & 0x7fffffff) === 0x7f800000;
const isFiniteBits = (v: number) => (v & 0x7f800000) !== 0x7f800000;
const hex = (v: number) => (v >>> 0).toString(16).padStart(8, '0');

/** Every kind of number, and neighbours of the limits between kinds. */
const edges = [
  0, 1, 2, 3, 0x3fffff, 0x400000, 0x7ffffe, 0x7fffff, 0x800000, 0x800001, 0xffffff, 0x1000000, 0x3f000000,
  0x3f7ffffe, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3f800002, 0x3fffffff, 0x40000000, 0x40000001, 0x40400000,
  0x40490fdb, 0x407fffff, 0x4b000000, 0x4b7fffff, 0x5f000000, 0x7e800000, 0x7effffff, 0x7f000000, 0x7f7ffffe,
  0x7f7fffff, 0x7f800000, 0x7fc00000,
].flatMap((v) => [v, v | SIGN]);

let seed = 0x2545f491;
/** xorshift32 */
function random(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed | 0;
}
/** A number of any exponent, often with few fraction bits or next to a power of two. */
function randomSingle(): number {
  const v = random();
  switch (random() & 7) {
    case 0:
      return v & ~0x7ff;
    case 1:
      return (v & ~0x7fffff) | (v & 7);
    case 2:
      return v | 0x7ffff8;
    case 3:
      return (v & ~0x7f800000) | ((random() & 3) << 23);
    default:
      return v;
  }
}

interface Result {
  readonly bits: number;
  readonly flags: number;
}

/** Clears FSR, runs, and returns f0 and the flags. */
function run(mode: RoundingMode, operands: readonly number[], execute: () => void): Result {
  control[0] = mode;
  control[1] = 0;
  operands.forEach((value, i) => void (bits[i] = value));
  execute();
  return { bits: bits[0], flags: control[1] };
}

const same = (a: Result, b: Result) =>
  a.flags === b.flags && (isNaNBits(a.bits) ? isNaNBits(b.bits) : a.bits === b.bits);

/** Rounds, with the sign a zero has when it is a cancellation. */
function finish(value: exact.Rational, mode: RoundingMode, zero: number): Result {
  return value.numerator === 0n ? { bits: zero, flags: 0 } : exact.round(value, mode);
}

const cancellation = (mode: RoundingMode) => (mode === RoundingMode.down ? SIGN : 0);

/** c + a * b for finite operands. */
function fusedModel(c: number, a: number, b: number, mode: RoundingMode): Result {
  const product = exact.product(exact.decode(a), exact.decode(b));
  const productSign = (a ^ b) & SIGN;
  const bothZero = isZero(c) && product.numerator === 0n;
  const zero = bothZero && (c & SIGN) === productSign ? productSign : cancellation(mode);
  return finish(exact.sum(exact.decode(c), product), mode, zero);
}

function divideModel(a: number, b: number, mode: RoundingMode): Result {
  const sign = (a ^ b) & SIGN;
  if (isNaNBits(a) || isNaNBits(b)) return { bits: NAN, flags: nanFlags(a, b) };
  if ((isZero(a) && isZero(b)) || (isInfinite(a) && isInfinite(b))) return { bits: NAN, flags: Flag.invalid };
  if (isInfinite(a)) return { bits: sign | 0x7f800000, flags: 0 };
  if (isZero(b)) return { bits: sign | 0x7f800000, flags: Flag.divideByZero };
  if (isZero(a) || isInfinite(b)) return { bits: sign, flags: 0 };
  return exact.round(exact.quotient(exact.decode(a), exact.decode(b)), mode);
}

function rootModel(a: number, mode: RoundingMode): Result {
  if (isZero(a) || a === 0x7f800000) return { bits: a, flags: 0 };
  if (isNaNBits(a)) return { bits: NAN, flags: nanFlags(a) };
  if (a < 0) return { bits: NAN, flags: Flag.invalid };
  return exact.round(exact.squareRoot(exact.decode(a)), mode);
}

function check(actual: Result, expected: Result, what: () => string): void {
  if (!same(actual, expected)) {
    throw new Error(
      `${what()}: ${hex(actual.bits)} flags ${hex(actual.flags)}, not ${hex(expected.bits)} flags ${hex(expected.flags)}`,
    );
  }
}

/** Runs `test` on all pairs of edges and `count` random pairs, in every mode. */
function forPairs(count: number, test: (a: number, b: number, mode: RoundingMode) => void): void {
  for (const mode of modes) {
    for (const a of edges) for (const b of edges) test(a, b, mode);
    for (let i = 0; i < count; i++) test(randomSingle(), randomSingle(), mode);
  }
}

describe('division and square root by their sequences', () => {
  it('divides with one correct rounding, in all modes', () => {
    forPairs(6000, (a, b, mode) => {
      const actual = run(mode, [0, a, b], () => sequences.runSequence(sequences.divide, state, unit));
      check(actual, divideModel(a, b, mode), () => `${hex(a)} / ${hex(b)} mode ${mode}`);
    });
  });

  it('takes roots with one correct rounding, in all modes', () => {
    for (const mode of modes) {
      for (const a of [...edges, ...Array.from({ length: 8000 }, randomSingle)]) {
        const actual = run(mode, [0, a], () => sequences.runSequence(sequences.squareRoot, state, unit));
        check(actual, rootModel(a, mode), () => `sqrt ${hex(a)} mode ${mode}`);
      }
    }
  });

  it('divides every divisor fraction at the limits of a binade', () => {
    for (const dividend of [0x3f800000, 0x3fffffff, 0x3fc00001]) {
      for (let fraction = 0; fraction < 0x800000; fraction += 509) {
        const divisor = 0x3f800000 | fraction;
        const { bits: actual } = run(0, [0, dividend, divisor], () =>
          sequences.runSequence(sequences.divide, state, unit),
        );
        bits[9] = dividend;
        bits[10] = divisor;
        state.f[11] = state.f[9] / state.f[10];
        if (actual !== bits[11]) throw new Error(`${hex(dividend)} / ${hex(divisor)}: ${hex(actual)}`);
      }
    }
  });

  it('approximates reciprocal and reciprocal root to one unit', () => {
    for (let i = 0; i < 5000; i++) {
      const a = 0x20000000 + (random() & 0x3fffffff);
      const recip = run(0, [0, a], () => sequences.runSequence(sequences.reciprocal, state, unit)).bits;
      const value = state.f[1];
      const root = run(0, [0, a], () => sequences.runSequence(sequences.reciprocalRoot, state, unit)).bits;
      state.f[9] = 1 / value;
      state.f[10] = 1 / Math.sqrt(value);
      expect(Math.abs(recip - bits[9])).toBeLessThanOrEqual(1);
      expect(Math.abs(root - bits[10])).toBeLessThanOrEqual(1);
    }
  });

  it('has the seeds read from silicon', () => {
    const one = (opcode: 'recip0' | 'div0' | 'rsqrt0' | 'sqrt0' | 'nexp01', s: number) =>
      hex(run(0, [0, s], () => unit[opcode](0, 1)).bits);
    expect(one('recip0', 0x3f800000)).toBe('3f7f0000');
    expect(one('recip0', 0x7e800000)).toBe('007f8000');
    expect(one('recip0', 0)).toBe('7f800000');
    expect(one('div0', 0x7fc00000)).toBe('3f2a0000');
    expect(one('rsqrt0', 0xbf800000)).toBe('ffff0000');
    expect(one('rsqrt0', 0x3f800000)).toBe('3f7f0000');
    expect(one('sqrt0', 0x7f800000)).toBe('3f7f0000');
    expect(one('sqrt0', 0x40000000)).toBe('3f340000');
    expect(one('nexp01', 0x3f000000)).toBe('c0000000');
    const flags = (opcode: 'recip0' | 'div0' | 'rsqrt0' | 'sqrt0', s: number) =>
      run(0, [0, s], () => unit[opcode](0, 1)).flags;
    expect([flags('recip0', 0), flags('rsqrt0', 0)]).toEqual([Flag.divideByZero, Flag.divideByZero]);
    expect([flags('recip0', 0x7f800001), flags('rsqrt0', 0xbf800000)]).toEqual([Flag.invalid, Flag.invalid]);
    expect([flags('div0', 0), flags('sqrt0', 0xbf800000)]).toEqual([0, 0]);
    expect(hex(run(0, [0x3f800000, 0x3f000000], () => unit.mkdadj(0, 1)).bits)).toBe('379dc000');
    expect(hex(run(0, [0x12345678, 0x3f800000], () => unit.mkdadj(0, 1)).bits)).toBe('2fa3c000');
    expect(hex(run(0, [0, 0xbf800000], () => unit.mksadj(0, 1)).bits)).toBe('4fb7c000');
    expect(hex(run(0, [0x12345678, 0x1f800000], () => unit.addexp(0, 1)).bits)).toBe('72345678');
    expect(hex(run(0, [0x12345678, 0x40490fdb], () => unit.addexpm(0, 1)).bits)).toBe('e4b45678');
  });
});

/** Executes the inlined text. */
const compiled = new Map<string, () => void>();
function execute(name: string): void {
  let body = compiled.get(name);
  if (!body) {
    const bindings = fpuBindings(state);
    const make = new Function(...Object.keys(bindings), `return () => {${emitFpu(name, [0, 1, 2])}}`);
    body = make(...Object.values(bindings)) as () => void;
    compiled.set(name, body);
  }
  body();
}

describe('arithmetic, inlined and exact', () => {
  it.each(['add.s', 'sub.s', 'mul.s'])('%s rounds once, in all modes, with flags', (name) => {
    forPairs(8000, (a, b, mode) => {
      if (!isFiniteBits(a) || !isFiniteBits(b)) return;
      const other = name === 'sub.s' ? b ^ SIGN : b;
      const expected =
        name === 'mul.s'
          ? finish(exact.product(exact.decode(a), exact.decode(b)), mode, (a ^ b) & SIGN)
          : fusedModel(a, other, 0x3f800000, mode);
      const what = () => `${name} ${hex(a)} ${hex(b)} mode ${mode}`;
      check(
        run(mode, [0, a, b], () => execute(name)),
        expected,
        what,
      );
      check(
        run(mode, [0, a, b], () => unit[name.slice(0, 3) as 'add'](0, 1, 2)),
        expected,
        what,
      );
    });
  });

  it.each(['madd.s', 'msub.s', 'maddn.s'])('%s rounds once, in all modes', (name) => {
    forPairs(8000, (a, b, mode) => {
      // An addend near the product, where rounding is delicate.
      bits[9] = a;
      bits[10] = b;
      state.f[11] = state.f[9] * state.f[10];
      const c = (bits[11] + ((random() & 63) << 23) - (32 << 23)) ^ (random() & SIGN) ^ (random() & 1);
      if (!isFiniteBits(a) || !isFiniteBits(b) || !isFiniteBits(c)) return;
      const quietly = name === 'maddn.s';
      const model = fusedModel(c, name === 'msub.s' ? a ^ SIGN : a, b, quietly ? RoundingMode.nearest : mode);
      const expected = quietly ? { ...model, flags: 0 } : model;
      const what = () => `${name} ${hex(c)} ${hex(a)} ${hex(b)} mode ${mode}`;
      check(
        run(mode, [c, a, b], () => execute(name)),
        expected,
        what,
      );
      check(
        run(mode, [c, a, b], () => unit[name.slice(0, -2) as 'madd'](0, 1, 2)),
        expected,
        what,
      );
    });
  });

  it('propagates NaNs as the silicon does', () => {
    const [quietFirst, quietSecond, signaling] = [0x7fc12345, 0xffc54321 | 0, 0x7f812345];
    const result = (c: number, a: number, b: number, operation: 'add' | 'madd') =>
      run(0, [c, a, b], () => unit[operation](0, 1, 2));
    expect(result(0, quietFirst, quietSecond, 'add')).toEqual({ bits: quietSecond, flags: 0 });
    expect(result(0, quietFirst, 0, 'add')).toEqual({ bits: quietFirst, flags: 0 });
    expect(result(0, signaling, 0, 'add')).toEqual({ bits: signaling | 0x400000, flags: Flag.invalid });
    expect(result(quietFirst, quietSecond, 0, 'madd')).toEqual({ bits: quietFirst, flags: 0 });
    expect(result(quietFirst, 0x7f800000, 0, 'madd')).toEqual({ bits: quietFirst, flags: Flag.invalid });
    expect(result(0, 0x7f800000, 0xff800000 | 0, 'add')).toEqual({ bits: NAN, flags: Flag.invalid });
  });

  it.each([
    ['far above', 0x7f7fffff, 15, -1],
    ['just above', 0x4f800000, 0, -1],
    ['infinity', 0x7f800000, 0, -1],
    ['not a number', 0x7fc00000, 0, -1],
    ['far below', 0xff7fffff | 0, 15, 0x80000000 | 0],
    ['negative', 0xbf800000 | 0, 0, -1],
  ])('utrunc.s out of range sets Invalid alone: %s', (_, s, scale, result) => {
    control.fill(0);
    bits[1] = s;
    expect([unit.utrunc(1, scale), control[1]]).toEqual([result, Flag.invalid]);
  });

  it('converts to integers and back within range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -0x80000000, max: 0x7fffffff }),
        fc.integer({ min: 0, max: 15 }),
        (v, scale) => {
          control[0] = 0;
          unit.float(0, v, scale);
          expect(state.f[0]).toBe(Math.fround(v * 2 ** -scale));
          const back = unit.trunc(0, scale);
          expect(back).toBe(Math.min(Math.fround(v), 0x7fffffff));
        },
      ),
    );
  });
});

describe('execution vectors', () => {
  const owned = /^(round|ceil|floor|trunc|utrunc|float|ufloat|un|oeq|ueq|olt|ult|ole|ule)\.s$/;

  function executeVector(machine: TestMachine, bytes: string): void {
    const { opcode, operands } = decodeInstruction(bytes);
    const [r, s, t] = operands;
    const fpu = createFpu(machine.fpu);
    if (/^(mov|neg)\.s$/.test(opcode.name)) {
      machine.fpu.bits[r] = machine.fpu.bits[s] ^ (opcode.name === 'neg.s' ? SIGN : 0);
      return;
    }
    const text = emitFpu(opcode.name, operands);
    if (text !== undefined) {
      const bindings = fpuBindings(machine.fpu);
      new Function(...Object.keys(bindings), text)(...Object.values(bindings));
    } else if (/float/.test(opcode.name)) fpu[opcode.name.slice(0, -2) as 'float'](r, machine.ar[s], t);
    else machine.ar[r] = fpu[opcode.name.slice(0, -2) as 'trunc'](s, t);
  }

  it('agrees with every one, results and flags', () => {
    const { defaults, vectors } = readVectors();
    const machine = createTestMachine();
    const failures: string[] = [];
    let played = 0;
    for (const vector of vectors) {
      const name = vector.asm.split(' ')[0];
      const mine =
        emitFpu(name, [0, 0, 0]) !== undefined || (owned.test(name) && !/^[uo](n|eq|lt|le)\.s/.test(name));
      if (!mine) continue;
      played++;
      const wrong = differences(machine, defaults, vector, (m) => {
        for (const bytes of vector.check ? (vector.bytes.match(/.{6}/g) ?? []) : [vector.bytes])
          executeVector(m, bytes);
      });
      const relevant = wrong.filter((line) => {
        if (vector.check && !vector.check.some((register) => line.startsWith(`${register} `))) return false;
        const nan = /^f\d+ is [7f](f[c-f]|f[89ab])/.test(line);
        return !(vector.care === 'nan' && nan);
      });
      if (relevant.length > 0) failures.push(`${vector.asm}: ${relevant.join('; ')}`);
    }
    expect(failures).toEqual([]);
    expect(played).toBeGreaterThan(200);
  });

  it('agrees with every comparison', () => {
    const { defaults, vectors } = readVectors();
    for (const vector of vectors.filter((v) => /^[uo](n|eq|lt|le)\.s /.test(v.asm))) {
      const { opcode, operands } = decodeInstruction(vector.bytes);
      const registers = { ...defaults, ...vector.pre };
      for (let i = 0; i < 16; i++) bits[i] = Number.parseInt(registers[`f${i}`], 16);
      control[1] = 0;
      const [b, s, t] = operands;
      const holds = unit[opcode.name.slice(0, -2) as 'oeq'](s, t);
      const after = (vector.alt_post ?? vector.post).b ?? registers.b;
      expect((Number.parseInt(after, 16) >> b) & 1, vector.asm).toBe(holds ? 1 : 0);
      expect(control[1], vector.asm).toBe(Number.parseInt(vector.post.fsr ?? registers.fsr, 16));
    }
  });
});
