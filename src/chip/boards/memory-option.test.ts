import { describe, expect, it } from 'vitest';
import { findBoard } from './boards.ts';
import { withMemory } from './memory-option.ts';

const MB = 1 << 20;

describe('memory by option', () => {
  const devkit = findBoard('devkitc-n16r8');
  const bare = findBoard('bare-s3');

  it('leaves a board alone that is not asked for another', () => {
    expect(withMemory(devkit, {})).toBe(devkit);
  });

  it('changes what is asked for, with the usual size of another kind', () => {
    expect(withMemory(bare, { psram: 'quad' })).toMatchObject({ psramBytes: 2 * MB, psramMode: 'quad' });
    expect(withMemory(bare, { psram: 'octal', flashSize: 8 })).toMatchObject({
      flashBytes: 8 * MB,
      psramBytes: 8 * MB,
      psramMode: 'octal',
      package: { psramBytes: 8 * MB },
    });
    expect(withMemory(devkit, { psramSize: 2 })).toMatchObject({ psramBytes: 2 * MB, psramMode: 'octal' });
    expect(withMemory(devkit, { psram: 'none' })).toMatchObject({ psramBytes: 0, psramMode: undefined });
    expect(withMemory(bare, { psram: 'quad' }).name).toBe(
      `${bare.name} with 4 MB of flash and 2 MB of quad PSRAM`,
    );
  });

  it('gives PSRAM another clock', () => {
    expect(withMemory(devkit, { psramClock: 120 })).toEqual({ ...devkit, psramMegahertz: 120 });
    expect(withMemory(bare, { psram: 'octal', psramClock: 40 })).toMatchObject({ psramMegahertz: 40 });
    expect(withMemory(bare, { psram: 'quad', psramClock: 120 })).toMatchObject({ psramMegahertz: 120 });
  });

  it.each([
    [bare, { psramClock: 120 }, /--psram-clock is for PSRAM, and .* has none/],
    [bare, { psramSize: 2 }, /no PSRAM; say which kind/],
    [devkit, { psram: 'none', psramSize: 2 }, /contradict/],
    [bare, { psram: 'quad', psramSize: 16 }, /no ESP32-S3 has 16 MB of quad PSRAM; sizes are 2, 4, 8/],
  ] as const)('refuses what nobody sells', (board, choice, message) => {
    expect(() => withMemory(board, choice)).toThrow(message);
  });
});
