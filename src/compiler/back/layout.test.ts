/** Where blocks lie, and a state machine that is entered in a known state. */
import { describe, expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { bothAnswers, type Call, runBare } from '../testing/oracle.ts';
import { assembleWat } from '../testing/run.ts';

/** The last stage's instructions of a function. */
const code = (wat: string) =>
  (printStages(assembleWat(wat), { memory: 'chip' }).split('; .text').at(1) ?? '')
    .split('\n')
    .map((line) => line.replace(/^ +[0-9a-f]+ +/, ''));

const machine = `(module (memory (export "m") 1) (data (i32.const 0) "aab,b1a;")
  (func (export "f") (param $at i32) (result i32) (local $state i32) (local $sum i32) (local $c i32)
    (loop $next
      (local.set $c (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (block $done
        (block $d (block $c1 (block $b (block $a
          (br_table $a $b $c1 $d (local.get $state)))
          (local.set $sum (i32.add (local.get $sum) (local.get $c)))
          (local.set $state (i32.const 1)) (br $done))
          (local.set $sum (i32.mul (local.get $sum) (i32.const 3)))
          (local.set $state (select (i32.const 2) (i32.const 0) (i32.eq (local.get $c) (i32.const 98)))) (br $done))
          (local.set $sum (i32.xor (local.get $sum) (local.get $c)))
          (local.set $state (i32.const 0)) (br $done))
        (unreachable))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 8))))
    (local.get $sum)))`;

describe('the order of blocks', () => {
  it('states follow each other as before', () => {
    const calls = Array.from({ length: 10 }, (_, at): Call => ['f', at]);
    const { chip, node } = bothAnswers(machine, calls);
    expect(chip).toEqual(node);
  });

  it('what ends in a trap lies behind what returns', () => {
    const lines = code(`(module (func (export "f") (param $x i32) (result i32)
      (if (i32.gt_u (local.get $x) (i32.const 1000)) (then (unreachable)))
      (i32.mul (local.get $x) (local.get $x))))`);
    const [returns, traps] = [/^ret/, /^callx0|^j /].map((end) => lines.findIndex((line) => end.test(line)));
    expect(returns).toBeGreaterThan(0);
    expect(traps).toBeGreaterThan(returns);
  });

  it('... also where that is in two places', () => {
    const lines = code(`(module (func (export "f") (param $x i32) (result i32)
      (if (i32.gt_u (local.get $x) (i32.const 1000)) (then (unreachable)))
      (block $odd
        (br_if $odd (i32.and (local.get $x) (i32.const 1)))
        (return (i32.mul (local.get $x) (local.get $x))))
      (i32.add (i32.mul (local.get $x) (i32.const 77)) (i32.const 5))))`);
    const places = (end: RegExp) => [...lines.keys()].filter((i) => end.test(lines[i]));
    expect(places(/^ret/)).toHaveLength(2);
    expect(Math.min(...places(/^callx0|^j /))).toBeGreaterThan(Math.max(...places(/^ret/)));
  });

  it('a jump to a chain of its own goes away', () => {
    // Both ways meet in a block behind a third one.
    const lines = code(`(module (memory 1) (func (export "f") (param $x i32) (param $y i32)
      (block $out (block $meet (block $other
        (br_if $other (local.get $x))
        (i32.store (local.get $y) (i32.const 1))
        (br_if $out (i32.load offset=12 (local.get $y)))
        (br $meet))
        (i32.store (local.get $y) (i32.const 2))
        (br_if $meet (i32.load offset=16 (local.get $y)))
        (i32.store offset=4 (local.get $y) (i32.const 3))
        (return))
      (i32.store offset=8 (local.get $y) (i32.const 4)))))`);
    expect(lines.filter((line) => line.startsWith('j '))).toEqual([]);
  });
});

describe('a question that is answered on the way', () => {
  // What $s is, is known behind either store: the second branch goes where it belongs, by every comparison.
  const numbers = [0, 1, 5, -1, 0x7fffffff, -0x80000000];
  const ops = ['eq', 'ne', 'lt_s', 'ge_s', 'lt_u', 'ge_u', 'gt_s', 'le_u'];
  it.each(ops)('by %s', (op) => {
    const functions = numbers.flatMap((one, i) =>
      numbers.map(
        (other, k) => `(func (export "f${i}_${k}") (param $x i32) (result i32) (local $s i32) (local $r i32)
          (loop $more
            (if (i32.and (local.get $x) (i32.const 1))
              (then (i32.store (i32.const 16) (local.get $x)) (local.set $s (i32.const ${one})))
              (else (i32.store (i32.const 20) (local.get $x)) (local.set $s (i32.const ${other}))))
            (if (i32.${op} (local.get $s) (i32.const ${other}))
              (then (i32.store (i32.const 24) (local.get $r)) (local.set $r (i32.add (local.get $r) (i32.const 1))))
              (else (i32.store (i32.const 28) (local.get $r)) (local.set $r (i32.mul (local.get $r) (i32.const 3)))))
            (br_if $more (local.tee $x (i32.shr_u (local.get $x) (i32.const 1)))))
          (local.get $r))`,
      ),
    );
    const wat = `(module (memory (export "m") 1) ${functions.join('\n')})`;
    const calls = numbers.flatMap((_, i) =>
      numbers.flatMap((__, k) => [5, 11].map((x): Call => [`f${i}_${k}`, x])),
    );
    const { chip, node } = bothAnswers(wat, calls);
    expect(chip).toEqual(node);
  });
});

describe('tables of functions', () => {
  it('have what is put into each of them', () => {
    const bare = runBare(`(module (type $t (func (result i32)))
      (table $one (export "t1") 3 funcref) (table $two (export "t2") 4 funcref)
      (elem (table $one) (i32.const 1) func $a $b) (elem (table $two) (i32.const 0) func $c $a)
      (func $a (type $t) (i32.const 11)) (func $b (type $t) (i32.const 22)) (func $c (type $t) (i32.const 33))
      (func (export "one") (param i32) (result i32) (call_indirect $one (type $t) (local.get 0)))
      (func (export "two") (param i32) (result i32) (call_indirect $two (type $t) (local.get 0))))`);
    expect([bare.call('one', 1), bare.call('one', 2), bare.call('two', 0), bare.call('two', 1)]).toEqual([
      '11',
      '22',
      '33',
      '11',
    ]);
  });
});
