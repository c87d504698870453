/** Which loops the loop hardware takes; that their rounds are counted right is shown in wrong-loops.test.ts. */
import { describe, expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { assembleWat } from '../testing/run.ts';

/** A loop over $i (and $p, $n) with one store in it. */
function optimised(start: string, end: string): string {
  const text = printStages(
    assembleWat(`(module (memory 1) (func (export "f") (param $p i32) (param $n i32) (local $i i32)
      ${start} (loop $l (i32.store offset=8 (local.get $p) (local.get $n)) ${end})))`),
    { memory: 'chip', verify: true },
  );
  return text.split('; optimised')[1].split('; selected')[0];
}

const step = (local: string, by: number) =>
  `(local.tee $${local} (i32.add (local.get $${local}) (i32.const ${by})))`;

describe('loops for the hardware', () => {
  it.each([
    ['up to a number, by "not equal"', '', `(br_if $l (i32.ne ${step('i', 1)} (i32.const 64)))`],
    ['up to a variable', '', `(br_if $l (i32.ne ${step('i', 1)} (local.get $n)))`],
    ['up to below a variable', '', `(br_if $l (i32.lt_s ${step('i', 1)} (local.get $n)))`],
    ['down to nothing, the value itself as the condition', '', `(br_if $l ${step('n', -1)})`],
    ['down to nothing, compared', '', `(br_if $l (i32.ne ${step('n', -1)} (i32.const 0)))`],
    [
      'down, compared before the step',
      '',
      '(i32.gt_s (local.get $n) (i32.const 1)) (local.set $n (i32.add (local.get $n) (i32.const -1))) br_if $l',
    ],
    ['a pointer to its end', '', `(br_if $l (i32.ne ${step('p', 4)} (local.get $n)))`],
    ['a pointer below its end', '', `(br_if $l (i32.lt_u ${step('p', 16)} (local.get $n)))`],
    ['down by fours', '', `(br_if $l (i32.gt_s ${step('n', -4)} (local.get $i)))`],
    ['down to zero and below', '', `(br_if $l (i32.ge_s ${step('n', -1)} (i32.const 0)))`],
    ['by threes between numbers', '', `(br_if $l (i32.lt_s ${step('i', 3)} (i32.const 100)))`],
  ])('%s', (_, start, end) => {
    expect(optimised(start, end)).toMatch(/\bloopback\b/);
  });

  it.each([
    ['by threes to a variable', `(br_if $l (i32.lt_s ${step('i', 3)} (local.get $n)))`],
    ['away from the bound', `(br_if $l (i32.lt_s ${step('i', -1)} (local.get $n)))`],
    ['as long as a word says', '(br_if $l (i32.load (local.get $n)))'],
  ])('not: %s', (_, end) => {
    expect(optimised('', end)).not.toMatch(/\bloopback\b/);
  });

  it('a loop that turns out never to repeat leaves no set-up behind', () => {
    // The first loop is one round, so that the second is left in its first.
    const text = optimised(
      '(local.set $i (i32.const -1)) (loop $k (i32.lt_u (local.get $i) (i32.const 2)) (local.set $i (i32.add (local.get $i) (i32.const 1))) br_if $k)',
      `(i32.store (local.get $p) (local.get $i)) (if (i32.ge_s (local.get $i) (i32.const 0)) (then (return))) (br_if $l ${step('n', -1)})`,
    );
    expect(text).not.toMatch(/\brounds\b/);
  });

  it('one round is no loop', () => {
    const text = optimised('', `(br_if $l (i32.lt_s ${step('i', 5)} (i32.const 3)))`);
    expect(text).not.toMatch(/\bloopback\b|\bbranch\b/);
  });
});
