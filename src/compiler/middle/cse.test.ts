/** What is computed twice is computed once, wherever the first time is certain to have been. */
import { describe, expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { assembleWat } from '../testing/run.ts';

/** The optimised function. */
function optimised(body: string): string {
  const text = printStages(
    assembleWat(`(module (memory 1) (func (export "f") (param $a i32) (param $b i32) (param $c i32) (param $d i32)
      ${body}))`),
    { memory: 'chip', verify: true },
  );
  return text.split('; optimised')[1].split('; selected')[0];
}

/** How often the optimised function multiplies. */
const products = (body: string): number => optimised(body).match(/\bmul\b/g)?.length ?? 0;

/** A store of the product, to a place of its own. */
const store = (place: number) => `(i32.store (i32.const ${place}) (i32.mul (local.get $a) (local.get $b)))`;

describe('the same product', () => {
  it.each([
    ['in one block', 1, store(0) + store(4)],
    ['in a branch behind it', 1, `${store(0)} (if (local.get $c) (then ${store(4)}))`],
    [
      'in both arms, which are beside each other',
      2,
      `(if (local.get $c) (then ${store(0)}) (else ${store(4)}))`,
    ],
    [
      // The one between is on neither way: the first still counts.
      'once more, with one between that is on another way',
      2,
      `(block $other (br_if $other (local.get $c)) ${store(0)}
        (block $last (br_if $last (local.get $d)) (br $other)) ${store(4)} (return))
        ${store(8)}`,
    ],
    [
      'once more, with one between that is on another way, the branch the other way round',
      2,
      `(block $other (br_if $other (local.get $c)) ${store(0)} (br_if $other (local.get $d)) ${store(4)} (return))
        ${store(8)}`,
    ],
  ])('%s', (_, times, body) => {
    expect(products(body)).toBe(times);
  });
});

describe('the condition of a branch', () => {
  const asked = (condition: string) => `(if ${condition}
    (then (i32.store (i32.const 16) ${condition})) (else (i32.store (i32.const 20) ${condition})))`;
  it.each([
    ['a comparison', '(i32.lt_s (local.get $a) (local.get $b))', ['1', '0']],
    // Any number but 0 is true.
    ['a number', '(i32.xor (local.get $a) (local.get $b))', ['%', '0']],
  ])('is known on both sides of it: %s', (_, condition, stored) => {
    const found = [...optimised(asked(condition)).matchAll(/store32 (?:16|20), (%|\d+)/g)];
    expect(found.map(([, value]) => value)).toEqual(stored);
  });
});
