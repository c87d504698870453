import { describe, expect, it } from 'vitest';
import { listFunction } from './listing.ts';
import { smallFirmware } from './testing.ts';

describe('the listing of a function', () => {
  it('is the code that was built, kernels included', () => {
    const firmware = smallFirmware();
    const lines = listFunction(firmware, 'matvec_dim');
    expect(lines.filter(({ text }) => text.startsWith('ee.vsmulas')).length).toBeGreaterThan(10);
    for (const { name, entry } of firmware.code.filter((range) =>
      /^(device|attention|swiglu)/.test(range.name),
    )) {
      const listed = listFunction(firmware, name);
      expect(listed.find(({ address }) => address === entry)?.opcode, name).toBeDefined();
    }
    expect(() => listFunction(firmware, 'nothing')).toThrow(/no function nothing/);
  });
});
