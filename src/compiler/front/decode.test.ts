/** Reading modules: hostile bytes, broken rules, refused features. */
import asc from 'assemblyscript/asc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileModule } from '../compile.ts';
import { InvalidModule, MalformedModule, UnsupportedModule } from '../errors.ts';
import { randomModule } from '../testing/random-module.ts';
import { assembleWat } from '../testing/run.ts';
import { decodeModule } from './decode.ts';
import { validateModule } from './validate.ts';

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Whatever the bytes, compiling ends, in code or in one of the errors that have one sentence. */
function survives(bytes: Uint8Array): void {
  try {
    compileModule(bytes, { memory: 'checked', imports: new Map() });
  } catch (error) {
    const known = [MalformedModule, InvalidModule, UnsupportedModule].some((kind) => error instanceof kind);
    if (!known) throw error;
    expect((error as Error).message).not.toContain('\n');
  }
}

describe('decodeModule', () => {
  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        survives(bytes);
        survives(Uint8Array.from([...header, ...bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it('survives damaged modules', () => {
    const good = Array.from({ length: 4 }, (_, seed) => randomModule(seed, 40).bytes);
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.nat(255), fc.boolean(), (which, place, value, cut) => {
        const at = 8 + (place % (good[which].length - 8));
        const bytes = cut ? good[which].slice(0, at) : good[which].slice();
        if (!cut) bytes[at] = value;
        survives(bytes);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['nothing', [], 'magic header not detected'],
    ['a count beyond the file', [...header, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f], 'length out of bounds'],
    ['a number of six bytes', [...header, 1, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0], 'representation too long'],
    ['a section after a later one', [...header, 5, 1, 0, 1, 1, 0], 'unexpected content'],
    ['functions without code', [...header, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0], 'inconsistent lengths'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeModule(Uint8Array.from(bytes))).toThrow(message);
  });

  it('refuses a body whose types do not fit, with the place', () => {
    const code = [1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b];
    const module = decodeModule(Uint8Array.from([...header, ...code]));
    expect(() => validateModule(module)).toThrow(
      'type mismatch (too few operands) at byte 24, in function 0',
    );
  });

  it('survives deep nesting', () => {
    const depth = 20_000;
    const body = [0, ...new Array(depth).fill([0x02, 0x40]).flat(), ...new Array(depth).fill(0x0b), 0x0b];
    const size = (n: number) => [(n & 0x7f) | 0x80, ((n >> 7) & 0x7f) | 0x80, n >> 14];
    const code = [1, ...size(body.length), ...body];
    survives(
      Uint8Array.from([...header, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, ...size(code.length), ...code]),
    );
  });
});

describe('refusals', () => {
  it('names the function that uses f64', () => {
    const wasm = assembleWat(
      '(module (func $half (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5))))',
    );
    expect(() => compileModule(wasm)).toThrow(/half \(byte \d+\) uses f64, which is not supported; use f32/);
  });

  it('names the function that uses SIMD', () => {
    const body = [0, 0xfd, 12, ...new Array(16).fill(0), 0x1a, 0x0b];
    const code = [1, body.length, ...body];
    const exported = [7, 5, 1, 1, 0x66, 0, 0];
    const wasm = [...header, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, ...exported, 10, code.length, ...code];
    expect(() => compileModule(Uint8Array.from(wasm))).toThrow('uses SIMD');
  });

  it('names the source line where there is a source map', async () => {
    const files = new Map<string, string | Uint8Array>([
      ['main.ts', 'export function half(x: f32): f32 {\n  // promoted\n  return <f32>(<f64>x * 0.3);\n}\n'],
    ]);
    const { error } = await asc.main(
      ['main.ts', '-O', '--runtime', 'stub', '--sourceMap', '--outFile', 'out.wasm'],
      {
        readFile: (name) => (files.get(name) as string | undefined) ?? null,
        writeFile: (name, contents) => void files.set(name, contents),
        listFiles: () => [],
      },
    );
    expect(error).toBeNull();
    const sourceMap = String(files.get('out.wasm.map'));
    expect(() => compileModule(files.get('out.wasm') as Uint8Array, { sourceMap })).toThrow(
      /main\.ts:3:\d+\) uses f64/,
    );
  });
});
