/** `compile --out`: the text is a whole program, initial memory included. */
import { describe, expect, it } from 'vitest';
import { assembleText, link, printAssembly, sequentially } from '../xtensa/index.ts';
import { compileModule } from './compile.ts';
import { assembleWat } from './testing/run.ts';

const wat = `(module (memory (export "m") 1)
  (data (i32.const 16) "hello, world") (data (i32.const 0x1000) "\\01\\02\\03")
  (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))`;

/** The program after a round through its text, linked; what lies at a symbol. */
function assembled(
  memory: 'chip' | 'checked',
  symbol: string,
): (offset: number, bytes: number) => Uint8Array {
  const { object } = compileModule(assembleWat(wat), { memory, contents: true, verify: true });
  const again = assembleText(printAssembly(object));
  const { segments, symbols } = link([again], sequentially(0x40000000), {
    symbols: new Map([['stack.limit', 0]]),
  });
  return (offset, length) => {
    const at = (symbols.get(symbol) ?? 0) + offset;
    const found = segments.find(({ address, bytes }) => at >= address && at < address + bytes.length);
    return found ? found.bytes.subarray(at - found.address, at - found.address + length) : new Uint8Array(0);
  };
}

describe('the contents of memory as part of a program', () => {
  it('chip: a table of segments for the start of the program to copy', () => {
    const at = assembled('chip', '__wasm_data');
    const words = new Uint32Array(at(0, 28).slice().buffer);
    expect([...words.slice(0, 2), ...words.slice(3, 5), words[6]]).toEqual([16, 12, 0x1000, 3, 0]);
    expect(new TextDecoder().decode(at(28, 12))).toBe('hello, world');
    expect([...at(40, 3)]).toEqual([1, 2, 3]);
  });

  it('only what is there from the start', () => {
    const passive = wat.replace('(func', '(data $later "not yet") (func');
    const { data } = compileModule(assembleWat(passive), { memory: 'chip' });
    expect(data.map(({ address, bytes }) => [address, bytes.length])).toEqual([
      [16, 12],
      [0x1000, 3],
    ]);
  });

  it('where an imported number says, which has to be known', () => {
    const moved = assembleWat(
      '(module (import "config" "at" (global $at i32)) (memory 1) (data (global.get $at) "abc"))',
    );
    const { data } = compileModule(moved, { memory: 'chip', globals: { 'config.at': 4096 } });
    expect(data.map(({ address }) => address)).toEqual([4096]);
    expect(() => compileModule(moved, { memory: 'chip' })).toThrow(/config\.at has no value/);
  });

  it('once: what tables are filled with is not kept beside them', () => {
    const kept = (mode: string, body: string) =>
      compileModule(
        assembleWat(
          `(module (table (export "t") 2 funcref) (elem ${mode} func $f) (func $f (export "f") ${body}))`,
        ),
        { memory: 'checked' },
      ).object.sections.filter(({ name }) => name === '.data.segments').length;
    const init = '(table.init 0 (i32.const 0) (i32.const 0) (i32.const 0))';
    expect([kept('', init), kept('(i32.const 0)', '')]).toEqual([1, 0]);
  });

  it('checked: the memory itself, as large as it is from the start', () => {
    const { object } = compileModule(assembleWat(wat), { memory: 'checked', contents: true });
    const section = object.sections.find(({ name }) => name === '.data.contents');
    expect(section?.bytes.length).toBe(65536);
    const executable = object.sections.filter(({ attributes }) => attributes?.execute);
    expect(executable.map(({ name }) => name)).toEqual(['.text.f', '.text.__wasm_trap']);
    expect(new TextDecoder().decode(section?.bytes.subarray(16, 28))).toBe('hello, world');
    expect([...(section?.bytes.subarray(0x1000, 0x1003) ?? [])]).toEqual([1, 2, 3]);
    expect(printAssembly(object)).toContain('.word\t0x6c6c6568');
  });
});
