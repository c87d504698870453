/**
 * What compiled code costs: bytes of code, and cycles on the simulated core. Results are compared with Node's; costs with what
 * they were, since a pass that no longer does its work still gives the right results. Where code gets better on purpose, the
 * figures here change with it.
 */
import { describe, expect, it } from 'vitest';
import { compileModule } from './compile.ts';
import { decodeModule } from './front/decode.ts';
import { validateModule } from './front/validate.ts';
import { createStore, type Extern, instantiate } from './host/instantiate.ts';
import { invoke, type TypedValue } from './host/invoke.ts';
import { createMachine, loadObject, type Machine } from './host/machine.ts';
import { randomLoops } from './testing/random-loops.ts';
import { randomModule } from './testing/random-module.ts';
import { assembleWat } from './testing/run.ts';
import { writeProgram } from './testing/tree.ts';

interface Row {
  /** A function of numbers to a number, over a page of memory at $base. */
  readonly code: string;
  readonly args: readonly number[];
  /** Bytes and cycles for the chip, cycles with bounds checks; without stack checks and the like in the first two. */
  readonly costs: readonly [bytes: number, cycles: number, checked: number];
}

const FUNCTIONS: Readonly<Record<string, Row>> = {
  'sum of products of bytes': {
    args: [16, 400, 40],
    costs: [59, 419, 629],
    code: `(param $a i32) (param $b i32) (param $n i32) (result i32) (local $i i32) (local $sum i32)
      (block $out (loop $more
        (br_if $out (i32.ge_s (local.get $i) (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (i32.mul
          (i32.load8_s (i32.add (global.get $base) (i32.add (local.get $a) (local.get $i))))
          (i32.load8_u (i32.add (global.get $base) (i32.add (local.get $b) (local.get $i)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $more)))
      (local.get $sum)`,
  },
  'floats, scaled, clamped and counted': {
    args: [64, 12],
    costs: [190, 792, 913],
    code: `(param $p i32) (param $n i32) (result i32) (local $i i32) (local $x f32) (local $count i32)
      (loop $more
        (local.set $x (f32.mul (f32.convert_i32_s (i32.load (i32.add (global.get $base)
          (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))))) (f32.const 0.001)))
        (if (f32.gt (local.get $x) (f32.const 100)) (then (local.set $x (f32.const 100))))
        (if (f32.lt (local.get $x) (f32.const -100)) (then (local.set $x (f32.const -100))))
        (f32.store (i32.add (global.get $base) (i32.add (i32.const 2048) (i32.shl (local.get $i) (i32.const 2))))
          (f32.div (local.get $x) (f32.add (f32.const 1) (f32.abs (local.get $x)))))
        (local.set $count (i32.add (local.get $count) (i32.trunc_sat_f32_s (local.get $x))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $count)`,
  },
  'a loop in a loop that is left early': {
    args: [7, 90],
    costs: [64, 9228, 11241],
    code: `(param $key i32) (param $n i32) (result i32) (local $i i32) (local $j i32) (local $found i32)
      (loop $rows
        (local.set $j (i32.const 0))
        (block $next (loop $columns
          (if (i32.eq (i32.and (i32.load8_u (i32.add (global.get $base)
                (i32.add (i32.mul (local.get $i) (i32.const 24)) (local.get $j)))) (i32.const 15)) (local.get $key))
            (then (local.set $found (i32.add (local.get $found) (local.get $j))) (br $next)))
          (br_if $columns (i32.lt_s (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 24)))))
        (br_if $rows (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $found)`,
  },
  'a state machine': {
    args: [3, 60],
    costs: [100, 667, 673],
    code: `(param $state i32) (param $n i32) (result i32) (local $sum i32)
      (loop $more
        (block $d (block $c (block $b (block $a
          (br_table $a $b $c $d (i32.and (local.get $state) (i32.const 3))))
          (local.set $state (i32.add (local.get $state) (i32.const 7))) (br $d))
          (local.set $state (i32.shr_u (local.get $state) (i32.const 1))) (br $d))
          (local.set $state (i32.xor (local.get $state) (i32.const 0x5a5))))
        (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 3)) (local.get $state)))
        (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum)`,
  },
  'words at many distances': {
    args: [300, -5],
    costs: [74, 29, 63],
    code: `(param $p i32) (param $x i32) (result i32)
      (i32.store (i32.add (global.get $base) (i32.sub (local.get $p) (i32.const 8))) (local.get $x))
      (i32.store (i32.add (global.get $base) (i32.sub (local.get $p) (i32.const 4))) (i32.const 77))
      (i32.store16 (i32.add (global.get $base) (i32.add (local.get $p) (i32.const 3000))) (local.get $x))
      (i32.store16 (i32.add (global.get $base) (i32.add (local.get $p) (i32.const 3002))) (i32.const 0x12345))
      (i32.add
        (i32.add (i32.load (i32.add (global.get $base) (i32.sub (local.get $p) (i32.const 8))))
          (i32.load16_s (i32.add (global.get $base) (i32.add (local.get $p) (i32.const 3000)))))
        (i32.add (i32.load offset=40000 (i32.add (global.get $base) (local.get $p)))
          (i32.load offset=40004 (i32.add (global.get $base) (local.get $p)))))`,
  },
  'products and remainders of constants': {
    args: [123456789, -77],
    costs: [90, 35, 40],
    code: `(param $x i32) (param $y i32) (result i32)
      (i32.add (i32.add (i32.div_s (local.get $x) (i32.const 10)) (i32.rem_u (local.get $x) (i32.const 8)))
        (i32.add (i32.add (i32.mul (local.get $y) (i32.const 15)) (i32.div_u (local.get $x) (i32.const 641)))
          (i32.add (i32.rem_s (local.get $y) (i32.const 7)) (i32.div_s (local.get $y) (i32.const -16)))))`,
  },
  'choices without branches': {
    args: [1000, -3],
    costs: [67, 30, 36],
    code: `(param $x i32) (param $y i32) (result i32) (local $z i32)
      (if (i32.lt_s (local.get $x) (local.get $y)) (then (local.set $z (local.get $x))) (else (local.set $z (local.get $y))))
      (if (i32.eqz (local.get $z)) (then (local.set $z (i32.const 5))))
      (i32.add (i32.add (select (local.get $x) (local.get $z) (i32.gt_u (local.get $x) (local.get $y)))
          (i32.and (i32.gt_s (local.get $x) (i32.const 255)) (i32.ne (local.get $y) (i32.const 0))))
        (i32.sub (i32.clz (local.get $x)) (i32.add (i32.ctz (local.get $x)) (i32.extend16_s (local.get $z)))))`,
  },
  'wide numbers': {
    args: [0x7fffffff, 37],
    costs: [553, 275, 281],
    code: `(param $x i32) (param $n i32) (result i32) (local $wide i64) (local $i i32)
      (local.set $wide (i64.extend_i32_s (local.get $x)))
      (loop $more
        (local.set $wide (i64.add (i64.mul (local.get $wide) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
        (local.set $wide (i64.xor (local.get $wide) (i64.shr_u (local.get $wide) (i64.extend_i32_u (local.get $n)))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
      (i32.add (i32.wrap_i64 (i64.div_u (local.get $wide) (i64.const 1000003)))
        (i64.lt_s (local.get $wide) (i64.const 0)))`,
  },
  'floats across a call and a choice of them': {
    args: [700, 12],
    costs: [269, 129, 143],
    code: `(param $x i32) (param $y i32) (result i32) (local $a f32) (local $b f32)
      (local.set $a (f32.convert_i32_s (local.get $x)))
      (local.set $b (f32.sqrt (f32.add (local.get $a) (f32.const 0.5))))
      (local.set $x (call $mix (local.get $x) (local.get $y)))
      (local.set $a (select (f32.max (local.get $a) (local.get $b)) (f32.neg (local.get $b))
        (f32.lt (local.get $b) (f32.convert_i32_u (local.get $y)))))
      (i32.add (local.get $x) (i32.trunc_sat_f32_s (f32.mul (f32.floor (local.get $a)) (f32.sub (local.get $b) (local.get $a)))))`,
  },
  'ways that meet again': {
    args: [-40, 33],
    costs: [95, 29, 35],
    code: `(param $x i32) (param $y i32) (result i32) (local $z i32)
      (local.set $z (if (result i32) (i32.and (local.get $x) (i32.const 0x100))
        (then (i32.shl (local.get $y) (i32.const 4)))
        (else (if (result i32) (i32.ge_u (local.get $x) (local.get $y))
          (then (call $mix (local.get $x) (local.get $y))) (else (i32.const 0x54321))))))
      (if (i32.or (i32.eqz (local.get $y)) (i32.le_s (local.get $z) (i32.const -1)))
        (then (local.set $y (i32.sub (i32.const 0) (local.get $z))))
        (else (if (i32.gt_u (local.get $z) (i32.const 7)) (then (local.set $y (i32.xor (local.get $y) (i32.const -1)))))))
      (i32.add (local.get $y) (local.get $z))`,
  },
  'more values than registers, across a call': {
    args: [5, 9],
    costs: [303, 119, 139],
    code: `(param $x i32) (param $y i32) (result i32)
      ${Array.from({ length: 14 }, (_, i) => `(local $v${i} i32)`).join(' ')}
      ${Array.from({ length: 14 }, (_, i) => `(local.set $v${i} (i32.mul (i32.add (local.get $x) (i32.const ${i * 5001})) (local.get $y)))`).join('\n')}
      (local.set $y (call $mix (local.get $y) (local.get $v3)))
      ${Array.from({ length: 14 }, (_, i) => `(local.set $y (i32.sub (i32.xor (local.get $y) (local.get $v${i})) (local.get $v${(i * 5) % 14})))`).join('\n')}
      (local.get $y)`,
  },
  'states that lead to one another': {
    args: [5, 200],
    costs: [120, 2180, 2675],
    code: `(param $at i32) (param $n i32) (result i32) (local $state i32) (local $sum i32) (local $c i32)
      (loop $next
        (local.set $c (i32.load8_u (i32.add (global.get $base) (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (block $done (block $third (block $second (block $first
          (br_table $first $second $third (local.get $state)))
          (local.set $sum (i32.add (local.get $sum) (local.get $c)))
          (local.set $state (i32.const 1)) (br $done))
          (local.set $sum (i32.mul (local.get $sum) (i32.const 3)))
          (local.set $state (select (i32.const 2) (i32.const 0) (i32.lt_u (local.get $c) (i32.const 98)))) (br $done))
          (local.set $sum (i32.xor (local.get $sum) (local.get $c)))
          (local.set $state (i32.const 0)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $n))))
      (local.get $sum)`,
  },
  'many ways out of a long loop, seldom taken': {
    args: [1000, 40],
    costs: [212, 2213, 2312],
    code: `(param $sum i32) (param $n i32) (result i32) (local $i i32) (local $x i32)
      (block $second (block $first
        (loop $more
          (local.set $x (i32.load8_u (i32.add (global.get $base) (local.get $i))))
          ${Array.from(
            { length: 9 },
            (_, i) => `(br_if ${i % 3 === 1 ? '$second' : '$first'} (i32.eq (local.get $sum) (local.get $x)))
              (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.xor (local.get $i) (i32.shl (local.get $x) (i32.const ${i})))))`,
          ).join('\n')}
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (return (local.get $sum)))
        (return (i32.add (local.get $sum) (i32.const 12345))))
      (i32.sub (local.get $sum) (i32.const 54321))`,
  },
  'words far from two places': {
    args: [8, 260, -77],
    costs: [75, 32, 58],
    code: `(param $p i32) (param $q i32) (param $x i32) (result i32)
      (local.set $p (i32.add (global.get $base) (local.get $p)))
      (local.set $q (i32.add (global.get $base) (i32.load8_u (i32.add (global.get $base) (local.get $q)))))
      (i32.store offset=50000 (local.get $p) (i32.const 99))
      (i32.store8 offset=300 (local.get $p) (local.get $x))
      (i32.store16 offset=4356 (local.get $q) (local.get $x))
      (i32.add (i32.add (i32.load offset=50000 (local.get $q)) (i32.load offset=50000 (local.get $p)))
        (i32.add (i32.load16_u offset=4356 (local.get $q)) (i32.load8_s offset=300 (local.get $p))))`,
  },
  'a choice among small things, in a loop': {
    args: [1, 120],
    costs: [82, 1809, 2151],
    code: `(param $sum i32) (param $n i32) (result i32) (local $i i32) (local $x i32)
      (loop $more
        (local.set $x (i32.load8_u (i32.add (global.get $base) (local.get $i))))
        (if (i32.lt_u (local.get $x) (i32.const 60))
          (then (local.set $sum (i32.add (local.get $sum) (local.get $x)))
            (i32.store8 offset=4096 (i32.add (global.get $base) (local.get $i)) (local.get $sum)))
          (else (if (i32.lt_u (local.get $x) (i32.const 150))
            (then (local.set $sum (i32.xor (local.get $sum) (i32.shl (local.get $x) (i32.const 3))))
              (i32.store8 offset=5000 (i32.add (global.get $base) (local.get $i)) (local.get $sum)))
            (else (if (i32.and (local.get $x) (i32.const 4))
              (then (local.set $sum (i32.mul (local.get $sum) (i32.const 3))))
              (else (i32.store8 offset=6000 (i32.add (global.get $base) (local.get $i)) (local.get $x))))))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $sum)`,
  },
  'floats by index, compared': {
    args: [30, 7],
    costs: [345, 1008, 1180],
    code: `(param $n i32) (param $k i32) (result i32) (local $i i32) (local $x f32) (local $y f32) (local $count i32)
      (loop $more
        (local.set $x (f32.convert_i32_u (i32.load16_u (i32.add (global.get $base) (i32.shl (local.get $i) (i32.const 1))))))
        (local.set $y (f32.add (f32.mul (local.get $x) (f32.const 0.25)) (local.get $y)))
        (f32.store offset=4096 (i32.add (global.get $base) (i32.mul (local.get $i) (local.get $k))) (local.get $y))
        (if (f32.ge (local.get $y) (f32.const 30000)) (then (local.set $y (f32.sub (local.get $y) (local.get $x)))))
        (if (f32.ne (local.get $y) (local.get $x)) (then (local.set $count (i32.add (local.get $count) (i32.const 1)))))
        (local.set $count (i32.add (local.get $count) (f32.le (f32.load offset=4096
          (i32.add (global.get $base) (i32.mul (local.get $i) (local.get $k)))) (f32.const 9))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (i32.add (i32.reinterpret_f32 (f32.copysign (local.get $y) (f32.const -1))) (i32.add (local.get $count)
        (i32.trunc_sat_f32_u (f32.nearest (f32.div (local.get $y) (f32.const 3))))))`,
  },
  'bits, moved about': {
    args: [0x12345678, 11],
    costs: [124, 41, 47],
    code: `(param $x i32) (param $n i32) (result i32)
      (i32.xor
        (i32.xor (i32.rotl (local.get $x) (local.get $n)) (i32.rotr (local.get $x) (i32.const 9)))
        (i32.xor
          (i32.add (i32.and (i32.shr_u (local.get $x) (i32.const 5)) (i32.const 127)) (i32.shr_s (local.get $x) (local.get $n)))
          (i32.add
            (i32.or (i32.and (local.get $x) (i32.const -4096)) (i32.extend8_s (local.get $n)))
            (i32.add (i32.popcnt (local.get $x)) (i32.shl (i32.shr_u (local.get $x) (local.get $n)) (i32.const 20))))))`,
  },
};
const MIX = `(func $mix (param $x i32) (param $y i32) (result i32) (local $i i32)
  (loop $more
    (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 31)) (i32.shr_u (local.get $y) (i32.const 5))))
    (local.set $y (i32.add (local.get $y) (local.get $x)))
    (br_if $more (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
  (local.get $x))`;

