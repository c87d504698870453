/**
 * Kinds of wrong code that this compiler once made, each with the smallest programs that showed it (those of loops: wrong-loops.test.ts).
 * Node's engine says what is right.
 */
import { describe, expect, it } from 'vitest';
import { SCRATCH } from './back/frame.ts';
import { callClobbers } from './back/machine.ts';
import { printStages } from './stages.ts';
import { type Call, calls, expectSame } from './testing/oracle.ts';
import { assembleWat } from './testing/run.ts';

describe('routines of the runtime', () => {
  it('copies and fills what is asked for and nothing beside it, however it lies', () => {
    const lengths = [0, 1, 3, 4, 5, 7, 8, 12, 17];
    const places = [64, 65, 66, 67];
    const list = lengths.flatMap((length) =>
      places.flatMap((to) =>
        [0, 1, 2, 60, 70].flatMap((from): Call[] => [
          ['copy', to, from, length],
          ['fill', to + 1, from, length],
          ['hash'],
        ]),
      ),
    );
    expectSame(
      `(module (memory (export "m") 1)
        (data (i32.const 0) "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-*/=abcdefghijklmnopqrstuvwxyz0123456789")
        (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
        (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
        (func (export "hash") (result i32) (local $i i32) (local $h i32)
          (loop $l
            (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 31)) (i32.load8_u (local.get $i))))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 120))))
          (local.get $h)))`,
      list,
    );
  });

  it('divides 64 bits, also where a digit is guessed two too large', () => {
    const words = [0, 1, 3, 0xffff, 0x10000, 0x7fff8000, 0x7ffffffe, -0x80000000, -0x7fff0001, -1];
    const wide = (high: number, low: number) =>
      `(i64.or (i64.shl (i64.extend_i32_u (local.get ${high})) (i64.const 32)) (i64.extend_i32_u (local.get ${low})))`;
    const list = words.flatMap((a) =>
      words.flatMap((b) => words.flatMap((c) => words.map((d): Call => ['f', a, b, c, d]))),
    );
    expectSame(
      `(module (func (export "f") (param i32 i32 i32 i32) (result i32) (local $q i64)
        (if (i64.eqz ${wide(2, 3)}) (then (return (i32.const 0))))
        (local.set $q (i64.div_u ${wide(0, 1)} ${wide(2, 3)}))
        (i32.xor (i32.wrap_i64 (local.get $q)) (i32.wrap_i64 (i64.shr_u (local.get $q) (i64.const 32))))))`,
      list,
    );
  });
});

describe('large frames', () => {
  it('keep what belongs to the caller, whatever their size', () => {
    const count = 400;
    const locals = Array.from({ length: count }, (_, i) => `(local $l${i} i32)`).join('');
    const fill = Array.from(
      { length: count },
      (_, i) => `(local.set $l${i} (i32.mul (local.get $n) (i32.load (i32.const ${4 * i}))))`,
    ).join('');
    const sum = Array.from(
      { length: count },
      (_, i) => `(local.get $l${i}) i32.xor (i32.const ${2 * i + 3}) i32.mul`,
    ).join('\n');
    const live = ['a', 'b', 'c', 'd', 'e', 'f'];
    const program = `(module (memory (export "m") 1)
      (func $big (export "big") (param $n i32) (result i32) ${locals} ${fill} (i32.const 1) ${sum})
      (func (export "twice") (param $n i32) (result i32) ${live.map((name) => `(local $${name} i32)`).join('')}
        ${live.map((name, i) => `(local.set $${name} (i32.load (i32.const ${8 * i})))`).join('')}
        (drop (call $big (local.get $n)))
        (i32.add (call $big (local.get $n))
          ${live.reduce((rest, name) => `(i32.add (local.get $${name}) (i32.mul (i32.const 3) ${rest}))`, '(i32.const 1)')}))
      (data (i32.const 0) "${'a longer text for all those loads, '.repeat(50)}"))`;
    expectSame(program, calls('twice', [5], [-7]));
  });

  it('use a scratch register that the caller does not want back', () => {
    expect(callClobbers).toContain(SCRATCH);
    expect([2, 3, 4, 5, 6, 7]).not.toContain(SCRATCH);
  });
});

describe('masked values, stored narrow', () => {
  it('are as the mask leaves them', () => {
    const masks = [0xff, 0xffff, 0xfff, 0x1ff, 0xf0, 0x7fffffff];
    const functions = masks.flatMap((mask, i) =>
      [8, 16].map(
        (bits) => `(func (export "f${i}_${bits}") (param $x i32) (result i32)
          (i32.store (i32.const 32) (i32.const -1))
          (i32.store${bits} (i32.const 32) (i32.and (local.get $x) (i32.const ${mask}))) (i32.load (i32.const 32)))`,
      ),
    );
    const all = masks.flatMap((_, i) =>
      [8, 16].flatMap((bits) => calls(`f${i}_${bits}`, [0x12345678], [-1], [0xaa00])),
    );
    expectSame(`(module (memory (export "m") 1) ${functions.join('\n')})`, all);
  });
});

