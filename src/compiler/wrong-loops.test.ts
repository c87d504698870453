/** Kinds of wrong code that this compiler once made of loops, as in wrong-code.test.ts. */
import { describe, expect, it } from 'vitest';
import { calls, expectSame, runBare } from './testing/oracle.ts';

/** A do-while loop over $i from 0 up to $n, with `body` in each round and `after` behind it. */
const counted = (params: string, body: string, after: string) => `(module (memory (export "m") 1)
  (func (export "f") (param $n i32) ${params} (result i32) (local $i i32) (local $t i32)
    (loop $l
      ${body}
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    ${after}))`;

describe('values of the last round, used behind a hardware loop', () => {
  const shifted = '(local.set $t (i32.shl (local.get $i) (i32.const 2)))';
  const stored = `${shifted} (i32.store (local.get $t) (local.get $i))`;
  it.each([
    ['a shifted counter', '', shifted, '(i32.add (local.get $n) (local.get $t))'],
    ['a shifted counter that the loop needs, too', '', stored, '(i32.add (local.get $n) (local.get $t))'],
    [
      'a bit field',
      '',
      '(local.set $t (i32.shr_u (local.get $i) (i32.const 1))) (i32.store (local.get $t) (local.get $i))',
      '(i32.and (local.get $t) (i32.const 255))',
    ],
    [
      'a comparison, in a branch',
      '',
      '(local.set $t (i32.lt_s (local.get $i) (i32.const 4))) (i32.store (local.get $i) (local.get $t))',
      '(if (result i32) (local.get $t) (then (i32.store (i32.const 0) (local.get $n)) (i32.const 7)) (else (i32.const 9)))',
    ],
    [
      'a comparison, in a choice',
      '',
      '(local.set $t (i32.lt_s (local.get $i) (i32.const 4))) (i32.store (i32.const 0) (local.get $t))',
      '(select (local.get $n) (i32.const 77) (local.get $t))',
    ],
    [
      'a masked counter, stored narrow',
      '',
      '(local.set $t (i32.and (local.get $i) (i32.const 255))) (i32.store (local.get $i) (local.get $t))',
      '(i32.store8 (i32.const 500) (local.get $t)) (i32.load (i32.const 500))',
    ],
    ['the counter before its last step', '', '(local.set $t (local.get $i))', '(local.get $t)'],
  ])('%s', (_, params, body, after) => {
    expectSame(counted(params, body, after), calls('f', [1], [2], [3], [5], [9], [300]));
  });

  it('an address, as the offset of a load', () => {
    const program = `(module (memory (export "m") 1)
      (func (export "f") (param $n i32) (result i32) (local $p i32)
        (i32.store (i32.const 96) (i32.const 111)) (i32.store (i32.const 100) (i32.const 222))
        (i32.store (i32.const 104) (i32.const 333)) (i32.store (i32.const 108) (i32.const 444))
        (local.set $p (i32.const 92))
        (loop $l
          (i32.store offset=1000 (local.get $p) (local.get $n))
          (local.set $p (i32.add (local.get $p) (i32.const 4)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.load offset=4 (local.get $p))))`;
    expectSame(program, calls('f', [1], [2], [3]));
  });

  it('an address, as the offset of a load without checks', () => {
    const bare = runBare(`(module (memory 1)
      (func (export "f") (param $p i32) (param $end i32) (result i32)
        (i32.store offset=100 (local.get $p) (i32.const 111)) (i32.store offset=104 (local.get $p) (i32.const 222))
        (i32.store offset=108 (local.get $p) (i32.const 333))
        (local.set $p (i32.add (local.get $p) (i32.const 92)))
        (loop $l
          (i32.store offset=1000 (local.get $p) (local.get $end))
          (local.set $p (i32.add (local.get $p) (i32.const 1)))
          (br_if $l (i32.ne (local.get $p) (local.get $end))))
        (i32.load8_u offset=4 (local.get $p))))`);
    expect(bare.call('f', bare.base, bare.base + 96)).toBe(String(111));
    expect(bare.call('f', bare.base, bare.base + 100)).toBe('222');
  });
});

describe('polling loops', () => {
  it.each(['i32.load', 'i32.load8_u', 'i32.load16_s', 'i32.clz', 'i32.ctz', 'i32.eqz'])('on %s', (op) => {
    const flag = op.includes('load') ? `(${op} (i32.const 16))` : `(${op} (local.get $i))`;
    const program = `(module (memory (export "m") 1)
      (func (export "f") (param $n i32) (result i32) (local $i i32)
        (loop $l
          (local.set $i (i32.sub (local.get $i) (i32.const 1)))
          (i32.store (i32.const 16) (i32.and (local.get $i) (local.get $n)))
          (br_if $l ${flag}))
        (local.get $i)))`;
    expectSame(program, calls('f', [0], [3], [12]));
  });

  it('with nothing else in them', () => {
    expectSame(
      `(module (memory 1)
        (func (export "f") (loop $l (br_if $l (i32.load (i32.const 16)))))
        (func (export "g") (param i32) (loop $l (br_if $l (i32.eqz (local.get 0))))))`,
      [['f'], ['g', 1]],
    );
  });
});

