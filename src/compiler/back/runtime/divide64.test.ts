/** 64-bit division against bigints: numbers of every length, near powers of two, products and their neighbours. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../testing/random-module.ts';
import { run } from '../../testing/run.ts';

const operations = ['div_u', 'rem_u', 'div_s', 'rem_s'] as const;
const program = run(
  `(module ${operations
    .map(
      (name) => `(func (export "${name}") (param i64 i64) (result i64)
      (i64.${name} (local.get 0) (local.get 1)))`,
    )
    .join(' ')})`,
);

const signed = (value: bigint) => BigInt.asIntN(64, value);
const unsigned = (value: bigint) => BigInt.asUintN(64, value);

const right: Readonly<Record<(typeof operations)[number], (x: bigint, y: bigint) => bigint>> = {
  div_u: (x, y) => unsigned(x) / unsigned(y),
  rem_u: (x, y) => unsigned(x) % unsigned(y),
  div_s: (x, y) => signed(x) / signed(y),
  rem_s: (x, y) => signed(x) % signed(y),
};

function numbers(): bigint[] {
  const near = [0n, 8n, 15n, 16n, 17n, 31n, 32n, 33n, 47n, 48n, 62n, 63n].map((bit) => 1n << bit);
  return [...near.flatMap((power) => [power - 1n, power, power + 1n]), -1n, -2n, 10n, 0xffff0000ffff0000n];
}

function expectRight(pairs: readonly (readonly [bigint, bigint])[]): void {
  for (const name of operations) {
    const asked = pairs.filter(
      ([x, y]) => y !== 0n && (name !== 'div_s' || signed(y) !== -1n || signed(x) !== -(1n << 63n)),
    );
    const given = asked.map(
      ([x, y]) => `${name} ${x} ${y} ${program.call(name, `${signed(x)}`, `${signed(y)}`)}`,
    );
    expect(given).toEqual(asked.map(([x, y]) => `${name} ${x} ${y} ${signed(right[name](x, y))}`));
  }
}

describe('64-bit division', () => {
  it('of numbers near powers of two', () => {
    expectRight(numbers().flatMap((x) => numbers().map((y) => [unsigned(x), unsigned(y)] as const)));
  });
  it('of numbers of every length, and of products and their neighbours', () => {
    const random = createRandom(64);
    const any = () => {
      const bits =
        (BigInt(random(65536)) << 48n) | (BigInt(random(65536)) << 32n) | (BigInt(random(65536)) << 16n);
      return (bits | BigInt(random(65536))) >> BigInt(random(64));
    };
    expectRight(
      Array.from({ length: 300 }, (_, i) => {
        const [x, y] = [any(), any()];
        return [i % 2 ? x : unsigned(x * y + BigInt(random(3)) - 1n), y] as const;
      }),
    );
  });
});
