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

  it('answers what kernels ask of the core, where no toolchain is installed', async () => {
    const kernel = join(folder, 'asks.S');
    const out = join(folder, 'asks.bin');
    const source = [
      '#include "sdkconfig.h"',
      '#include <xtensa/config/core-isa.h>',
      '#include <xtensa/config/core-matmap.h>',
      '#if XCHAL_HAVE_LOOPS && XCHAL_HAVE_FP && XCHAL_HAVE_MAC16 && !XCHAL_HAVE_CONST16 && CONFIG_IDF_TARGET_ESP32S3',
      ' nop.n',
      '#endif',
    ];
    writeFileSync(kernel, source.join('\n'));
    expect(await run('asm', kernel, '--out', out)).toEqual({ code: 0, error: '' });
    expect(readFileSync(out).toString('hex')).toBe('3df0');
    // The toolchain's own, where it is named.
    writeFileSync(join(folder, 'include', 'sdkconfig.h'), '#error mine\n');
    expect((await run('asm', kernel, '-I', join(folder, 'include'))).error).toContain(
      'sdkconfig.h:1: #error mine',
    );
  });

  it('makes object files that link and exec take, several at a time', async () => {
    const at = (name: string): string => join(folder, name);
    writeFileSync(
      at('main.s'),
      '.global _start\n_start: entry a1, 32\n mov a10, a2\n call8 twice\n mov a2, a10\n retw\n',
    );
    writeFileSync(at('twice.s'), '.global twice\n.align 4\ntwice: entry a1, 32\n add a2, a2, a2\n retw\n');
    expect(await run('asm', at('main.s'), '-c', '-o', at('main.o'))).toEqual({ code: 0, error: '' });
    expect(await run('asm', at('twice.s'), '-c', '-o', at('twice.o'))).toEqual({ code: 0, error: '' });
    expect(await run('link', at('main.o'), at('twice.o'), '-o', at('main.elf'))).toEqual({
      code: 0,
      error: '',
    });
    // argc doubled
    expect((await run('exec', at('main.elf'), 'x', 'y')).code).toBe(6);
    expect((await run('exec', at('main.o'), at('twice.o'), '--', 'x')).code).toBe(4);
    expect((await run('exec', '--board', 't-camera-s3', at('main.o'), at('twice.o'))).code).toBe(2);
    expect(await run('exec', at('main.o'))).toEqual({
      code: 1,
      error: `esp32-llm: undefined symbol "twice", wanted by ${at('main.o')}, .text, "_start" + 0x5.\n`,
    });
    expect((await run('asm', at('main.s'), '-c', '--elf', at('x.elf'))).code).toBe(2);
    expect((await run('link', at('main.s'), '-o', at('x.elf'))).error).toContain('no ELF object file');
    process.exitCode = undefined;
  });
});