describe('a loop whose test stands at its head', () => {
  it('keeps what the test leaves on the stack for the body', () => {
    const program = `(module (func (export "f") (param $n i32) (result i32) (local $s i32)
      block $exit
        loop $l
          local.get $n
          local.get $n
          i32.eqz
          br_if $exit
          local.get $s
          i32.add
          local.set $s
          local.get $n
          i32.const 1
          i32.sub
          local.set $n
          br $l
        end
      end
      local.get $s))`;
    expectSame(program, calls('f', [0], [1], [10]));
  });
});

describe('round counts, to both ends of the range', () => {
  const edges = [
    0, 1, 2, 3, 5, 46, 0x7ffffffc, 0x7ffffffd, 0x7ffffffe, 0x7fffffff, -1, -2, -3, -5, -46, -0x80000000,
    -0x7fffffff, -0x7ffffffe, -0x7fffffe0,
  ];
  /** Rounds at most; more are an endless loop for this test. */
  const LIMIT = 60;
  const forms = [
    (op: string) => `(${op} (local.tee $i (i32.add (local.get $i) (i32.const STEP))) (local.get $b))`,
    (op: string) => `(${op} (local.get $b) (local.tee $i (i32.add (local.get $i) (i32.const STEP))))`,
    (op: string) =>
      `(${op} (local.get $i) (local.get $b)) (local.set $i (i32.add (local.get $i) (i32.const STEP)))`,
  ];
  const ops = ['lt_s', 'lt_u', 'le_s', 'le_u', 'gt_s', 'gt_u', 'ge_s', 'ge_u', 'ne'].map((op) => `i32.${op}`);
  it.each([1, -1, 2, -2, 4, -4, 8, 3, -3, -5])('steps of %i', (step) => {
    const functions = ops.flatMap((op, i) =>
      forms.map((form, k) => {
        const name = `f${i}_${k}`;
        // The brake makes every loop end; it is an exit of its own, so that the loop is still a counted one.
        return `(func (export "${name}") (param $i i32) (param $b i32) (result i32) (local $n i32)
          (block $stop (loop $l
            (i32.store (i32.const 0) (local.get $i)) ;; no test at the head, which would be moved to the end
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $stop (i32.eq (local.get $n) (i32.const ${LIMIT})))
            (br_if $l ${form(op).replaceAll('STEP', String(step))})))
          (local.get $n))`;
      }),
    );
    const list = edges.flatMap((start) => edges.map((bound) => [start, bound]));
    const all = ops.flatMap((_, i) => forms.flatMap((__, k) => calls(`f${i}_${k}`, ...list)));
    expectSame(`(module (memory (export "m") 1) ${functions.join('\n')})`, all);
  });

  it.each([
    ['up to a number', 'i32.lt_s', 1, 0, 10],
    ['by threes', 'i32.lt_s', 3, 0, 10],
    ['by threes from the bottom', 'i32.le_u', 3, 0, 9],
    ['by threes into the wrap', 'i32.lt_s', 3, 0x7ffffff0, 0x7fffffff],
    ['down by fives', 'i32.ge_s', -5, 40, 0],
    ['to an exact number', 'i32.ne', 6, 0, 60],
    ['the first step already beyond', 'i32.lt_u', 4, -2, 8],
    ['by fours over the top, for ever', 'i32.lt_s', 4, 0x7ffffff1, 0x7ffffffe],
    ['by fours below zero, for ever', 'i32.gt_u', -4, 9, 0],
    ['by fours up to the last that is met', 'i32.lt_u', 4, -17, -4],
    ['by leaps over the middle, unsigned', 'i32.lt_u', 0x1000003, 0, -0x10000000],
    ['by leaps down over the middle, unsigned', 'i32.ge_u', -0x1000003, -16, 0x10000000],
    ['by leaps over the middle, signed', 'i32.lt_s', 0x1000003, -0x7ffffff0, 0x70000000],
  ])('of numbers: %s', (_, op, step, start, bound) => {
    expectSame(
      `(module (memory (export "m") 1) (func (export "f") (result i32) (local $i i32) (local $n i32)
        (local.set $i (i32.const ${start}))
        (block $stop (loop $l
          (i32.store (i32.const 0) (local.get $i))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $stop (i32.eq (local.get $n) (i32.const 1000)))
          (br_if $l (${op} (local.tee $i (i32.add (local.get $i) (i32.const ${step}))) (i32.const ${bound})))))
        (local.get $n)))`,
      [['f']],
    );
  });
});

