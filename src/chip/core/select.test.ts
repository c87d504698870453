/** What translations rest on, as one number. */
import { expect, it } from 'vitest';
import { packVariant, unpackVariant, type Variant } from './select.ts';

it('is packed into a number of its own for each, and comes back', () => {
  const flags = [false, true];
  const all: Variant[] = [1, 2, 3, 4].flatMap((free) =>
    flags.flatMap((fpu) =>
      flags.flatMap((pie) =>
        flags.flatMap((excm) => flags.map((debug) => ({ free, fpu, pie, excm, debug }))),
      ),
    ),
  );
  expect(all.map((variant) => unpackVariant(packVariant(variant)))).toEqual(all);
  expect(new Set(all.map(packVariant)).size).toBe(64);
});
