/**
 * What compiled code costs: bytes of code, and cycles on the simulated core. Results are compared with Node's; costs with what
 * they were, since a pass that no longer does its work still gives the right results. Where code got better on purpose:
 * `npx vitest run src/compiler/cost -u`, and the figures belong into the commit's message.
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

/** Functions of numbers to a number, over a page of memory at $base. */
const FUNCTIONS: Readonly<Record<string, { code: string; args: readonly number[] }>> = {
  'sum of products of bytes': {
    args: [16, 400, 40],
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
    code: `(param $x i32) (param $y i32) (result i32)
      (i32.add (i32.add (i32.div_s (local.get $x) (i32.const 10)) (i32.rem_u (local.get $x) (i32.const 8)))
        (i32.add (i32.add (i32.mul (local.get $y) (i32.const 15)) (i32.div_u (local.get $x) (i32.const 641)))
          (i32.add (i32.rem_s (local.get $y) (i32.const 7)) (i32.div_s (local.get $y) (i32.const -16)))))`,
  },
  'choices without branches': {
    args: [1000, -3],
    code: `(param $x i32) (param $y i32) (result i32) (local $z i32)
      (if (i32.lt_s (local.get $x) (local.get $y)) (then (local.set $z (local.get $x))) (else (local.set $z (local.get $y))))
      (if (i32.eqz (local.get $z)) (then (local.set $z (i32.const 5))))
      (i32.add (i32.add (select (local.get $x) (local.get $z) (i32.gt_u (local.get $x) (local.get $y)))
          (i32.and (i32.gt_s (local.get $x) (i32.const 255)) (i32.ne (local.get $y) (i32.const 0))))
        (i32.sub (i32.clz (local.get $x)) (i32.add (i32.ctz (local.get $x)) (i32.extend16_s (local.get $z)))))`,
  },
  'wide numbers': {
    args: [0x7fffffff, 37],
    code: `(param $x i32) (param $n i32) (result i32) (local $wide i64) (local $i i32)
      (local.set $wide (i64.extend_i32_s (local.get $x)))
      (loop $more
        (local.set $wide (i64.add (i64.mul (local.get $wide) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
        (local.set $wide (i64.xor (local.get $wide) (i64.shr_u (local.get $wide) (i64.extend_i32_u (local.get $n)))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
      (i32.add (i32.wrap_i64 (i64.div_u (local.get $wide) (i64.const 1000003)))
        (i64.lt_s (local.get $wide) (i64.const 0)))`,
  },
  'more values than registers, across a call': {
    args: [5, 9],
    code: `(param $x i32) (param $y i32) (result i32)
      ${Array.from({ length: 14 }, (_, i) => `(local $v${i} i32)`).join(' ')}
      ${Array.from({ length: 14 }, (_, i) => `(local.set $v${i} (i32.mul (i32.add (local.get $x) (i32.const ${i * 5001})) (local.get $y)))`).join('\n')}
      (local.set $y (call $mix (local.get $y) (local.get $v3)))
      ${Array.from({ length: 14 }, (_, i) => `(local.set $y (i32.sub (i32.xor (local.get $y) (local.get $v${i})) (local.get $v${(i * 5) % 14})))`).join('\n')}
      (local.get $y)`,
  },
};
const names = Object.keys(FUNCTIONS);
/** @param base the global $base, imported where the chip's addresses are folded in */
const program = (base: string): Uint8Array =>
  assembleWat(`(module ${base} (memory (export "memory") 1)
  (func $mix (param $x i32) (param $y i32) (result i32) (local $i i32)
    (loop $more
      (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 31)) (i32.shr_u (local.get $y) (i32.const 5))))
      (local.set $y (i32.add (local.get $y) (local.get $x)))
      (br_if $more (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (local.get $x))
  ${names.map((name, i) => `(func (export "f${i}") ${FUNCTIONS[name].code})`).join('\n')})`);

const FILLED = 4096;
const fill = (bytes: Uint8Array): void => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 37) ^ (i >> 3);
};

const forTheChip = (wasm: Uint8Array, base: number) =>
  compileModule(wasm, { globals: { 'config.base': base }, trapSymbol: 'host.trap', verify: true });

