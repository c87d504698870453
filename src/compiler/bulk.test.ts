/** Bulk memory, tables and references. */
import { describe, expect, it } from 'vitest';
import { run } from './testing/run.ts';

describe('memory', () => {
  const program = run(`(module (memory 1)
    (data $text "hello, world")
    (data (i32.const 100) "0123456789abcdef")
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32 i32 i32) (memory.init $text (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop") (data.drop $text))
    (func (export "load") (param i32) (result i64) (i64.load (local.get 0))))`);
  const text = (at: number) => {
    const value = BigInt.asUintN(64, BigInt(program.call('load', at)));
    return Array.from({ length: 8 }, (_, i) =>
      String.fromCharCode(Number((value >> BigInt(8 * i)) & 255n)),
    ).join('');
  };

  it('copies overlapping ranges as if through a buffer, aligned and not', () => {
    for (const [to, from, count, wanted] of [
      [104, 100, 12, '01230123'],
      [101, 100, 8, '00123456'],
    ] as const) {
      program.call('copy', 200, 100, 16);
      program.call('copy', to, from, count);
      expect(text(100)).toBe(wanted);
      program.call('copy', 100, 200, 16);
    }
    program.call('copy', 100, 103, 9);
    expect(text(100)).toBe('3456789a');
    program.call('copy', 100, 200, 16);
  });

  it('fills with a byte, at any alignment', () => {
    program.call('fill', 301, 0x41 + 256, 9);
    expect([text(297), text(305)]).toEqual(['\0\0\0\0AAAA', 'AAAAA\0\0\0']);
    program.call('fill', 304, 0x42, 4);
    expect(text(302)).toBe('AABBBBAA');
  });

  it('takes bytes from a segment until it is dropped', () => {
    program.call('init', 400, 7, 5);
    expect(text(400)).toBe('world\0\0\0');
    expect(() => program.call('init', 400, 8, 5)).toThrow('out of bounds memory access');
    program.call('drop');
    program.call('init', 400, 0, 0);
    expect(() => program.call('init', 400, 0, 1)).toThrow('out of bounds memory access');
  });

  it('checks whole ranges before it writes, without wrapping', () => {
    expect(() => program.call('fill', 65000, 1, 600)).toThrow('out of bounds memory access');
    expect(text(65000)).toBe('\0'.repeat(8));
    expect(() => program.call('copy', 0, -1, 2)).toThrow('out of bounds memory access');
    expect(() => program.call('copy', 65536, 0, -1)).toThrow('out of bounds memory access');
    program.call('copy', 65536, 65536, 0);
  });
});

describe('tables', () => {
  const program = run(`(module
    (table $functions 4 funcref) (table $things 2 10 externref)
    (type $number (func (result i32)))
    (elem $some funcref (ref.func $one) (ref.null func) (ref.func $two))
    (elem declare func $one)
    (func $one (result i32) (i32.const 1))
    (func $two (result i32) (i32.const 2))
    (func (export "init") (param i32 i32 i32) (table.init $functions $some (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop") (elem.drop $some))
    (func (export "copy") (param i32 i32 i32) (table.copy $functions $functions (local.get 0) (local.get 1) (local.get 2)))
    (func (export "call") (param i32) (result i32) (call_indirect $functions (type $number) (local.get 0)))
    (func (export "put") (param i32) (table.set $functions (local.get 0) (ref.func $one)))
    (func (export "get") (param i32) (result externref) (table.get $things (local.get 0)))
    (func (export "set") (param i32 externref) (table.set $things (local.get 0) (local.get 1)))
    (func (export "grow") (param externref i32) (result i32) (table.grow $things (local.get 0) (local.get 1)))
    (func (export "fill") (param i32 externref i32) (table.fill $things (local.get 0) (local.get 1) (local.get 2)))
    (func (export "size") (result i32) (table.size $things))
    (func (export "isNull") (param externref) (result i32) (ref.is_null (local.get 0)))
    (func (export "choose") (param externref externref i32) (result externref)
      (select (result externref) (local.get 0) (local.get 1) (local.get 2))))`);

  it('initialises, copies and calls', () => {
    program.call('init', 1, 0, 3);
    expect(program.call('call', 1)).toBe('1');
    expect(() => program.call('call', 2)).toThrow('uninitialized element');
    program.call('copy', 0, 1, 3);
    expect([program.call('call', 0), program.call('call', 2)]).toEqual(['1', '2']);
    program.call('put', 1);
    expect(program.call('call', 1)).toBe('1');
    expect(() => program.call('copy', 2, 0, 3)).toThrow('out of bounds table access');
    program.call('drop');
    expect(() => program.call('init', 0, 0, 1)).toThrow('out of bounds table access');
  });

  it('holds references, grows and fills', () => {
    expect(program.call('get', 1)).toBe('null');
    program.call('set', 1, 7);
    const seven = program.call('get', 1);
    expect(seven).not.toBe('null');
    expect(program.call('grow', 9, 4)).toBe('2');
    expect(program.call('size')).toBe('6');
    expect(program.call('grow', 9, 5)).toBe('-1');
    program.call('fill', 0, 7, 2);
    expect(program.call('get', 0)).toBe(seven);
    expect(() => program.call('get', 6)).toThrow('out of bounds table access');
    expect(() => program.call('fill', 5, 7, 2)).toThrow('out of bounds table access');
    expect([program.call('isNull', 'null'), program.call('isNull', 0)]).toEqual(['1', '0']);
    expect(program.call('choose', 7, 'null', 1)).toBe(seven);
  });
});
