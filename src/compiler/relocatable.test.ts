/** Code without fixed addresses: numbers that are words of memory, static data behind a symbol. */

import { describe, expect, it } from 'vitest';
import createWabt from 'wabt';
import { compileModule } from './index.ts';

const BASE = 0x5eed0000;

async function compile(text: string, options: Parameters<typeof compileModule>[1]) {
  const wabt = await createWabt();
  return compileModule(wabt.parseWat('test.wat', text).toBinary({}).buffer, options);
}

describe('compileModule without fixed addresses', () => {
  it('reads a variable once a function, from its word', async () => {
    const { object, externals } = await compile(
      `(module (import "config" "logits" (global $logits i32)) (import "config" "count" (global $count i32))
        (memory 1)
        (func (export "sum") (result i32) (local i32 i32)
          (loop $more
            (local.set 0 (i32.add (local.get 0) (i32.load (i32.add (global.get $logits) (local.get 1)))))
            (br_if $more (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 4))) (global.get $count))))
          (i32.add (local.get 0) (global.get $logits))))`,
      { globals: { 'config.count': 400 }, variables: { 'config.logits': { symbol: 'words', offset: 8 } } },
    );
    expect(externals).toEqual(['words']);
    const code = object.sections.find(({ name }) => name.startsWith('.text'))!;
    expect(code.relocations.filter(({ symbol }) => symbol === 'words')).toHaveLength(1);
  });

  it('puts static data behind a symbol and addresses into it relative to that', async () => {
    const { object, data, externals } = await compile(
      `(module (memory 1) (data (i32.const ${BASE + 16}) "\\01\\02\\03\\04")
        (func (export "at") (result i32) (i32.const ${BASE + 16}))
        (func (export "load") (param i32) (result i32) (i32.load offset=${BASE + 16} (local.get 0))))`,
      { staticData: { base: BASE, symbol: 'static' } },
    );
    expect(data).toEqual([]);
    expect(externals).toEqual([]);
    const section = object.sections.find(({ name }) => name === '.data.static')!;
    expect([...section.bytes.subarray(16, 20)]).toEqual([1, 2, 3, 4]);
    expect(section.symbols.get('static')).toBe(0);
    expect([section.align, section.attributes?.execute]).toEqual([16, false]);
    const wanted = object.sections.flatMap(({ relocations }) => relocations);
    expect(wanted.filter(({ symbol, addend }) => symbol === 'static' && addend === 16)).toHaveLength(2);
  });

  it('refuses a segment outside of the static data', async () => {
    await expect(
      compile('(module (memory 1) (data (i32.const 64) "x"))', {
        staticData: { base: BASE, symbol: 'static' },
      }),
    ).rejects.toThrow(/static data/);
  });
});
