/** Branches that become choices: what both ways compute is cheap and harmless, and nothing else comes by. */
import { describe, expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { type Call, expectSame } from '../testing/oracle.ts';
import { assembleWat } from '../testing/run.ts';

const wrap = (body: string) => `(module (memory (export "m") 1)
  (func (export "f") (param $a i32) (param $b i32) (param $c i32) (result i32) (local $s i32) ${body} (local.get $s)))`;

/** Branches and choices of the optimised function. */
function shape(body: string): [branches: number, choices: number] {
  const text = printStages(assembleWat(wrap(body)), { memory: 'chip', verify: true });
  const [, optimised] = text.split('; optimised');
  const [stage] = optimised.split('; selected');
  const count = (word: RegExp) => stage.match(word)?.length ?? 0;
  return [count(/^ +branch /gm), count(/= f?select /g)];
}

const set = (value: string) => `(local.set $s ${value})`;
const sum = set('(i32.add (local.get $b) (i32.const 5))');
const difference = set('(i32.sub (local.get $c) (local.get $b))');
const store = '(i32.store (i32.const 16) (local.get $s))';
const when = (then: string, otherwise = '') =>
  `(if (local.get $a) (then ${then}) ${otherwise && `(else ${otherwise})`}) ${store}`;
const long = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    set(`(i32.mul (i32.xor (local.get $s) (local.get $b)) (i32.const ${2 * i + 7}))`),
  ).join('');

describe('a branch', () => {
  it.each<[what: string, body: string, shape: [number, number]]>([
    ['around a sum becomes a choice', when(sum), [0, 1]],
    ['between a sum and a difference, too', when(sum, difference), [0, 1]],
    ['around a store stays', when(sum + store), [1, 0]],
    ['around a division stays', when(set('(i32.div_u (local.get $b) (i32.const 7))')), [1, 0]],
    ['around much stays', when(long(9)), [1, 0]],
    [
      // The block that both lead to would else be made twice.
      'to what another branch leads to, too, stays',
      `(block $join (block $both
        (br_if $both (i32.lt_s (local.get $a) (i32.const 7)))
        (i32.store (i32.const 16) (local.get $b))
        (br_if $both (i32.lt_s (local.get $b) (i32.const 9)))
        (br $join))
        ${sum}) ${store}`,
      [2, 0],
    ],
  ])('%s', (_, body, wanted) => {
    expect(shape(body)).toEqual(wanted);
    const numbers = [0, 1, 7, 9, -3];
    expectSame(
      wrap(body),
      numbers.flatMap((a) => numbers.map((b): Call => ['f', a, b, 11])),
    );
  });
});
