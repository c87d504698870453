/** Orders that save cycles; that no order changes a result is shown by everything that runs. */
import { expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { assembleWat } from '../testing/run.ts';
import { machineInst } from './machine.ts';
import { accessOf, mayConflict } from './schedule.ts';

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

const access = (text: string) => {
  const [op, base, offset] = text.split(' ');
  const inst =
    op.startsWith('s') && op !== 'ssx'
      ? machineInst(op, 'ssi', [60, Number(base), Number(offset)])
      : machineInst(op, op.endsWith('x') ? 'dss' : 'dsi', [60, Number(base), Number(offset)]);
  return accessOf(inst, 0, new Map())!;
};

it.each([
  // Beside one another.
  ['s32i 50 0', 'l32i 50 4', false],
  ['s32i 50 4', 'l32i 50 0', false],
  ['ssi 50 0', 'lsi 50 4', false],
  ['ssi 50 4', 'lsi 50 0', false],
  ['s16i 50 2', 'l16ui 50 0', false],
  ['s16i 50 0', 'l16si 50 2', false],
  ['s8i 50 1', 'l8ui 50 0', false],
  ['s8i 50 4', 'l32i 50 0', false],
  ['s8i 50 7', 's16i 50 8', false],
  // One in the other.
  ['s8i 50 3', 'l32i 50 0', true],
  ['s16i 50 6', 'l32i 50 4', true],
  ['s32i 50 0', 'l16si 50 2', true],
  ['ssi 50 0', 'l8ui 50 3', true],
  ['s32i 50 8', 's32i 50 8', true],
  // Nobody knows.
  ['s32i 50 0', 'l32i 51 4', true],
  ['s32i 50 0', 'lsx 50 51', true],
  ['l32i 50 0', 'l32i 50 0', false],
])('%s and %s: in the order in which they are: %s', (one, other, conflict) => {
  expect(mayConflict(access(one), access(other))).toBe(conflict);
  expect(mayConflict(access(other), access(one))).toBe(conflict);
});
