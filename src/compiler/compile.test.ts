/** Programs whose results are known, compiled and run on the simulated core. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run } from './testing/run.ts';

const binary = (type: string, result: string, ops: readonly string[]) =>
  `(module ${ops
    .map(
      (op) =>
        `(func (export "${op}") (param ${type} ${type}) (result ${result}) (${type}.${op} (local.get 0) (local.get 1)))`,
    )
    .join('\n')})`;

describe('float arithmetic', () => {
  const program = run(binary('f32', 'f32', ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign']));
  const expected: Record<string, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    min: Math.min,
    max: Math.max,
  };
  it.each(Object.keys(expected))('%s rounds once, for denormals, infinities and NaN', (op) => {
    fc.assert(
      fc.property(fc.float(), fc.float(), (a, b) => {
        const result = program.call(op, show(a), show(b));
        const wanted = Math.fround(expected[op](a, b));
        if (Number.isNaN(wanted)) return result.startsWith('nan');
        return Object.is(Math.fround(Number(result.replace('inf', 'Infinity'))), wanted);
      }),
      { numRuns: 150 },
    );
  });

  it('takes square roots of everything', () => {
    const root = run('(module (func (export "sqrt") (param f32) (result f32) (f32.sqrt (local.get 0))))');
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (a) => {
        const result = root.call('sqrt', show(a));
        const wanted = Math.fround(Math.sqrt(a));
        if (Number.isNaN(wanted)) return result.startsWith('nan');
        return Object.is(Math.fround(Number(result.replace('inf', 'Infinity'))), wanted);
      }),
      { numRuns: 150 },
    );
  });
});

const show = (value: number) => (Object.is(value, -0) ? '-0' : Number.isNaN(value) ? 'nan' : String(value));

describe('64-bit integers', () => {
  const ops = [
    'add',
    'sub',
    'mul',
    'div_s',
    'div_u',
    'rem_s',
    'rem_u',
    'shl',
    'shr_s',
    'shr_u',
    'rotl',
    'rotr',
  ];
  const program = run(binary('i64', 'i64', ops));
  const u = (value: bigint) => BigInt.asUintN(64, value);
  const n = (value: bigint) => u(value) & 63n;
  const expected: Record<string, (a: bigint, b: bigint) => bigint> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div_s: (a, b) => a / b,
    div_u: (a, b) => u(a) / u(b),
    rem_s: (a, b) => a % b,
    rem_u: (a, b) => u(a) % u(b),
    shl: (a, b) => a << n(b),
    shr_s: (a, b) => a >> n(b),
    shr_u: (a, b) => u(a) >> n(b),
    rotl: (a, b) => (u(a) << n(b)) | (u(a) >> (64n - n(b))),
    rotr: (a, b) => (u(a) >> n(b)) | (u(a) << (64n - n(b))),
  };
  const number = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -100n, max: 100n }),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 32n, 2n ** 32n - 1n, -(2n ** 32n)),
  );
  it.each(ops)('%s', (op) => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        fc.pre(!/div|rem/.test(op) || (b !== 0n && !(a === -(2n ** 63n) && b === -1n)));
        return program.call(op, String(a), String(b)) === String(BigInt.asIntN(64, expected[op](a, b)));
      }),
      { numRuns: 60 },
    );
  });
});

describe('division by constants', () => {
  const divisors = [1, 3, 5, 7, 10, 25, 641, 1000, 65537, 0x7fffffff, -3, -10, 16, -16];
  const functions = divisors.map(
    (d, i) => `
    (func (export "s${i}") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const ${d})))
    (func (export "u${i}") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const ${d})))
    (func (export "r${i}") (param i32) (result i32) (i32.rem_s (local.get 0) (i32.const ${d})))`,
  );
  const program = run(`(module ${functions.join('')})`);
  it.each(divisors.map((d, i) => [d, i]))('%s', (divisor, i) => {
    const values = fc.oneof(
      fc.integer(),
      fc.constantFrom(0, 1, -1, 0x7fffffff, -0x80000000, divisor, divisor - 1, divisor + 1),
    );
    fc.assert(
      fc.property(values, (value) => {
        const x = value | 0;
        expect(program.call(`s${i}`, x)).toBe(String(Math.trunc(x / divisor) | 0));
        expect(program.call(`u${i}`, x)).toBe(String(Math.trunc((x >>> 0) / (divisor >>> 0)) | 0));
        expect(program.call(`r${i}`, x)).toBe(String((x % divisor) | 0));
      }),
      { numRuns: 40 },
    );
  });
});

describe('traps', () => {
  const program = run(`(module
    (memory 1)
    (table 3 funcref) (elem (i32.const 0) $one $other)
    (type $nullary (func (result i32)))
    (func $one (result i32) (i32.const 1))
    (func $other (param i32))
    (func (export "unreachable") unreachable)
    (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "wide") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
    (func (export "convert") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load offset=4 (local.get 0)))
    (func (export "indirect") (param i32) (result i32) (call_indirect (type $nullary) (local.get 0)))
    (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
    (func $deep (export "deep") (param i32) (result i32)
      (i32.add (i32.const 1) (call $deep (local.get 0)))))`);
  it.each([
    ['unreachable', [], 'unreachable'],
    ['divide', [1, 0], 'integer divide by zero'],
    ['divide', [-2147483648, -1], 'integer overflow'],
    ['wide', [1, 0], 'integer divide by zero'],
    ['wide', ['-9223372036854775808', -1], 'integer overflow'],
    ['convert', ['nan'], 'invalid conversion to integer'],
    ['convert', [2147483648], 'integer overflow'],
    ['load', [65529], 'out of bounds memory access'],
    ['load', [-4], 'out of bounds memory access'],
    ['fill', [65535, 2], 'out of bounds memory access'],
    ['indirect', [3], 'undefined element'],
    ['indirect', [2], 'uninitialized element'],
    ['indirect', [1], 'indirect call type mismatch'],
    ['deep', [1], 'call stack exhausted'],
  ])('%s %j: %s', (name, args, message) => {
    expect(() => program.call(name, ...args)).toThrow(message);
  });

  it('leaves the machine usable', () => {
    expect(program.call('divide', 7, -2)).toBe('-3');
    expect(program.call('load', 65528)).toBe('0');
    expect(program.call('indirect', 0)).toBe('1');
  });
});

describe('control flow', () => {
  it('returns several values, in registers and on the stack', () => {
    const program = run(`(module
      (func $many (export "many") (param i32 i64 f32) (result i64 i32 f32 i64)
        (i64.add (local.get 1) (i64.const 1)) (local.get 0) (local.get 2) (local.get 1))
      (func (export "again") (param i32 i64 f32) (result i64 i32 f32 i64)
        (call $many (local.get 0) (local.get 1) (local.get 2))))`);
    expect(program.call('many', 5, '8589934592', 1.5)).toBe('8589934593 5 1.5 8589934592');
    expect(program.call('again', 5, '8589934592', 1.5)).toBe('8589934593 5 1.5 8589934592');
  });

  it('passes arguments beyond the registers on the stack', () => {
    const types = 'i32 i64 f32 i32 i64 f32 i32 i64';
    const program = run(`(module
      (func $last (param ${types}) (result i64 f32)
        (i64.add (local.get 7) (i64.extend_i32_s (local.get 6))) (f32.add (local.get 2) (local.get 5)))
      (func (export "sum") (param ${types}) (result i64 f32)
        (call $last ${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `(local.get ${i})`).join(' ')})))`);
    expect(program.call('sum', 1, 2, 3, 4, 5, 6, 7, '70000000000')).toBe('70000000007 9');
  });

  it('counts loops by the hardware exactly, for all starts, steps and bounds', () => {
    const loop = (name: string, step: number, stay: string) => `
      (func (export "${name}") (param $i i32) (param $n i32) (result i32) (local $rounds i32)
        (loop $again
          (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
          (local.set $i (i32.add (local.get $i) (i32.const ${step})))
          (br_if $again (${stay} (local.get $i) (local.get $n))))
        (local.get $rounds))`;
    const forms: [string, number, string, (i: number, n: number) => boolean][] = [
      ['up', 1, 'i32.lt_s', (i, n) => i < n],
      ['upUnsigned', 1, 'i32.lt_u', (i, n) => i >>> 0 < n >>> 0],
      ['different', 1, 'i32.ne', (i, n) => i !== n],
      ['down', -1, 'i32.gt_s', (i, n) => i > n],
      ['downUnsigned', -1, 'i32.gt_u', (i, n) => i >>> 0 > n >>> 0],
      ['byFour', 4, 'i32.lt_s', (i, n) => i < n],
    ];
    const program = run(`(module ${forms.map(([name, step, stay]) => loop(name, step, stay)).join('')})`);
    const edges = [0, 1, 5, -3, 0x7ffffff0, -0x80000000, 0x7fffffff, -1];
    for (const [name, step, , stays] of forms) {
      for (const start of edges) {
        for (const distance of [-2, -1, 0, 1, 2, 3, 17]) {
          const bound = (start + distance) | 0;
          let rounds = 0;
          let i = start;
          do {
            rounds++;
            i = (i + step) | 0;
          } while (stays(i, bound) && rounds < 1000);
          if (rounds < 1000)
            expect([name, start, bound, program.call(name, start, bound)]).toEqual([
              name,
              start,
              bound,
              String(rounds),
            ]);
        }
      }
    }
  });

  it('keeps more values than there are registers', () => {
    const count = 40;
    const sum = (from: number): string =>
      from === count
        ? '(i32.const 0)'
        : `(i32.add (i32.mul (local.get ${from}) (i32.const ${from + 1})) ${sum(from + 1)})`;
    const set = Array.from({ length: count }, (_, i) => `(local.set ${i} (call $next))`).join('\n');
    const program = run(`(module
      (global $state (mut i32) (i32.const 0))
      (func $next (result i32)
        (global.set $state (i32.add (global.get $state) (i32.const 3)))
        (global.get $state))
      (func (export "sum") (result i32) (local ${'i32 '.repeat(count)}) ${set} ${sum(0)}))`);
    const wanted = Array.from({ length: count }, (_, i) => 3 * (i + 1) * (i + 1)).reduce((a, b) => a + b, 0);
    expect(program.call('sum')).toBe(String(wanted));
  });
});
