/** C compiler and GNU assembler of this machine, where it has them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Files } from '../component.ts';

export interface ToolResult {
  code: number | null;
  output: string;
}

export function runTool(command: string, args: readonly string[], input?: string): ToolResult {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', timeout: 60_000 });
  return { code: status, output: `${stdout ?? ''}${stderr ?? ''}` };
}

const isThere = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

export const hasCompiler: boolean = isThere('cc');
if (!hasCompiler) console.warn('idf tests: no cc on this machine; the C files are not compiled');

/** Debian's binutils-xtensa-lx106: knows the base instructions, not the windows, the FPU and the vector unit. */
export const GNU_ASSEMBLER = 'xtensa-lx106-elf-as';
export const hasGnuAssembler: boolean = isThere(GNU_ASSEMBLER);
if (!hasGnuAssembler)
  console.warn(`idf tests: no ${GNU_ASSEMBLER} on this machine; its opinion is not asked`);

/** A fresh folder with the files in it. */
export function writeFiles(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'esp32-llm-idf-'));
  for (const [path, contents] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
  return folder;
}

export const standins: string = fileURLToPath(new URL('./standins/', import.meta.url));

/**
 * What GNU as says to a source after the C preprocessor, instructions that its core does not have replaced by `nop`.
 * Empty: it takes it.
 */
export function askGnuAssembler(source: string): string {
  const preprocessed = runTool('cpp', ['-P', '-x', 'assembler-with-cpp'], source).output;
  const lines = preprocessed.split('\n');
  for (;;) {
    const { output } = runTool(GNU_ASSEMBLER, ['-o', '/dev/null', '-'], lines.join('\n'));
    const unknown = [
      ...output.matchAll(/:(\d+): Error: (unknown opcode|invalid register|bad register name)/g),
    ];
    if (unknown.length === 0) return output;
    for (const [, line] of unknown) lines[Number(line) - 1] = '\tnop';
  }
}
