import { describe, expect, it } from 'vitest';
import { checkRomFetch, ROM_PLACES, RomCallError, RomEntered } from './stub.ts';

/** Where a core ends up that fetches from an address of the ROM; undefined where it goes on. */
function outcome(address: number): string | undefined {
  try {
    checkRomFetch(address);
    return undefined;
  } catch (error) {
    if (error instanceof RomEntered) {
      expect(error.address).toBe(address);
      return error.place;
    }
    expect(error).toBeInstanceOf(RomCallError);
    return 'refused';
  }
}

describe('a fetch from the ROM', () => {
  it('goes on in the window vectors, up to their last byte', () => {
    expect([0x40000000, 0x40000040, 0x4000017f].map(outcome)).toEqual([undefined, undefined, undefined]);
    expect(outcome(0x40000181)).toBe('refused');
  });

  it('ends in the host at the vectors of levels, exceptions and reset (docs/esp32-s3.md C7), and at the ROM’s own returns', () => {
    const base = 0x40000000;
    const vectors = Object.entries({
      interrupt: [0x180, 0x1c0, 0x200, 0x240, 0x2c0],
      exception: [0x280, 0x300, 0x340, 0x3c0],
      reset: [0x400],
      'core1-wait': [0x475],
      'core1-done': [0x34c48, 0x43a46],
      'user-code-done': [0x43ab9, 0x45c04],
    });
    for (const [place, offsets] of vectors)
      for (const offset of offsets) expect([offset, outcome(base + offset)]).toEqual([offset, place]);
    expect(ROM_PLACES.size).toBe(vectors.flatMap(([, offsets]) => offsets).length);
  });

  it('is refused by name elsewhere', () => {
    expect(() => checkRomFetch(0x400005d0)).toThrow(/the ROM function ets_printf at 0x400005d0/);
    expect(() => checkRomFetch(0x40012345)).toThrow(/called into the ROM at 0x40012345/);
  });
});
