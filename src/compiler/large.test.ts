/** Functions beyond what one jump or one literal load reaches, and with more values than anyone would write by hand. */
import { describe, expect, it } from 'vitest';
import { bothAnswers, runBare } from './testing/oracle.ts';

const times = (count: number, text: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join('\n');

/** Checking the compiler after every step takes many times as long as compiling. */
const UNVERIFIED = { verify: false };

/** Stores of numbers of their own, each with its literal: 12 bytes of code or more. */
const stores = (count: number, first: number) =>
  times(
    count,
    (i) =>
      `(i32.store (i32.const ${(4 * (first + i)) % 60000}) (i32.xor (local.get $n) (i32.const ${((first + i) * 2654435 + 70000) | 0})))`,
  );

describe('code beyond the reach of jumps and literal loads', { timeout: 600_000 }, () => {
  // A loop around everything, ways out of its middle, a switch over far places, a trap at either end.
  const wat = `(module (memory (export "m") 1)
    (func (export "f") (param $n i32) (param $p i32) (result i32) (local $k i32)
      (block $out
        (loop $again
          (local.set $k (i32.add (local.get $k) (i32.load (local.get $p))))
          (block $c (block $b (block $a
            (br_table $a $b $c $out (i32.and (local.get $n) (i32.const 7))))
            ${stores(10_000, 0)}
            (br_if $again (i32.eq (i32.and (local.set $n (i32.add (local.get $n) (i32.const 9))) (local.get $n)) (i32.const 9))))
            ${stores(10_000, 10_000)})
          ${stores(10_000, 20_000)}
          (br_if $out (i32.gt_s (local.get $n) (i32.const 30)))
          (local.set $n (i32.add (local.get $n) (i32.const 4)))
          (br $again)))
      (i32.add (i32.load (local.get $p)) (i32.add (local.get $n) (local.get $k)))))`.replace(
    '(i32.and (local.set $n (i32.add (local.get $n) (i32.const 9))) (local.get $n))',
    '(i32.and (local.tee $n (i32.add (local.get $n) (i32.const 9))) (i32.const 15))',
  );

  it('goes everywhere it should', () => {
    const { chip, node } = bothAnswers(
      wat,
      [
        ['f', 0, 400],
        ['f', 1, 400],
        ['f', 2, 50000],
        ['f', 3, 16],
        ['f', 25, 16],
        ['f', 0, 70000],
        ['f', 1, 65533],
      ],
      UNVERIFIED,
    );
    expect(chip).toEqual(node);
  });
});

describe('many values and many branches', { timeout: 600_000 }, () => {
  it('hundreds of values alive in a loop', () => {
    const n = 300;
    const wat = `(module (memory (export "m") 1) (func (export "f") (param $n i32) (result i32)
      ${times(n, (i) => `(local $l${i} i32)`)}
      ${times(n, (i) => `(local.set $l${i} (i32.add (local.get $n) (i32.const ${3 * i})))`)}
      (loop $l
        ${times(n, (i) => `(local.set $l${i} (i32.add (local.get $l${i}) (i32.xor (local.get $l${(7 * i + 1) % n}) (i32.const ${i}))))`)}
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.const 0) ${times(n, (i) => `(local.get $l${i}) i32.xor (i32.const ${2 * i + 1}) i32.mul`)}))`;
    const { chip, node } = bothAnswers(wat, [
      ['f', 1],
      ['f', 7],
    ]);
    expect(chip).toEqual(node);
  });

  it('hundreds of float values alive at once', () => {
    const n = 120;
    const wat = `(module (memory (export "m") 1) (func (export "f") (param $n i32) (result f32)
      ${times(n, (i) => `(local $l${i} f32)`)}
      ${times(n, (i) => `(local.set $l${i} (f32.convert_i32_s (i32.load (i32.const ${4 * i}))))`)}
      (loop $l
        ${times(n, (i) => `(local.set $l${i} (f32.add (local.get $l${i}) (f32.mul (local.get $l${(7 * i + 1) % n}) (f32.const 0.5))))`)}
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (f32.const 0) ${times(n, (i) => `(local.get $l${i}) f32.add`)})
      (data (i32.const 0) "${'\\01\\02\\00\\00\\07\\00\\00\\00'.repeat(n / 2)}"))`;
    const { chip, node } = bothAnswers(wat, [['f', 3]]);
    expect(Math.fround(Number(chip[0]))).toBe(Math.fround(Number(node[0])));
  });

  it('five hundred decisions in a row', () => {
    const wat = `(module (memory (export "m") 1) (func (export "f") (param $x i32) (result i32) (local $a i32) (local $b i32)
      ${times(
        500,
        (i) => `(if (i32.and (local.get $x) (i32.const ${2 ** (i % 20)}))
          (then (local.set $a (i32.add (local.get $a) (i32.mul (local.get $b) (i32.const ${7 * i + 3}))))
            (i32.store (i32.const ${(4 * i) % 4000}) (local.get $a)))
          (else (local.set $b (i32.xor (local.get $b) (i32.add (local.get $a) (i32.const ${13 * i + 1}))))))`,
      )}
      (i32.add (local.get $a) (local.get $b))))`;
    const { chip, node } = bothAnswers(wat, [
      ['f', 0],
      ['f', 0x55555],
      ['f', -1],
    ]);
    expect(chip).toEqual(node);
  });

  it('a frame beyond 1,020 bytes in code beyond 128 KB', () => {
    const n = 400;
    const bare = runBare(
      `(module (memory 1) (func (export "f") (param $base i32) (param $n i32) (result i32)
      ${times(n, (i) => `(local $l${i} i32)`)}
      ${times(n, (i) => `(local.set $l${i} (i32.load offset=${4 * i} (local.get $base)))`)}
      (if (local.get $n) (then
        ${times(8500, (i) => `(i32.store offset=${(4 * i) % 60000} (local.get $base) (i32.xor (local.get $n) (i32.const ${(i * 2654435 + 70000) | 0})))`)}))
      (i32.const 1) ${times(n, (i) => `(local.get $l${i}) i32.xor`)}))`,
      UNVERIFIED,
    );
    expect(bare.codeBytes).toBeGreaterThan(131_072);
    expect(bare.call('f', bare.base, 0)).toBe('1');
    expect(bare.call('f', bare.base, 5)).toBe('1');
  });
});