describe('imports', () => {
  it('with dots in their names are told apart', () => {
    const text = printStages(
      assembleWat(`(module
        (import "a.b" "c" (func $first)) (import "a" "b.c" (func $second))
        (func (export "f") (call $first) (call $second)))`),
    );
    const [, selected] = text.split('; selected');
    const targets = [...selected.matchAll(/call0 (.*b.*)$/gm)].map((match) => match[1]);
    expect(new Set(targets).size).toBe(2);
  });

  it('keep the names that options and kernels use', () => {
    const text = printStages(
      assembleWat(
        '(module (import "config" "n" (global i32)) (func (export "f") (result i32) (global.get 0)))',
      ),
      { globals: { 'config.n': 77 } },
    );
    expect(text).toMatch(/return 77/);
  });
});

describe('unreachable code', () => {
  it('may name labels of different types in one br_table', () => {
    expectSame(
      `(module (func (export "meet") (result i32)
        (block (result i32)
          (block (result f32) (unreachable) (br_table 0 1 1 (i32.const 1)))
          (drop) (i32.const 0))))`,
      [['meet']],
    );
  });
});

/** Memory accesses in the order of the finished code, by instruction and base register. */
function accesses(wat: string): string[] {
  const text = printStages(assembleWat(wat), { memory: 'chip', verify: true });
  const [, allocated] = text.split('; allocated');
  return [...allocated.matchAll(/^\s+(memw|[ls]\d+u?i)\b/gm)].map(([, op]) => op);
}

describe('volatile accesses and plain ones', () => {
  const read = '(import "mmio" "read32" (func $read (param i32) (result i32)))';
  const write = '(import "mmio" "write32" (func $write (param i32 i32)))';
  it('a status is read before the buffer that it guards', () => {
    expect(
      accesses(`(module ${read} (memory 1)
        (func (export "f") (param $status i32) (param $buf i32) (result i32) (local $s i32)
          (local.set $s (call $read (local.get $status)))
          (i32.add (i32.mul (i32.load8_u (i32.load8_u (local.get $buf))) (i32.const 7)) (local.get $s))))`),
    ).toEqual(['memw', 'l32i', 'l8ui', 'l8ui']);
  });

  it('a buffer is read before the status that gives it away', () => {
    expect(
      accesses(`(module ${read} (memory 1)
        (func (export "f") (param $status i32) (param $buf i32) (result i32)
          (select (i32.const -1) (i32.load8_u (local.get $buf))
            (i32.sub (call $read (local.get $status)) (i32.const 12345)))))`),
    ).toEqual(['l8ui', 'memw', 'l32i']);
  });

  it('a buffer is written before the store that starts the transfer, and not after it', () => {
    expect(
      accesses(`(module ${write} (memory 1)
        (func (export "f") (param $p i32) (param $v i32)
          (i32.store8 offset=8 (local.get $p) (i32.load16_u (local.get $v)))
          (call $write (local.get $p) (i32.mul (local.get $v) (local.get $v)))
          (i32.store16 offset=16 (local.get $p) (local.get $v))))`),
    ).toEqual(['l16ui', 's8i', 's32i', 'memw', 's16i']);
  });
});

describe('state that a call may change', () => {
  it('a shift count is set again behind a call', () => {
    const program = `(module (memory (export "m") 1)
      (func $other (export "other") (param i64 i32) (result i32)
        (i32.wrap_i64 (i64.shl (local.get 0) (i64.extend_i32_u (local.get 1)))))
      (func (export "f") (param $x i32) (param $n i32) (result i32) (local $a i32)
        (local.set $a (i32.shr_u (local.get $x) (local.get $n)))
        (i32.store (i32.const 0) (call $other (i64.const 5) (i32.const 9)))
        (i32.xor (local.get $a) (i32.shr_u (i32.load (i32.const 0)) (local.get $n)))))`;
    expectSame(program, calls('f', [0x12345678, 4], [-1, 17], [-1, 0]));
  });
});

