/** A kernel of this folder compiled by GCC for the chip, where one is installed, and run on the simulated core. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executeElf } from '../../src/chip/exec/index.ts';
import { assembleObject, linkFiles } from '../../src/xtensa/index.ts';
import type { Measured } from './ours.ts';

/** The chip's compiler, with assembler and libgcc beside it. */
export function findGcc(): string | undefined {
  const name = process.env.XTENSA_GCC ?? 'xtensa-esp32s3-elf-gcc';
  return spawnSync(name, ['--version']).status === 0 ? name : undefined;
}

/** Calls the kernel and writes out its result and CCOUNT before and behind the call; a2 = 4 is write, 1 is exit. */
const START = `
  .data
  .align 4
words: .space 12
  .text
  .literal_position
  .global _start
  .type _start, @function
_start:
  entry a1, 48
  movi a7, words
  rsr.ccount a6
  s32i a6, a7, 4
  call8 run
  rsr.ccount a6
  movi a7, words
  s32i a6, a7, 8
  s32i a10, a7, 0
  movi a2, 4
  movi a3, 1
  mov a4, a7
  movi a5, 12
  simcall
  movi a2, 1
  movi a3, 0
  simcall
`;

export function measureGcc(gcc: string, name: string): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-'));
  try {
    const [object, helpers] = [name, 'library'].map((part) => join(folder, `${part}.o`));
    compile(gcc, name, object);
    // Its loops must not become calls of themselves.
    compile(gcc, 'library', helpers, '-fno-tree-loop-distribute-patterns');
    const library = execFileSync(gcc, ['-print-libgcc-file-name'], { encoding: 'utf8' }).trim();
    const code = readFileSync(object);
    const files = [
      { file: 'start.o', bytes: assembleObject(START) },
      { file: object, bytes: code },
      { file: helpers, bytes: readFileSync(helpers) },
      { file: library, bytes: readFileSync(library) },
    ];
    const linked = linkFiles(files, { base: 0x40378000, dataBase: 0x3fc88000, entry: '_start' });
    const written: number[] = [];
    const { instructions } = executeElf(linked.elf(), { stdout: (bytes) => void written.push(...bytes) });
    const [result, before, after] = new Uint32Array(Uint8Array.from(written).buffer);
    return { result, cycles: (after - before) >>> 0, instructions, codeBytes: textBytes(gcc, object) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As for the chip's own programs; without -mlongcalls, since everything is near. */
function compile(gcc: string, name: string, object: string, ...options: readonly string[]): void {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  execFileSync(gcc, ['-O2', '-ffreestanding', '-fno-builtin', ...options, '-c', '-o', object, source]);
}

/** Code and literals. */
function textBytes(gcc: string, object: string): number {
  const listing = execFileSync(gcc.replace(/gcc$/, 'size'), ['-A', object], { encoding: 'utf8' });
  return [...listing.matchAll(/^\.(?:text|literal)\S*\s+(\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}
