import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { needing } from '../testing/needs.ts';
import { createSimulatedBoard, serveTcp } from './index.ts';

/** Debian's package calls it `esptool`, pip `esptool.py`. */
const tool = ['esptool', 'esptool.py'].find((name) => spawnSync(name, ['version']).status === 0);
if (!tool)
  process.stderr.write('esptool is not installed; flashing with a tool that nobody here wrote is skipped\n');

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: 90_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

describe.skipIf(!tool)(needing("Espressif's esptool", !!tool, 'it is not installed'), () => {
  it('identifies, writes, verifies and reads back over TCP', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esptool-'));
    const board = createSimulatedBoard({ board: findBoard('t-camera-s3') });
    const served = await serveTcp(board, 0);
    const image = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) & 255);
    const path = join(folder, 'image.bin');
    writeFileSync(path, image);
    const port = ['--port', `socket://localhost:${served.port}`, '--before', 'no_reset', '--no-stub'];
    try {
      const output = await run(tool!, [...port, 'write_flash', '0x10000', path]);
      expect(output).toMatch(/Chip is ESP32-S3/);
      expect(output).toMatch(/Hash of data verified/);
      expect(Buffer.compare(board.chip.flash.subarray(0x10000, 0x10000 + image.length), image)).toBe(0);
      expect(await run(tool!, [...port, 'flash_id'])).toMatch(/Detected flash size: 16MB/);
    } finally {
      board.stop();
      await served.close();
      rmSync(folder, { recursive: true });
    }
  });
});
