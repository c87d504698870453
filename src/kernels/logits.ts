/** Logits as they leave the classifier's products, and the likeliest of them. */
import type { AR, Assembler, QR } from '../xtensa/index.ts';
import { broadcast32, enter, leave, spreadLargest32 } from './common.ts';
import { VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

const ELEMENTS = 16;
const GROUP_BYTES = 4 * ELEMENTS;

/** Every lane becomes the smallest s32. */
function smallest(asm: Assembler, vector: QR, spare: AR): void {
  asm.movi(spare, 1);
  asm.slli(spare, spare, 31);
  for (let lane = 0; lane < 4; lane++) asm.ee_movi_32_q(vector, spare, lane);
}

/** Exact products are put together from their two halves; the largest comes along with the stores. */
export const logitsS32 = kernel('logits_s32', (asm, { y, scale, out, n }) => {
  const { spare } = asm.pool('AR', 'spare');
  const { a, b, s, t, l0, l1, largest } = asm.pool('QR', 'a', 'b', 's', 't', 'l0', 'l1', 'largest');
  smallest(asm, largest, spare);
  asm.srli(n, n, 4);
  asm.ee_vld_128_ip(a, y, VECTOR_BYTES);
  asm.ee_vld_128_ip(s, scale, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, y, VECTOR_BYTES);
  asm.ee_vld_128_ip(t, scale, VECTOR_BYTES);
  asm.loopgtz(n, () => {
    asm.ssai(0);
    asm.ee_vmul_s16(l0, a, s);
    asm.ee_vmul_s16(l1, b, t);
    asm.ssai(16);
    asm.ee_vmul_s16_ld_incp(s, scale, a, a, s);
    asm.ee_vmul_s16_ld_incp(t, scale, b, b, t);
    asm.ee_vzip_16(l0, a);
    asm.ee_vzip_16(l1, b);
    for (const half of [l0, a, l1, b]) asm.ee_vmax_s32_st_incp(half, out, largest, largest, half);
    asm.ee_vld_128_ip(a, y, VECTOR_BYTES);
    asm.ee_vld_128_ip(b, y, VECTOR_BYTES);
  });
  spreadLargest32(asm, largest, a);
  asm.ee_movi_32_a(largest, y, 0);
  asm.ret();
});

export const largestS32 = kernel('largest_s32', (asm, { x, n }) => {
  const { spare } = asm.pool('AR', 'spare');
  const { a, b, largest } = asm.pool('QR', 'a', 'b', 'largest');
  smallest(asm, largest, spare);
  asm.srli(n, n, 3);
  asm.ee_vld_128_ip(a, x, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, x, VECTOR_BYTES);
  asm.loopgtz(n, () => {
    asm.ee_vmax_s32_ld_incp(a, x, largest, largest, a);
    asm.ee_vmax_s32_ld_incp(b, x, largest, largest, b);
  });
  spreadLargest32(asm, largest, a);
  asm.ee_movi_32_a(largest, x, 0);
  asm.ret();
});

/** Sixteen elements a turn; products of masks with themselves tell whether one was equal. */
export const findS32 = kernel('find_s32', (asm, { x, n, value }) => {
  const { hits, zero, start } = asm.pool('AR', 'hits', 'zero', 'start');
  const { a, b, wanted } = asm.pool('QR', 'a', 'b', 'wanted');
  const [found, again] = [asm.label('found'), asm.label('again')];
  enter(asm);
  broadcast32(asm, wanted, value);
  asm.mov(start, x);
  asm.movi(zero, 0);
  asm.ee_zero_accx();
  asm.ee_vld_128_ip(a, x, VECTOR_BYTES);
  asm.ee_vld_128_ip(b, x, VECTOR_BYTES);
  asm.srli(n, n, 4);
  asm.loopgtz(n, () => {
    for (let pair = 0; pair < 2; pair++) {
      asm.ee_vcmp_eq_s32(a, a, wanted);
      asm.ee_vcmp_eq_s32(b, b, wanted);
      asm.ee_vmulas_s16_accx_ld_ip(a, x, VECTOR_BYTES, a, a);
      asm.ee_vmulas_s16_accx_ld_ip(b, x, VECTOR_BYTES, b, b);
    }
    asm.nop();
    asm.ee_srs_accx(hits, zero, 0);
    asm.bnez(hits, found);
  });
  asm.place(found);
  asm.addi(x, x, -GROUP_BYTES - 2 * VECTOR_BYTES);
  asm.place(again);
  asm.l32i(hits, x, 0);
  asm.addi(x, x, 4);
  asm.bne(hits, value, again);
  asm.sub(x, x, start);
  asm.srli(x, x, 2);
  asm.addi(x, x, -1);
  leave(asm);
});