describe('loads and what guards them', () => {
  const program = `(module (memory (export "m") 1)
    (func (export "checked") (param $p i32) (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s))
    (func (export "exits") (param $p i32) (param $n i32) (result i32) (local $s i32)
      (block $out (loop $l
        (br_if $out (i32.eqz (local.get $n)))
        (br_if $out (i32.lt_s (local.get $p) (i32.const 0)))
        (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $l)))
      (local.get $s)))`;

  it('out of bounds is a trap, not a stray access', () => {
    expectSame(program, [
      ['checked', 70000, 3],
      ['checked', -4, 1],
      ['checked', 65532, 3],
      ['checked', 65533, 3],
      ['exits', -4, 3],
      ['exits', 70000, 0],
      ['exits', 70000, 1],
      ['exits', 16, 2],
    ]);
  });

  it('a load behind an exit of the loop stays there, also without checks', () => {
    const bare = runBare(program);
    // There is no memory at these addresses: a load made too early would stop the simulation.
    expect(bare.call('exits', -4, 3)).toBe('0');
    expect(bare.call('exits', 0x10000000, 0)).toBe('0');
    expect(bare.call('exits', bare.base, 4)).toBe('0');
  });
});

describe('a check behind an inner loop', () => {
  it('stops the program after what stands before that loop', () => {
    expectSame(
      `(module (memory (export "m") 1)
        (func (export "f") (param $n i32) (param $k i32) (param $d i32) (result i32) (local $s i32) (local $i i32)
          (loop $outer
            (i32.store (i32.const 0) (local.get $n))
            (local.set $i (local.get $k))
            (loop $inner
              (local.set $s (i32.xor (i32.mul (local.get $s) (i32.const 5)) (local.get $i)))
              (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (local.set $s (i32.add (local.get $s) (i32.div_u (i32.const 1000) (local.get $d))))
            (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $s))
        (func (export "stored") (result i32) (i32.load (i32.const 0))))`,
      [['f', 3, 4, 7], ['stored'], ['f', 9, 4, 0], ['stored']],
    );
  });
});

describe('values that change places in a loop', () => {
  const names = ['a', 'b', 'c', 'd'];
  /** Each of the first `count` gets the value of the next, the last that of the first. */
  const turning = (count: number, type: 'i32' | 'f32') => {
    const get = (i: number) => `(local.get $${names[i % count]})`;
    const read = type === 'i32' ? get : (i: number) => `(i32.trunc_sat_f32_s ${get(i)})`;
    const sum = names
      .slice(0, count)
      .reduce((text, _, i) => `(i32.add (i32.mul ${text} (i32.const 10)) ${read(i)})`, '(i32.const 0)');
    return `(module (func (export "f") (param $n i32) (result i32) (local $t ${type})
      ${names.map((name) => `(local $${name} ${type})`).join(' ')}
      ${names.map((name, i) => `(local.set $${name} (${type}.const ${i + 1}))`).join(' ')}
      (loop $more
        (local.set $t ${get(0)})
        ${names
          .slice(0, count)
          .map((name, i) => `(local.set $${name} ${i === count - 1 ? '(local.get $t)' : get(i + 1)})`)
          .join('\n')}
        (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      ${sum}))`;
  };
  it.each([2, 3, 4])('%i of them', (count) => {
    for (const type of ['i32', 'f32'] as const)
      expectSame(turning(count, type), calls('f', [1], [2], [3], [5]));
  });
});

describe('a loop that may be endless, in a choice', () => {
  it('hands on what its end does', () => {
    expectSame(
      `(module (memory (export "m") 1)
        (func (export "f") (param $n i32) (param $from i32) (result i32) (local $i i32) (local $k i32)
          (local.set $i (local.get $from))
          (i32.add (i32.const 1000) (if (result i32) (local.get $n)
            (then (loop $more
                (i32.store (i32.const 8) (local.get $i))
                (local.set $k (i32.add (local.get $k) (i32.mul (local.get $i) (i32.const 3))))
                (local.set $i (i32.add (local.get $i) (i32.const 4)))
                (br_if $more (i32.ne (local.get $i) (local.get $n))))
              (local.get $k))
            (else (i32.const 7))))))`,
      calls('f', [0, 3], [8, 0], [40, 12], [4, 0]),
    );
  });
});