/** @param base the global $base, imported where the chip's addresses are folded in */
const program = ({ code }: Row, base: string): Uint8Array =>
  assembleWat(`(module ${base} (memory (export "memory") 1)
    ${code.includes('$mix') ? MIX : ''} (func (export "f") ${code}))`);

const FILLED = 4096;
const fill = (bytes: Uint8Array): void => {
  for (let i = 0; i < FILLED; i++) bytes[i] = (i * 37) ^ (i >> 3);
};

function inNode(row: Row): number {
  const module = new WebAssembly.Module(program(row, '(global $base i32 (i32.const 0))').slice().buffer);
  const { f, memory } = new WebAssembly.Instance(module).exports;
  fill(new Uint8Array((memory as WebAssembly.Memory).buffer));
  return (f as (...args: readonly number[]) => number)(...row.args);
}

type Function = Extern & { kind: 'func' };

function call(machine: Machine, base: number, fn: Function, { args }: Row) {
  const memory = new Uint8Array(FILLED);
  fill(memory);
  machine.load(base, memory);
  const before = machine.cycles;
  const values = args.map((value): TypedValue => ({ type: 'i32', words: [value] }));
  const [result] = invoke(machine, fn, values);
  return { result: result.words[0] | 0, cycles: machine.cycles - before };
}

