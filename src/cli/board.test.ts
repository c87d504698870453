/** `board` of dist/ as a process: how it ends when its firmware does something that the simulator cannot do. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../testing/free-port.ts';

const entry = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'board-verb-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** ESP-IDF's way of saying hello: one call of the ROM's ets_printf (0x400005d0) from RAM. */
const HELLO =
  'e902000008003840ee0000000900000000ffff00000000010000ca3f1000000048656c6c6f20776f726c64210a00000000003840180000' +
  '000000ca3fd0050040364100a1fdff81fdffe00800c6fcff00000000000000000000000000000000dea5f786f08b146b1ea320cd0306a0' +
  '3d9daf0350c276ec20a10e03bbe8cafa668d';

/** Runs the verb until it ends by itself, or `until` says that it shall be told to. */
function runBoard(args: readonly string[], until?: (stderr: string) => boolean) {
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [entry, 'board', ...args], { timeout: 60_000 });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      if (until?.(stderr)) child.kill('SIGTERM');
    });
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

describe('board', () => {
  it('ends with one sentence, and gives its port back, when the firmware calls the ROM', async () => {
    const flash = join(folder, 'hello.bin');
    writeFileSync(flash, Buffer.from(HELLO, 'hex'));
    const port = await freePort();
    const { code, stderr } = await runBoard(['--flash', flash, '--tcp', String(port)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^esp32-llm: .*ROM function ets_printf at 0x400005d0.*$/m);
    expect(stderr).not.toMatch(/internal error|\n\s+at /);
    await new Promise<void>((resolve, reject) => {
      const server = createServer().once('error', reject);
      server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
    });
  });

  it('obeys SIGTERM', async () => {
    const { code } = await runBoard(['--flash', join(folder, 'empty.bin'), '--tcp', '0'], (text) =>
      text.includes('Ctrl-C ends it'),
    );
    expect(code).toBe(0);
  });
});
