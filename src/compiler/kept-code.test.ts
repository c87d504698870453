/**
 * What large programs become, to the byte: a pass that no longer does its work in some corner gives code that is right, and another. The
 * programs do not change with the device's sources (data/README.md). Where the compiler gets better on purpose, the figures change with it.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dataBytes } from '../testing/shared-files.ts';
import { type CompileOptions, compileModule } from './index.ts';
import { randomLoops } from './testing/random-loops.ts';
import { randomModule } from './testing/random-module.ts';
import { assembleWat } from './testing/run.ts';
import { writeProgram } from './testing/tree.ts';

const program = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(dataBytes(`programs/${name}.wasm.gz`)));

/** Numbers that a program imports: small ones, and addresses. */
function numbersOf(wasm: Uint8Array): [name: string, value: number][] {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm.slice().buffer));
  return imports
    .filter(({ kind }) => kind === 'global')
    .map(({ module, name }, i) => [`${module}.${name}`, i % 2 ? 24 * i : 0x3fc90000 + 128 * i]);
}

/** Bytes of all sections, and what says that they are the same, with where they lead. */
function fingerprint(wasm: Uint8Array, options: CompileOptions): string {
  const { sections } = compileModule(wasm, { trapSymbol: 'trap', ...options }).object;
  const hash = createHash('sha1');
  for (const { name, bytes, relocations } of sections)
    hash.update(name).update(bytes).update(JSON.stringify(relocations));
  const bytes = sections.reduce((sum, section) => sum + section.bytes.length, 0);
  return `${bytes} bytes, ${hash.digest('hex').slice(0, 8)}`;
}

describe('the code of', () => {
  it('the program for the chip in floats', () => {
    const wasm = program('main');
    const globals = Object.fromEntries(numbersOf(wasm));
    expect(fingerprint(wasm, { globals, roots: 'exports' })).toBe('27642 bytes, eb235355');
  });

  it('the portable kernels', () => {
    const wasm = program('kernels');
    const numbers = numbersOf(wasm);
    const globals = Object.fromEntries(numbers);
    const variables = Object.fromEntries(
      numbers.map(([name], i) => [name, { symbol: 'words', offset: 4 * i }]),
    );
    expect([
      fingerprint(wasm, { globals, verify: true }),
      fingerprint(wasm, { variables, staticData: { base: 0, symbol: 'data' } }),
      fingerprint(wasm, { globals, memory: 'checked' }),
    ]).toEqual(['6002 bytes, ac05f375', '8805 bytes, a3ba72fc', '9986 bytes, bab787f1']);
  });

  it('a function with more registers than the allocator looks at one by one', () => {
    const values = 24;
    const of = (i: number) => `(local.get $v${i % values})`;
    const steps = Array.from(
      { length: 1200 },
      (_, i) =>
        `(local.set $v${(7 * i) % values} (i32.add (i32.mul ${of(5 * i)} ${of(11 * i + 1)}) ${of(i >> 3)}))`,
    );
    const text = `(module (func (export "f") (param $n i32) (result i32)
      ${Array.from({ length: values }, (_, i) => `(local $v${i} i32)`).join(' ')}
      (loop $more ${steps.join('\n')} (br_if $more (i32.lt_s ${of(3)} (local.get $n))))
      ${Array.from({ length: values }, (_, i) => of(i)).reduce((sum, value) => `(i32.xor ${sum} ${value})`)}))`;
    expect(fingerprint(assembleWat(text), {})).toBe('9142 bytes, f55fcf0d');
  });

  it('random modules and random loops', () => {
    const seeds = Array.from({ length: 6 }, (_, i) => 600 + i);
    expect(
      seeds.flatMap((seed) => [
        fingerprint(randomModule(seed, 60, true).bytes, { globals: { 'config.base': 0x3fc90000 } }),
        fingerprint(randomModule(seed, 60, false).bytes, { memory: 'checked' }),
        fingerprint(writeProgram(randomLoops(seed, false)), { memory: 'checked' }),
        fingerprint(writeProgram(randomLoops(seed, true), { based: true }), {
          globals: { 'config.base': 0x3fc90000 },
        }),
      ]),
    ).toEqual([
      '1907 bytes, 13f52d5f',
      '2246 bytes, fa46982f',
      '288 bytes, 46de222a',
      '201 bytes, b50f3396',
      '1719 bytes, a88cd152',
      '2081 bytes, f89229e6',
      '347 bytes, edbc1eaa',
      '190 bytes, 9929d6e4',
      '725 bytes, 5d831d53',
      '1171 bytes, 423a56ff',
      '359 bytes, 87d44948',
      '704 bytes, c5602787',
      '386 bytes, 2c7a3f38',
      '532 bytes, dfba2d55',
      '6410 bytes, 41d32d27',
      '6420 bytes, 9bb60838',
      '1146 bytes, 022472fa',
      '1387 bytes, d48be597',
      '897 bytes, 5c15cbd7',
      '2233 bytes, 677079d6',
      '946 bytes, a091a479',
      '1278 bytes, 4871e526',
      '305 bytes, 298c7f57',
      '372 bytes, 5d944572',
    ]);
  });
});
