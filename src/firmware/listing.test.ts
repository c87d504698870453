import { describe, expect, it } from 'vitest';
import { createListing } from './listing.ts';
import { smallFirmware } from './testing.ts';

describe('the listing of a function', () => {
  it('is the code that was built, kernels included', () => {
    const firmware = smallFirmware();
    const list = createListing(firmware);
    const lines = list('matvec_dim');
    expect(lines.filter(({ text }) => text.startsWith('ee.vsmulas')).length).toBeGreaterThan(10);
    for (const { name, entry } of firmware.code.filter((range) =>
      /^(device|attention|swiglu)/.test(range.name),
    )) {
      const listed = list(name);
      expect(listed.find(({ address }) => address === entry)?.opcode, name).toBeDefined();
    }
    expect(() => list('nothing')).toThrow(/no function nothing/);
  });
});
