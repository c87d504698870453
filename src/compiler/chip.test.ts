/** Compiling for the chip: addresses as they are, numbers folded in, intrinsics as single instructions. */
import { describe, expect, it } from 'vitest';
import { disassemble } from '../xtensa/index.ts';
import { registersIn } from './back/abi.ts';
import { compileModule } from './compile.ts';
import type { CompileOptions } from './linkage.ts';
import { printStages } from './stages.ts';
import { assembleWat } from './testing/run.ts';

/** Start of the chip's SRAM on the data bus. */
const DATA = 0x3fc88000;

function code(text: string, name: string, options: CompileOptions = {}): string[] {
  const { object } = compileModule(assembleWat(text), options);
  const section = object.sections.find((candidate) => candidate.name === `.text.${name}`);
  if (!section) throw new Error(`no section for ${name}`);
  // Literals stand in front of the function.
  const start = section.symbols.get(name) as number;
  // Without the places that branches and l32r name.
  return disassemble(section.bytes.subarray(start), start).map(({ text, opcode }) =>
    opcode?.visible.at(-1)?.kind === 'label' ? text.replace(/, 0x.*/, '') : text,
  );
}

describe('code for the chip', () => {
  it('folds imported numbers and offsets', () => {
    const text = `(module (import "config" "dim" (global $dim i32)) (memory 1)
      (func (export "f") (param i32) (result i32)
        (i32.load offset=8 (i32.add (local.get 0) (i32.mul (global.get $dim) (i32.const 4))))))`;
    expect(code(text, 'f', { globals: { 'config.dim': 3 } })).toEqual(['l32i.n a2, a2, 20', 'ret.n']);
  });

  it('makes registers of the chip volatile and ordered', () => {
    const text = `(module
      (import "mmio" "read32" (func $read (param i32) (result i32)))
      (import "mmio" "write32" (func $write (param i32 i32)))
      (func (export "f") (param i32)
        (call $write (i32.add (local.get 0) (i32.const 4)) (call $read (local.get 0)))
        (drop (call $read (local.get 0)))))`;
    const operations = code(text, 'f').map((line) => line.replace(/a\d+/, 'aX'));
    expect(operations).toEqual([
      'memw',
      'l32i.n aX, a2, 0',
      's32i.n aX, a2, 4',
      'memw',
      'memw',
      'l32i.n aX, a2, 0',
      'ret.n',
    ]);
  });

  it('contracts multiply and add only where it is told to', () => {
    const text = `(module (import "xt" "madd" (func $madd (param f32 f32 f32) (result f32)))
      (func (export "fused") (param f32 f32 f32) (result f32) (call $madd (local.get 0) (local.get 1) (local.get 2)))
      (func (export "plain") (param f32 f32 f32) (result f32)
        (f32.add (local.get 0) (f32.mul (local.get 1) (local.get 2)))))`;
    expect(code(text, 'fused').some((line) => line.startsWith('madd.s'))).toBe(true);
    expect(code(text, 'plain').some((line) => line.startsWith('madd.s'))).toBe(false);
  });

  it.each([
    ['(i32.and (local.get 0) (i32.const 255))', 'extui a2, a2, 0, 8'],
    ['(i32.shr_u (i32.shl (local.get 0) (i32.const 24)) (i32.const 24))', 'extui a2, a2, 0, 8'],
    ['(i32.and (i32.shr_u (local.get 0) (i32.const 5)) (i32.const 15))', 'extui a2, a2, 5, 4'],
    ['(i32.extend8_s (local.get 0))', 'sext a2, a2, 7'],
    ['(i32.add (local.get 1) (i32.shl (local.get 0) (i32.const 2)))', 'addx4 a2, a2, a3'],
    ['(i32.sub (i32.shl (local.get 0) (i32.const 3)) (local.get 1))', 'subx8 a2, a2, a3'],
    ['(i32.mul (local.get 0) (i32.const 9))', 'addx8 a2, a2, a2'],
    ['(select (local.get 0) (local.get 1) (i32.lt_s (local.get 0) (local.get 1)))', 'min a2, a2, a3'],
    ['(select (local.get 0) (local.get 1) (i32.gt_u (local.get 0) (local.get 1)))', 'maxu a2, a3, a2'],
    ['(i32.lt_u (local.get 0) (local.get 1))', 'saltu a2, a2, a3'],
    ['(i32.add (local.get 0) (i32.const 1024))', 'addmi a2, a2, 0x400'],
    ['(i32.clz (local.get 0))', 'nsau a2, a2'],
  ])('%s is one instruction', (expression, instruction) => {
    const text = `(module (func (export "f") (param i32 i32) (result i32) ${expression}))`;
    expect(code(text, 'f')).toEqual([instruction, 'ret.n']);
  });

  it("multiplies words of which 64 bits are wanted without their signs' words", () => {
    const text = `(module (func (export "f") (param i32 i32) (result i32) (i32.wrap_i64 (i64.shr_s
      (i64.mul (i64.extend_i32_s (local.get 0)) (i64.extend_i32_s (local.get 1))) (i64.const 14)))))`;
    const names = code(text, 'f').map((line) => line.split(' ')[0]);
    expect(names.sort()).toEqual(['mull', 'mulsh', 'ret.n', 'src', 'ssai']);
    const constant = text.replace('(i64.extend_i32_s (local.get 1))', '(i64.const -70000)');
    expect(code(constant, 'f').join()).toContain('mulsh');
    expect(code(text.replace('extend_i32_s', 'extend_i32_u'), 'f').join()).not.toContain('mulsh');
  });

  it('runs counted loops by the loop hardware', () => {
    const text = `(module (memory 1) (func (export "sum") (param $p i32) (param $n i32) (result i32)
      (local $i i32) (local $sum i32)
      (loop $more
        (if (i32.lt_s (local.get $i) (local.get $n)) (then
          (local.set $sum (i32.add (local.get $sum)
            (i32.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2))))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $more))))
      (local.get $sum)))`;
    const lines = code(text, 'sum').map((line) => line.split(' ')[0]);
    const body = lines.slice(lines.indexOf('loop') + 1, lines.indexOf('loop') + 5);
    expect(body.map((name) => name.replace('.n', '')).sort()).toEqual(['add', 'addi', 'addx4', 'l32i']);
  });

  it('leaves kernels, trap handler and data to the linker', () => {
    const text = `(module (import "kernel" "matvec" (func $matvec (param i32)))
      (import "config" "base" (global $base i32)) (memory 1) (data (i32.const ${DATA}) "abc")
      (func (export "main0") (call $matvec (global.get $base)) unreachable))`;
    const compiled = compileModule(assembleWat(text), {
      globals: { 'config.base': 4096 },
      trapSymbol: 'panic',
    });
    expect(compiled.externals).toEqual(['matvec', 'panic']);
    expect(compiled.data).toEqual([{ address: DATA, bytes: Uint8Array.from([97, 98, 99]) }]);
    expect([...(compiled.object.globals ?? [])]).toEqual(['main0']);
  });

  it('keeps values in the registers that a callee does not change', () => {
    const text = `(module (import "kernel" "mix" (func $mix (param i32) (result i32)))
      (func (export "f") (param i32 i32 f32) (result f32)
        (f32.add (local.get 2) (f32.convert_i32_s
          (i32.add (local.get 1) (call $mix (i32.add (call $mix (local.get 0)) (local.get 0))))))))`;
    const storesIn = (clobbers?: string) => {
      const lines = code(text, 'f', clobbers === undefined ? {} : { clobbers: { 'kernel.mix': clobbers } });
      return lines.filter((line) => /^s32i|^ssi/.test(line)).length;
    };
    // Only a0 has to be kept; without a declaration two values and what they displace as well.
    expect(storesIn('a3-a5 a8-a11 f0-f7 q0-q7 sar')).toBe(1);
    expect(storesIn()).toBeGreaterThan(2);
    expect(registersIn('a3-a5 a9 f0-f1 f15 q0-q7 qacc sar_byte')).toEqual([3, 4, 5, 9, 16, 17, 31]);
  });

  it('converts to integers with saturation, without a branch', () => {
    const text = '(module (func (export "f") (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0))))';
    const names = code(text, 'f').map((line) => line.split(' ')[0]);
    expect(names.filter((name) => /^b|^j/.test(name))).toEqual([]);
    expect(names).toContain('trunc.s');
  });

  it('refuses unknown intrinsics and intrinsics of another type by name', () => {
    const wasm = (name: string, type: string) =>
      assembleWat(`(module (import "xt" "${name}" (func $f ${type})) (func (export "g") (call $f)))`);
    expect(() => compileModule(wasm('frobnicate', ''))).toThrow('xt.frobnicate is not an intrinsic');
    expect(() => compileModule(wasm('memw', '(result)'))).not.toThrow();
    const wrong = assembleWat('(module (import "xt" "ccount" (func $f)) (func (export "g") (call $f)))');
    expect(() => compileModule(wrong)).toThrow('the import xt.ccount has the type (:), it must be (:i32)');
  });

  it('prints every stage', () => {
    const text =
      '(module (func $half (export "half") (param i32) (result i32) (i32.shr_s (local.get 0) (i32.const 1))))';
    const printed = printStages(assembleWat(text), { only: 'half' });
    for (const part of [
      '; webassembly',
      '; built',
      '; optimised',
      '; selected',
      '; allocated',
      'srai a2, a2, 1',
    ])
      expect(printed).toContain(part);
  });
});