const forTheChip = (wasm: Uint8Array, base: number) =>
  compileModule(wasm, { globals: { 'config.base': base }, trapSymbol: 'host.trap', verify: true });
const codeBytes = ({ object }: ReturnType<typeof compileModule>): number =>
  object.sections.reduce((sum, { bytes }) => sum + bytes.length, 0);

describe('what compiled code costs', () => {
  it.each(Object.entries(FUNCTIONS))('%s', (_, row) => {
    const machine = createMachine({ maxCycles: 1e6 });
    const base = machine.reserve('data', 65536, 4096);
    const compiled = forTheChip(program(row, '(import "config" "base" (global $base i32))'), base);
    const address = loadObject(machine, compiled.object).get('f') as number;
    const type: Function['type'] = { params: row.args.map(() => 'i32'), results: ['i32'] };
    const plain = call(machine, base, { kind: 'func', address, reference: 0, type }, row);

    const module = decodeModule(program(row, '(global $base i32 (i32.const 0))'));
    validateModule(module);
    const { exports } = instantiate(createStore(machine, { verify: true }), module);
    const memory = exports.get('memory') as Extern & { kind: 'memory' };
    const checked = call(machine, memory.base, exports.get('f') as Function, row);

    expect([plain.result, checked.result]).toEqual([inNode(row), inNode(row)]);
    expect([codeBytes(compiled), plain.cycles, checked.cycles]).toEqual(row.costs);
  });

  it.each([
    [500, 621],
    [501, 1193],
    [502, 1121],
    [503, 1242],
  ])('random code %i', (seed, bytes) => {
    expect(codeBytes(forTheChip(randomModule(seed, 60, true).bytes, 0x3fc90000))).toBe(bytes);
  });

  it.each([
    [500, 536],
    [501, 438],
    [503, 406],
  ])('random loops %i', (seed, bytes) => {
    const wasm = writeProgram(randomLoops(seed, false), { based: true });
    expect(codeBytes(forTheChip(wasm, 0x3fc90000))).toBe(bytes);
  });
});
