/** What nothing leads to is not compiled, and what is compiled is the same code as ever. */
import { describe, expect, it } from 'vitest';
import { compileModule } from './compile.ts';
import type { CompileOptions } from './linkage.ts';
import { assembleWat } from './testing/run.ts';

const wasm = assembleWat(`(module
  (import "config" "screen" (global $screen i32))
  (type $unary (func (param i32) (result i32)))
  (table 1 1 funcref) (elem (i32.const 0) $tabled)
  (func $tabled (type $unary) (i32.sub (i32.const 9) (local.get 0)))
  (func $draw (param i32) (result i32) (i32.mul (local.get 0) (call $shared (local.get 0))))
  (func $shared (param i32) (result i32) (call_indirect (type $unary) (local.get 0) (i32.const 0)))
  (func $once (param i32) (result i32) (i32.xor (local.get 0) (i32.const 77777)))
  (func (export "main") (param i32) (result i32)
    (if (result i32) (global.get $screen)
      (then (call $draw (local.get 0)))
      (else (call $once (local.get 0)))))
  (func (export "unused") (param i32) (result i32) (call $lonely (local.get 0)))
  (func $lonely (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`);

function compile(screen: number, options: CompileOptions = {}) {
  const { object, exports } = compileModule(wasm, { globals: { 'config.screen': screen }, ...options });
  const code = object.sections.filter(({ name }) => name.startsWith('.text.'));
  return { code, names: code.map(({ name }) => name.slice(6)), exports: exports.map(({ name }) => name) };
}

describe('functions that nothing leads to', () => {
  it('are compiled where nobody says what is used', () => {
    const { names, exports } = compile(0);
    expect(names).toEqual(expect.arrayContaining(['draw', 'shared', 'once', 'main', 'unused', 'lonely']));
    expect(exports).toEqual(['main', 'unused']);
  });

  it('are left out with what no export leads to', () => {
    const { names, exports } = compile(0, { roots: 'exports' });
    expect(names.filter((name) => name !== 'traps')).toEqual(['tabled', 'once', 'main', 'unused', 'lonely']);
    expect(exports).toEqual(['main', 'unused']);
  });

  it.each([
    [0, ['tabled', 'once', 'main']],
    [1, ['tabled', 'draw', 'shared', 'main']],
  ])('are left out with their exports: screen %i', (screen, expected) => {
    const { code, names, exports } = compile(screen, { roots: ['main'] });
    expect(names.filter((name) => name !== 'traps')).toEqual(expected);
    expect(exports).toEqual(['main']);
    const whole = new Map(compile(screen).code.map((section) => [section.name, section.bytes]));
    for (const { name, bytes } of code) expect(bytes, name).toEqual(whole.get(name));
  });
});
