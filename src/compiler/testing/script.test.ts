/** The runner of the official tests, on a folder made here: what passes, what fails, what is skipped by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assembleWat } from './run.ts';
import { runScript } from './script.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasm-script-'));
afterAll(() => rmSync(folder, { recursive: true }));

function script(name: string, modules: Record<string, string>, commands: object[]): string {
  for (const [file, text] of Object.entries(modules)) writeFileSync(join(folder, file), assembleWat(text));
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ source_filename: name, commands }));
  return path;
}

const invoke = (field: string, ...args: object[]) => ({ type: 'invoke', field, args });
const i32 = (value: number) => ({ type: 'i32', value: String(value >>> 0) });

describe('runScript', () => {
  it('runs returns, traps, imports between modules and the spectest module', () => {
    const path = script(
      'linked.json',
      {
        'a.wasm': `(module $a
          (import "spectest" "print_i32" (func $print (param i32)))
          (import "spectest" "global_i32" (global $given i32))
          (global (export "count") (mut i32) (i32.const 5))
          (memory (export "memory") 1 3)
          (table (export "table") 4 funcref) (elem (i32.const 1) $twice)
          (func $twice (export "twice") (param i32) (result i32)
            (call $print (local.get 0)) (i32.mul (i32.const 2) (local.get 0)))
          (func (export "given") (result i32) (global.get $given)))`,
        'b.wasm': `(module $b
          (import "a" "twice" (func $twice (param i32) (result i32)))
          (import "a" "count" (global $count (mut i32)))
          (import "a" "memory" (memory 1))
          (import "a" "table" (table 4 funcref))
          (type $unary (func (param i32) (result i32)))
          (data (i32.const 8) "\\2a")
          (func (export "use") (param i32) (result i32)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (i32.add (call $twice (global.get $count)) (i32.load8_u (i32.const 8))))
          (func (export "grow") (result i32) (memory.grow (i32.const 2)))
          (func (export "indirect") (param i32) (result i32)
            (call_indirect (type $unary) (local.get 0) (local.get 0))))`,
      },
      [
        { type: 'module', line: 1, filename: 'a.wasm' },
        { type: 'register', line: 2, as: 'a' },
        { type: 'assert_return', line: 3, action: invoke('given'), expected: [i32(666)] },
        { type: 'module', line: 4, name: '$b', filename: 'b.wasm' },
        { type: 'assert_return', line: 5, action: invoke('use', i32(0)), expected: [i32(54)] },
        { type: 'assert_return', line: 6, action: invoke('grow'), expected: [i32(1)] },
        { type: 'assert_return', line: 7, action: invoke('grow'), expected: [i32(-1)] },
        { type: 'assert_return', line: 8, action: invoke('indirect', i32(1)), expected: [i32(2)] },
        { type: 'assert_trap', line: 9, action: invoke('indirect', i32(0)), text: 'uninitialized element' },
        { type: 'assert_trap', line: 10, action: invoke('indirect', i32(4)), text: 'undefined element' },
      ],
    );
    expect(runScript(path, { verify: true })).toEqual({
      passed: 10,
      failures: [],
      skipped: new Map(),
      skips: [],
    });
  });

  it('runs what a module does without f64, and counts the rest by name', () => {
    const path = script(
      'f64.json',
      {
        'c.wasm': `(module (global (export "pi") f64 (f64.const 3.5)) (memory 1)
          (func (export "half") (param f64) (result f64) (f64.neg (local.get 0)))
          (func (export "put") (f64.store (i32.const 0) (f64.const 1)))
          (func (export "get") (result i32) (i32.load (i32.const 4))))`,
      },
      [
        { type: 'module', line: 1, filename: 'c.wasm' },
        { type: 'assert_return', line: 2, action: invoke('half', { type: 'f64', value: '0' }), expected: [] },
        { type: 'assert_return', line: 3, action: invoke('get'), expected: [i32(0)] },
        {
          type: 'assert_return',
          line: 4,
          action: { type: 'get', field: 'pi' },
          expected: [{ type: 'f64', value: '4615063718147915776' }],
        },
        { type: 'action', line: 5, action: invoke('put') },
        // What it would have stored is not there.
        { type: 'assert_return', line: 6, action: invoke('get'), expected: [i32(0x3ff00000)] },
        {
          type: 'assert_malformed',
          line: 7,
          filename: 'x.wat',
          module_type: 'text',
          text: 'unexpected token',
        },
      ],
    );
    expect(runScript(path)).toEqual({
      passed: 3,
      failures: [],
      skipped: new Map([
        ['f64', 3],
        ['text syntax', 1],
      ]),
      skips: [],
    });
  });

  it('says what went wrong', () => {
    const path = script(
      'wrong.json',
      { 'd.wasm': '(module (func (export "one") (result i32) (i32.const 1)))' },
      [
        { type: 'module', line: 1, filename: 'd.wasm' },
        { type: 'assert_return', line: 2, action: invoke('one'), expected: [i32(2)] },
        { type: 'assert_trap', line: 3, action: invoke('one'), text: 'unreachable' },
        { type: 'assert_invalid', line: 4, filename: 'd.wasm', module_type: 'binary', text: 'type mismatch' },
      ],
    );
    expect(runScript(path).failures).toEqual([
      'line 2: assert_return: one gave i32 0x1, expected i32 2',
      'line 3: assert_trap: did not trap',
      'line 4: assert_invalid: the module was accepted',
    ]);
  });
});
