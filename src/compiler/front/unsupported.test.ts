/** What is not compiled is said in one sentence, and concerns only those who use it. */
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { compileModule } from '../compile.ts';
import { executeWasm, formatValue } from '../host/exec.ts';

const parser = await wabt();

function assemble(text: string): Uint8Array {
  const module = parser.parseWat('test.wat', text, {
    threads: true,
    tail_call: true,
    exceptions: true,
    // Known to wabt, not to its types.
    ...{ multi_memory: true },
  });
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}

const withSine = assemble(`(module
  (type $unary (func (param i32) (result i32)))
  (func $sine (param f64) (result f64) (f64.mul (local.get 0) (local.get 0)))
  (func $wave (param i32) (result i32) (i32.trunc_f64_s (call $sine (f64.convert_i32_s (local.get 0)))))
  (func $step (param i32) (result i32) (call $wave (i32.add (local.get 0) (i32.const 1))))
  (func (export "play") (result i32) (call $step (i32.const 3)))
  (func (export "count") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`);

const call = (wasm: Uint8Array, name: string, ...args: string[]) =>
  executeWasm(wasm, { invoke: name, args }).results.map(formatValue).join(' ');

describe('f64', () => {
  it('concerns only calls that come to it', () => {
    expect(call(withSine, 'count', '41')).toBe('42');
    expect(() => call(withSine, 'play')).toThrow(
      /^play trapped: wave \(byte \d+\) uses f64, which is not supported; it is called through play > step > wave; use f32 \(in AssemblyScript Mathf/,
    );
  });

  it('is refused for the chip where an export leads to it, with the way', () => {
    expect(() => compileModule(withSine)).toThrow(/called through play > step > wave > sine; use f32/);
  });

  it('is listed with the exports that reach it where it may be a trap', () => {
    const { unsupported } = compileModule(withSine, { unsupported: 'trap' });
    expect(unsupported.map(({ name, feature, exports, trap }) => [name, feature, exports, trap])).toEqual([
      ['sine', 'f64', ['play'], 256],
      ['wave', 'f64', ['play'], 257],
    ]);
  });

  it('is no reason to refuse a module in which nothing leads to it', () => {
    const unused = assemble(`(module (func $never (result f64) (f64.const 1))
      (global $scale f64 (f64.const 0.5)) (func (export "f") (result i32) (i32.const 7)))`);
    expect(compileModule(unused).unsupported.map(({ name, way }) => [name, way])).toEqual([['never', []]]);
    expect(call(unused, 'f')).toBe('7');
  });

  it('is reached through tables, too', () => {
    const table = assemble(`(module (type $t (func (result i32))) (table funcref (elem $half))
      (func $half (result i32) (i32.trunc_f64_s (f64.const 1)))
      (func (export "f") (result i32) (call_indirect (type $t) (i32.const 0))))`);
    expect(() => compileModule(table)).toThrow('called through f > half');
  });
});

describe('what later versions of WebAssembly brought', () => {
  it('tail calls trap where they are made', () => {
    const wasm = assemble(`(module (func $g (result i32) (i32.const 4))
      (func (export "f") (result i32) (return_call $g)) (func (export "h") (result i32) (i32.const 7)))`);
    expect(call(wasm, 'h')).toBe('7');
    expect(() => call(wasm, 'f')).toThrow(/uses tail calls.*use plain calls/);
  });

  it.each([
    ['shared memory', '(module (memory 1 2 shared))', /shared memory .*compile it without threads/],
    ['several memories', '(module (memory 1) (memory 1))', /2 memories; one is supported/],
    ['exceptions', '(module (tag $e))', /exception tags .*compile it without them/],
  ])('%s is said to be just that', (_, text, sentence) => {
    expect(() => compileModule(assemble(text))).toThrow(sentence);
  });

  it('4 GB of memory from the start is too much', () => {
    const wasm = assemble('(module (memory 65536) (func (export "f")))');
    expect(() => call(wasm, 'f')).toThrow(/65536 pages \(4 GB\) from the start/);
    const large = assemble('(module (memory 60000) (func (export "f")))');
    expect(() => call(large, 'f')).toThrow(/60000 pages .* give it a smaller minimum/);
  });
});

describe('a missing import', () => {
  it('is named with its type, what is there, and for abort what to do', () => {
    const wasm = assemble(
      '(module (import "env" "abort" (func (param i32 i32 i32 i32))) (func (export "f") (result i32) (i32.const 4)))',
    );
    expect(() => call(wasm, 'f')).toThrow(
      /nothing provides env\.abort, a function \(i32 i32 i32 i32\).*--use abort=; there is spectest\.\{print/,
    );
  });
});
