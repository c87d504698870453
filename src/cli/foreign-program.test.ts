/** The example of docs/how-to/foreign-program.md, made by a compiler that nobody here wrote. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/index.ts';
import { executeOnBoard } from '../chip/soc/index.ts';
import { dataText } from '../testing/shared-files.ts';

const GCC = 'xtensa-lx106-elf-gcc';
const hasGcc = spawnSync(GCC, ['--version']).status === 0;
const example = (name: string) =>
  fileURLToPath(new URL(`../../examples/foreign-program/${name}`, import.meta.url));

/** The sources' SHA-256, and what GCC 12.2 makes of them (gzip, base64): data/README.md. */
const recorded: { sources: string; elf: string } = JSON.parse(dataText('goldens/foreign-program.json'));

/** What GCC makes of the example here, or made of the very same where it was recorded. */
function compile(): Uint8Array {
  const hash = createHash('sha256');
  for (const name of ['sum.c', 'board.ld'])
    hash.update(readFileSync(example(name), 'utf8').replaceAll('\r', ''));
  expect(hash.digest('hex'), 'the example has changed: data/README.md says how to record anew').toBe(
    recorded.sources,
  );
  if (!hasGcc) return gunzipSync(Buffer.from(recorded.elf, 'base64'));
  const folder = mkdtempSync(join(tmpdir(), 'foreign-'));
  try {
    const elf = join(folder, 'sum.elf');
    const flags = ['-O2', '-nostdlib', '-ffreestanding', '-T', example('board.ld'), '-o', elf];
    const { status, stderr } = spawnSync(GCC, [...flags, example('sum.c')], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return readFileSync(elf);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the example of foreign programs', () => {
  it('adds on two cores from PSRAM, sooner with longer lines and in octal PSRAM', () => {
    const elf = compile();
    const cycles = (board: string, dataCache?: { bytes: number; ways: number; lineBytes: number }) => {
      let output = '';
      const stdout = (bytes: Uint8Array) => void (output += String.fromCharCode(...bytes));
      const { exitCode, warnings } = executeOnBoard(elf, {
        board: findBoard(board),
        dataCache,
        stdout,
        maxCycles: 1e8,
      });
      expect([exitCode, warnings]).toEqual([0, []]);
      const [, taken] = /^sum 0x7fff8000, 0x([0-9a-f]{8}) cycles\n$/.exec(output)!;
      return Number.parseInt(taken, 16);
    };
    const usual = cycles('devkitc-n16r8');
    // 8192 lines of 32 bytes, 126 cycles each when one waits for the other (docs/esp32-s3.md B5), whoever asks.
    expect(usual / (8192 * 126)).toBeGreaterThan(0.95);
    expect(usual / (8192 * 126)).toBeLessThan(1.15);
    expect(cycles('devkitc-n16r8', { bytes: 64 << 10, ways: 8, lineBytes: 64 })).toBeLessThan(usual);
    expect(cycles('s3-zero')).toBeGreaterThan(1.8 * usual);
  });
});
