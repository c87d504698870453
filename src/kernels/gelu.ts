/** gelu, eight lanes at a time; its constants stay in registers. */
import { value } from '../contract/index.ts';
import { broadcast16, enter, leave } from './common.ts';
import { VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

const { G0, G1, G2, G3, PLAIN_LOWEST } = value;

export const gelu = kernel('gelu', (asm, { y, out, n }) => {
  const { constant } = asm.pool('AR', 'constant');
  const { lowest, g3, g2, g1, g0, ...q } = asm.pool('QR', 'lowest', 'g3', 'g2', 'g1', 'g0', 'z', 'u', 'c');
  const { z, u, c } = q;
  enter(asm);
  for (const [vector, number] of [
    [lowest, PLAIN_LOWEST],
    [g3, G3],
    [g2, G2],
    [g1, G1],
    [g0, G0],
  ] as const) {
    asm.movi(constant, number);
    broadcast16(asm, vector, constant);
  }
  asm.srli(n, n, 3);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(z, y, VECTOR_BYTES);
    asm.ee_zero_q(c);
    asm.ssai(12);
    asm.ee_vsubs_s16(u, c, z);
    asm.ee_vmin_s16(u, u, z);
    asm.ee_vmax_s16(z, z, c);
    asm.ee_vmax_s16(u, u, lowest);
    asm.ee_vmul_s16(c, u, g3);
    for (const coefficient of [g2, g1]) {
      asm.ee_vadds_s16(c, c, coefficient);
      asm.ee_vmul_s16(c, u, c);
    }
    asm.ssai(15);
    asm.ee_vadds_s16(c, c, g0);
    for (let squaring = 0; squaring < 2; squaring++) asm.ee_vmul_s16(c, c, c);
    asm.ee_vmul_s16(c, u, c);
    asm.ee_vadds_s16(z, z, c);
    asm.ee_vst_128_ip(z, out, VECTOR_BYTES);
  });
  leave(asm);
});
