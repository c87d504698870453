import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../main.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'asm-'));
  mkdirSync(join(folder, 'include'));
  writeFileSync(join(folder, 'include', 'sizes.h'), '#pragma once\n#define SIZE (4*COUNT)\n');
  writeFileSync(join(folder, 'near.h'), '#include <sizes.h>\n');
  writeFileSync(
    join(folder, 'kernel.S'),
    '#include "near.h"\n#if !defined(COUNT)\n#error how many?\n#endif\n movi a2, SIZE\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; error: string }> {
  let error = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    error += text;
    return true;
  });
  try {
    return { code: await main(args), error };
  } finally {
    spy.mockRestore();
  }
}

describe('asm', () => {
  it('follows includes, and takes macros from the command line', async () => {
    const out = join(folder, 'kernel.bin');
    const kernel = join(folder, 'kernel.S');
    const given = ['-I', join(folder, 'include'), '-D', 'COUNT=3'];
    expect(await run('asm', kernel, ...given, '--out', out)).toEqual({ code: 0, error: '' });
    expect(readFileSync(out).toString('hex')).toBe('0cc2'); // movi.n a2, 12
    expect(await run('asm', kernel, '-I', join(folder, 'include'), '--out', out)).toEqual({
      code: 2,
      error: `esp32-llm: ${kernel}:3: #error how many?\n`,
    });
    expect((await run('asm', kernel, '--out', out)).error).toContain(
      'near.h:1: #include "sizes.h" was not found; name its folder with -I.',
    );
  });
});
