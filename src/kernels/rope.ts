/** Rotates eight pairs at a time. */
import { kernel } from './kernel.ts';

export const rope = kernel('rope', (asm, { y, scale, angles, out, n }) => {
  const { odds, oddScale, sines, oddOut } = asm.pool('AR', 'odds', 'oddScale', 'sines', 'oddOut');
  const { even, odd, s, t, cosine, sine } = asm.pool('QR', 'even', 'odd', 's', 't', 'cosine', 'sine');
  for (const [odd, even] of [
    [odds, y],
    [oddScale, scale],
    [sines, angles],
    [oddOut, out],
  ])
    asm.addx2(odd, n, even);
  asm.ssai(15);
  asm.srli(n, n, 3);
  asm.loopgtz(n, () => {
    asm.ee_vld_128_ip(even, y, 16);
    asm.ee_vld_128_ip(s, scale, 16);
    asm.ee_vld_128_ip(odd, odds, 16);
    asm.ee_vld_128_ip(t, oddScale, 16);
    asm.ee_vmul_s16(even, even, s);
    asm.ee_vld_128_ip(cosine, angles, 16);
    asm.ee_vmul_s16(odd, odd, t);
    asm.ee_vld_128_ip(sine, sines, 16);
    asm.ee_vmul_s16(s, even, cosine);
    asm.ee_vmul_s16(t, odd, sine);
    asm.ee_vmul_s16(even, even, sine);
    asm.ee_vmul_s16(odd, odd, cosine);
    asm.ee_vsubs_s16(s, s, t);
    asm.ee_vadds_s16(even, even, odd);
    asm.ee_vst_128_ip(s, out, 16);
    asm.ee_vst_128_ip(even, oddOut, 16);
  });
  asm.ret();
});
