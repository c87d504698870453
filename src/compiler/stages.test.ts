/** The stages in their printed form. */
import { expect, it } from 'vitest';
import { printStages } from './stages.ts';
import { assembleWat } from './testing/run.ts';

it('numbers virtual registers from 0', () => {
  const text = printStages(
    assembleWat(
      '(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))',
    ),
    { memory: 'chip', verify: true },
  );
  const selected = text.split('; selected')[1].split('; allocated')[0];
  const numbers = [...selected.matchAll(/\bv(\d+)\b/g)].map(([, number]) => Number(number));
  expect(Math.min(...numbers)).toBe(0);
  expect(Math.max(...numbers)).toBeLessThan(8);
});
