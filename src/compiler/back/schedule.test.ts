/** Orders that save cycles; that no order changes a result is shown by everything that runs. */
import { expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { assembleWat } from '../testing/run.ts';

/** Operations of the innermost loop, as they will stand. */
function loopOf(parameters: string, body: string): string[] {
  const module = `(module (memory 1) (func (export "f") ${parameters} (result i32) (loop $l ${body}) (local.get $a)))`;
  const text = printStages(assembleWat(module), { memory: 'chip' }).split('; allocated')[1];
  const block = text.split(/^b\d+:.*depth /m).find((part) => part.startsWith('1'))!;
  return [...block.matchAll(/^ {2}([\w.]+)/gm)].map(([, op]) => op);
}

it('what the branch at the end waits for comes first', () => {
  const ops = loopOf(
    '(param $p i32) (param $a i32) (param $b i32)',
    `(local.set $a (i32.add (local.get $a) (local.get $b)))
     (local.set $b (i32.xor (local.get $a) (local.get $b)))
     (br_if $l (i32.load (local.tee $p (i32.add (local.get $p) (i32.const 4)))))`,
  );
  expect(ops.indexOf('l32i')).toBeGreaterThanOrEqual(0);
  expect(ops.indexOf('l32i')).toBeLessThan(ops.indexOf('xor'));
});

it('a load is not waited for while there is something else to do', () => {
  const ops = loopOf(
    '(param $p i32) (param $a i32) (param $b i32)',
    `(local.set $a (i32.add (local.get $a) (i32.load (local.get $p))))
     (local.set $b (i32.xor (local.get $b) (i32.const 85)))
     (br_if $l (local.tee $p (i32.sub (local.get $b) (local.get $p))))`,
  );
  expect(ops.indexOf('add') - ops.indexOf('l32i')).toBeGreaterThan(1);
});
