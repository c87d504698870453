/** What stands in front of a loop that stood in it: what every round would make alike, and only where nobody can tell. */
import { describe, expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { assembleWat } from '../testing/run.ts';

/** Which of these operations stand in front of a loop that counts $n down. */
function hoisted(body: string, ...ops: readonly string[]): string[] {
  const text = printStages(
    assembleWat(`(module (memory 1) (func $other (param i32))
      (func (export "f") (param $n i32) (param $a i32) (param $b i32) (param $x f32) (result i32) (local $s i32)
        (loop $more
          ${body}
          (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 3)))))
        (local.get $s)))`),
    { memory: 'chip', verify: true, only: 'f' },
  );
  const [, optimised] = text.split('; optimised');
  const entry = optimised.split(/^b\d+\(/m)[1];
  return ops.filter((op) => entry.includes(op));
}

const add = (value: string) => `(local.set $s (i32.add (local.get $s) ${value}))`;
const product = add('(i32.mul (local.get $a) (local.get $b))');
const quotient = add('(i32.div_u (local.get $b) (local.get $a))');
const load = add('(i32.load (local.get $a))');
const store = '(i32.store (local.get $b) (local.get $n))';
const seldom = (body: string) => `(if (i32.and (local.get $n) (i32.const 1)) (then ${body}))`;
const inner = (body: string) => `(local.set $b (i32.const 9)) (loop $inner ${body}
  (br_if $inner (local.tee $b (i32.sub (local.get $b) (i32.const 2)))))`;

describe('in front of a loop stands', () => {
  it.each([
    ['a product', product, ['mul'], ['mul']],
    ['a product that is seldom needed', seldom(`${product} ${store}`), ['mul'], ['mul']],
    ['no product of what changes', add('(i32.mul (local.get $a) (local.get $n))'), ['mul'], []],
    ['a check', quotient, ['trapif'], ['trapif']],
    ['no check behind a store', store + quotient, ['trapif'], []],
    ['no check behind a call', `(call $other (local.get $n)) ${quotient}`, ['trapif'], []],
    ['no check that is seldom asked', seldom(quotient + store), ['trapif'], []],
    ['no check behind an inner loop', inner(product) + quotient, ['trapif'], []],
    ['a check before a store', quotient + store, ['trapif'], ['trapif']],
    ['a load', load, ['load32'], ['load32']],
    ['no load where the loop stores', load + store, ['load32'], []],
    ['no load that is seldom made', seldom(load), ['load32'], []],
    [
      'no quotient of floats that is seldom needed',
      seldom(`${store} ${add('(i32.trunc_sat_f32_s (f32.div (f32.const 1) (local.get $x)))')}`),
      ['fdiv'],
      [],
    ],
    [
      'a quotient of floats',
      add('(i32.trunc_sat_f32_s (f32.div (f32.const 1) (local.get $x)))'),
      ['fdiv'],
      ['fdiv'],
    ],
  ])('%s', (_, body, ops, wanted) => {
    expect(hoisted(body, ...ops)).toEqual(wanted);
  });
});