describe('values kept in registers that callees leave alone', () => {
  const values = ['a', 'b', 'c', 'd', 'e', 'g', 'h', 'k'];
  const locals = values.map((name) => `(local $${name} i32)`).join(' ');
  const sets = values.map((name, i) => `(local.set $${name} (i32.mul (local.get $x) (i32.const ${3 + i})))`);
  const sum = values.reduce((text, name) => `(i32.xor (local.get $${name}) ${text})`, '(i32.const 1)');
  const callees = `(func $small (type $t) (i32.add (local.get 0) (i32.const 7)))
    (func $large (type $t) ${locals.replace(/\$/g, '$_')} ${values
      .map(
        (
          name,
        ) => `(local.set $_${name} (i32.load (i32.shl (i32.and (local.get 0) (i32.const 7)) (i32.const 2))))
        (i32.store (i32.const 64) (local.get $_${name}))`,
      )
      .join(' ')}
      (i32.add ${values.reduce((text, name) => `(i32.add (local.get $_${name}) ${text})`, '(local.get 0)')}
        (i32.const 5)))
    (func $round (type $t) (if (result i32) (i32.gt_s (local.get 0) (i32.const 0))
      (then (i32.mul (i32.const 3) (call $round (i32.sub (local.get 0) (i32.const 5))))) (else (i32.const 11))))`;
  const callers = (
    call: string,
  ) => `(func (export "f") (param $x i32) (param $which i32) (result i32) ${locals}
    (local $r i32) ${sets.join(' ')} (local.set $r ${call}) (i32.add (local.get $r) ${sum}))`;
  const head = `(module (memory (export "m") 1) (data (i32.const 0) "0123456789abcdefghijklmnopqrstuv")
    (type $t (func (param i32) (result i32))) (type $none (func))`;
  it.each(['small', 'large', 'round'])('a call of $%s', (name) => {
    const program = `${head} ${callees} ${callers(`(call $${name} (local.get $x))`)})`;
    expectSame(program, calls('f', [3, 0], [-1, 0], [77, 0]));
  });
  const indirect = callers('(call_indirect (type $t) (local.get $x) (local.get $which))');
  const table = `(table 6 funcref) (elem (i32.const 1) $small $large $round $nothing)
    (func $nothing (type $none))`;
  const each = [-1, 0, 1, 2, 3, 4, 5, 6, 7].map((which) => [19, which]);
  it.each([
    ['that nothing changes', ''],
    ['that others see', '(export "t" (table 0))'],
    [
      'that is written',
      '(func (export "set") (param i32 i32) (table.set (local.get 0) (table.get (local.get 1))))',
    ],
  ])('a call through a table %s', (_, more) => {
    const program = `${head} ${callees} ${table} ${indirect} ${more})`;
    const sets = more.includes('"set"') ? calls('set', [0, 1], [2, 3]) : [];
    expectSame(program, [...calls('f', ...each), ...sets, ...calls('f', ...each)]);
  });
  it('a call through a table by a fixed index', () => {
    const fixed = (index: number) =>
      `${head} ${callees} ${table} ${callers(`(call_indirect (type $t) (local.get $x) (i32.const ${index}))`)})`;
    for (const index of [0, 1, 2, 4, 6]) expectSame(fixed(index), calls('f', [5, 0]));
  });
});

describe('jumps past questions that are answered', () => {
  // States 0 to 3; each byte of the text moves on. What a state machine in a loop becomes goes from state to state.
  const machine = (extra: string) => `(module (memory (export "m") 1)
    (data (i32.const 0) "ab,1cxx,22a,,9,zz1b2c3,,,aaaa,b,c,1")
    (func (export "f") (param $at i32) (result i32) (local $state i32) (local $c i32) (local $sum i32) ${extra}
      (block $end (loop $next
        (local.set $c (i32.load8_u (local.get $at)))
        (br_if $end (i32.eqz (local.get $c)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (block $set (block $three (block $two (block $one (block $zero
          (br_table $zero $one $two $three (local.get $state)))
          (local.set $state (if (result i32) (i32.lt_u (local.get $c) (i32.const 58)) (then (i32.const 2)) (else (i32.const 1))))
          (br $set))
          (local.set $sum (i32.add (local.get $sum) (local.get $c)))
          (local.set $state (select (i32.const 3) (i32.const 1) (i32.eq (local.get $c) (i32.const 44))))
          (br $set))
          (local.set $sum (i32.mul (local.get $sum) (i32.const 7)))
          (if (i32.eq (local.get $c) (i32.const 44)) (then (local.set $state (i32.const 3)))
            (else (local.set $state (i32.const 2))))
          (br $set))
          (local.set $sum (i32.xor (local.get $sum) (i32.const 99)))
          (local.set $state (i32.const 0)))
        (br_if $end (i32.gt_u (local.get $sum) (i32.const 100000)))
        (br $next)))
      (i32.add (i32.mul (local.get $state) (i32.const 1000000)) (i32.add (local.get $sum) (local.get $at))))
    (func (export "g") (param $n i32) (result i32) (local $flag i32) (local $sum i32)
      (loop $l
        (if (i32.and (local.get $n) (i32.const 5)) (then (local.set $flag (i32.const 1)))
          (else (local.set $flag (i32.const 0)) (i32.store (i32.const 200) (local.get $n))))
        (if (local.get $flag) (then (local.set $sum (i32.add (local.get $sum) (local.get $n))))
          (else (local.set $sum (i32.sub (local.get $sum) (i32.load (i32.const 200))))))
        (br_if $l (i32.ne (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
      (local.get $sum)))`;
  it.each(['', '(local $more i32)'])('a state machine %s', (extra) => {
    expectSame(machine(extra), [
      ...Array.from({ length: 36 }, (_, at): Call => ['f', at]),
      ...calls('g', [1], [5], [100]),
    ]);
  });
});
