/**
 * y = W x in single precision: 128-bit loads and fused multiply-adds into four sums, so that a sum's four cycles of latency are
 * filled by the others.
 */
import { kernel } from './kernel.ts';

const LANES = [0, 1, 2, 3] as const;

export const matvecF32 = kernel('matvec_f32', (asm, { weights, x, columns, y, rows }) => {
  const { vector } = asm.pool('AR', 'vector');
  const { w0, w1, w2, w3 } = asm.pool('FR', 'w0', 'w1', 'w2', 'w3');
  const { x0, x1, x2, x3 } = asm.pool('FR', 'x0', 'x1', 'x2', 'x3');
  const { s0, s1, s2, s3 } = asm.pool('FR', 's0', 's1', 's2', 's3');
  const [w, v, sums] = [
    [w0, w1, w2, w3],
    [x0, x1, x2, x3],
    [s0, s1, s2, s3],
  ];
  const again = asm.label('row');
  asm.srli(columns, columns, 2);
  asm.place(again);
  asm.mov(vector, x);
  for (const sum of sums) asm.const_s(sum, 0);
  asm.loopgtz(columns, () => {
    asm.ee_ldf_128_ip(w3, w2, w1, w0, weights, 16);
    asm.ee_ldf_128_ip(x3, x2, x1, x0, vector, 16);
    for (const lane of LANES) asm.madd_s(sums[lane], w[lane], v[lane]);
  });
  asm.add_s(s0, s0, s1);
  asm.add_s(s2, s2, s3);
  asm.addi(rows, rows, -1);
  asm.add_s(s0, s0, s2);
  asm.ssi(s0, y, 0);
  asm.addi(y, y, 4);
  asm.bnez(rows, again);
  asm.ret();
});
