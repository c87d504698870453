import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { createChip, findBoard } from '../chip/index.ts';
import { UsageError } from '../errors.ts';
import { boardFrom } from './firmware-options.ts';
import { watchScreen } from './screen.ts';

describe('boardFrom', () => {
  it('refuses a bare --screen on a board that has none, and says what to write', () => {
    expect(() => boardFrom({ board: 'bare-s3', screen: true })).toThrow(UsageError);
    expect(() => boardFrom({ board: 'bare-s3', screen: true })).toThrow(
      /has no screen; .*--screen ssd1306:sda=8,scl=9/,
    );
    expect(boardFrom({ board: 't-camera-s3', screen: true }).screen?.rotation).toBe(180);
  });

  it('wires a screen to any board', () => {
    expect(boardFrom({ board: 'bare-s3', screen: 'sh1106:sda=8,scl=9' }).screen?.controller).toBe('sh1106');
  });
});

describe('watchScreen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'screen-'));

  it('prints the picture to a pipe and writes the screenshot', async () => {
    const written: string[] = [];
    const screenshot = join(folder, 'dark.png');
    const watch = await watchScreen(
      { screen: true, screenshot },
      { write: (text) => written.push(text), columns: 80 },
    );
    const chip = createChip({ board: findBoard('t-camera-s3'), flashBytes: 1 << 20 });
    watch.onLook?.(chip);
    await watch.finish();
    watch.close();
    expect(written.join('').split('\n').length).toBe(20);
    expect(PNG.sync.read(readFileSync(screenshot)).width).toBe(552);
    rmSync(folder, { recursive: true });
  });

  it('does nothing where nobody asked', async () => {
    expect((await watchScreen({}, { write: () => {} })).onLook).toBeUndefined();
  });
});