function started(wasm: Uint8Array) {
  const module = decodeModule(wasm);
  validateModule(module);
  const machine = createMachine({ maxCycles: 1e7 });
  return { machine, ...instantiate(createStore(machine, { verify: true }), module) };
}

/** Result and cycles of each function; the memory is filled anew before it. */
function callAll(machine: Machine, base: number, functionOf: (index: number) => Extern & { kind: 'func' }) {
  const memory = new Uint8Array(FILLED);
  fill(memory);
  return names.map((name, i) => {
    machine.load(base, memory);
    const before = machine.cycles;
    const args = FUNCTIONS[name].args.map((value): TypedValue => ({ type: 'i32', words: [value] }));
    const [result] = invoke(machine, functionOf(i), args);
    return { result: result.words[0] | 0, cycles: machine.cycles - before };
  });
}

describe('what compiled code costs', () => {
  const own = program('(global $base i32 (i32.const 0))');
  const inNode = names.map((name, i) => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(own.slice().buffer));
    fill(new Uint8Array((exports.memory as WebAssembly.Memory).buffer, 0, FILLED));
    return (exports[`f${i}`] as (...args: readonly number[]) => number)(...FUNCTIONS[name].args);
  });

  it('for the chip', () => {
    const machine = createMachine({ maxCycles: 1e7 });
    const base = machine.reserve('data', 65536, 4096);
    const { object } = forTheChip(program('(import "config" "base" (global $base i32))'), base);
    const symbols = loadObject(machine, object);
    const calls = callAll(machine, base, (index) => ({
      kind: 'func',
      address: symbols.get(`f${index}`) as number,
      reference: 0,
      type: { params: FUNCTIONS[names[index]].args.map(() => 'i32'), results: ['i32'] },
    }));
    expect(calls.map(({ result }) => result)).toEqual(inNode);
    const sizeOf = (index: number) =>
      object.sections.find(({ name }) => name === `.text.f${index}`)?.bytes.length;
    expect(
      calls.map(({ cycles }, i) => `${names[i]}: ${sizeOf(i)} bytes, ${cycles} cycles`),
    ).toMatchInlineSnapshot(`
      [
        "sum of products of bytes: 59 bytes, 419 cycles",
        "floats, scaled, clamped and counted: 190 bytes, 792 cycles",
        "a loop in a loop that is left early: 64 bytes, 9228 cycles",
        "a state machine: 100 bytes, 667 cycles",
        "words at many distances: 74 bytes, 29 cycles",
        "products and remainders of constants: 90 bytes, 35 cycles",
        "choices without branches: 67 bytes, 30 cycles",
        "wide numbers: 130 bytes, 275 cycles",
        "more values than registers, across a call: 282 bytes, 119 cycles",
      ]
    `);
  });

  it('with bounds checks', () => {
    const { machine, exports } = started(own);
    const { base } = exports.get('memory') as Extern & { kind: 'memory' };
    const calls = callAll(machine, base, (index) => exports.get(`f${index}`) as Extern & { kind: 'func' });
    expect(calls.map(({ result }) => result)).toEqual(inNode);
    expect(calls.map(({ cycles }, i) => `${names[i]}: ${cycles} cycles`)).toMatchInlineSnapshot(`
      [
        "sum of products of bytes: 629 cycles",
        "floats, scaled, clamped and counted: 913 cycles",
        "a loop in a loop that is left early: 11241 cycles",
        "a state machine: 673 cycles",
        "words at many distances: 63 cycles",
        "products and remainders of constants: 40 cycles",
        "choices without branches: 36 cycles",
        "wide numbers: 281 cycles",
        "more values than registers, across a call: 139 cycles",
      ]
    `);
  });

  it('of any sort, in bytes', () => {
    const random = Array.from({ length: 4 }, (_, i) => randomModule(500 + i, 60, true).bytes);
    const loops = [0, 1, 3].map((i) => writeProgram(randomLoops(500 + i, false), { based: true }));
    const bytes = [...random, ...loops].map((wasm) =>
      forTheChip(wasm, 0x3fc90000).object.sections.reduce((sum, section) => sum + section.bytes.length, 0),
    );
    expect(bytes).toMatchInlineSnapshot(`
      [
        621,
        1193,
        1121,
        1242,
        536,
        438,
        406,
      ]
    `);
  });
});
