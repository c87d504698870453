/** Integer sums to single-precision logits, four rows in flight. */
import { kernel } from './kernel.ts';

const ROWS = 4;

export const logitsF32 = kernel('logits_f32', (asm, { y, scale, out, n, factor }) => {
  const registers = asm.pool('AR', 's0', 's1', 's2', 's3');
  const products = Object.values(registers);
  const scales = [factor, n]; // free once the loop runs
  const { unit, ...logits } = asm.pool('FR', 'unit', 'l0', 'l1', 'l2', 'l3');
  const values = Object.values(logits);
  asm.wfr(unit, factor);
  asm.srli(n, n, 2);
  asm.loopgtz(n, () => {
    for (const pair of [0, 2]) {
      for (const row of [pair, pair + 1]) asm.l16si(products[row], y, 2 * row);
      for (const row of [0, 1]) asm.l16si(scales[row], scale, 2 * (pair + row));
      for (const row of [0, 1]) asm.mull(products[pair + row], products[pair + row], scales[row]);
    }
    asm.addi(y, y, 2 * ROWS);
    asm.addi(scale, scale, 2 * ROWS);
    values.forEach((value, row) => void asm.float_s(value, products[row], 0));
    values.forEach((value) => void asm.mul_s(value, value, unit));
    values.forEach((value, row) => void asm.ssi(value, out, 4 * row));
    asm.addi(out, out, 4 * ROWS);
  });
  asm.ret();
});
