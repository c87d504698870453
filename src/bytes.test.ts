import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes, latin1, latin1Bytes } from './bytes.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

test('latin1 text is what Buffer makes of the same bytes, and leads back to them', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      expect(latin1(value)).toBe(Buffer.from(value).toString('latin1'));
      expect(latin1Bytes(latin1(value))).toEqual(value);
    }),
  );
  const long = Uint8Array.from({ length: 100_000 }, (_, i) => i);
  expect(latin1(long)).toBe(Buffer.from(long).toString('latin1'));
});

test('bytes sort as Buffer sorts them', () => {
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      expect(Math.sign(compareBytes(one, other))).toBe(Buffer.compare(one, other));
    }),
  );
});
