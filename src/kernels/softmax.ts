/**
 * Exponentials of 16 scores at a time, their sum, and the int8 weights of the values.
 * Two streams of eight lanes take turns, so that no product is used by the next instruction; the constants ride along.
 */
import { softmaxOffset } from '../contract/index.ts';
import type { AR, Assembler, QR } from '../xtensa/index.ts';
import { EXPONENTIAL, LOWEST, scaledLimit, VECTOR_BYTES, writeTable } from './constants.ts';
import { kernel } from './kernel.ts';

/** Offsets in the table, whose vectors stand in the order of their use. */
const LARGEST = softmaxOffset('largest');
const SHIFT = softmaxOffset('shift');
const VALUE_SHIFT = softmaxOffset('valueShift');
const TABLE_VECTORS = SHIFT / VECTOR_BYTES;

interface Registers {
  scores: AR;
  scales: AR;
  weights: AR;
  table: AR;
  shift: AR;
  valueShift: AR;
  x: readonly [QR, QR];
  p: readonly [QR, QR];
  k: readonly [QR, QR, QR];
  scale: QR;
}

/** One group: x holds its scores, k[0] the largest and k[1] the lowest; and again the next group's at the end. */
function group(
  asm: Assembler,
  { scores, scales, weights, table, shift, valueShift, x, p, k, scale }: Registers,
): void {
  const both = (step: (i: 0 | 1) => void) => {
    step(0);
    step(1);
  };
  asm.ee_vsubs_s16_ld_incp(k[2], table, x[0], x[0], k[0]); // k2 = mantissa
  asm.ee_vsubs_s16_ld_incp(k[0], table, x[1], x[1], k[0]); // k0 = E3
  asm.ee_vmax_s16(x[0], x[0], k[1]);
  asm.ee_vmax_s16_ld_incp(k[1], table, x[1], x[1], k[1]); // k1 = E2
  asm.ssr(shift);
  asm.ee_vmul_s16(x[0], x[0], k[2]);
  asm.ee_vmul_s16_ld_incp(k[2], table, x[1], x[1], k[2]); // k2 = E1
  asm.ssai(15);
  asm.ee_vmul_s16(p[0], x[0], k[0]);
  asm.ee_vmul_s16_ld_incp(k[0], table, p[1], x[1], k[0]); // k0 = 1
  asm.ee_vadds_s16(p[0], p[0], k[1]);
  asm.ee_vadds_s16_ld_incp(k[1], table, p[1], p[1], k[1]); // k1 = half
  both((i) => asm.ee_vmul_s16(p[i], x[i], p[i]));
  both((i) => asm.ee_vadds_s16(p[i], p[i], k[2]));
  both((i) => asm.ee_vmul_s16_ld_incp(x[i], scores, p[i], x[i], p[i]));
  both((i) => asm.ee_vadds_s16(p[i], p[i], k[0]));
  asm.ee_vmul_s16_ld_incp(scale, scales, p[0], p[0], p[0]);
  asm.ee_vmul_s16_ld_incp(k[2], scales, p[1], p[1], p[1]);
  for (let squaring = 1; squaring < 4; squaring++) both((i) => asm.ee_vmul_s16(p[i], p[i], p[i]));
  asm.ee_vmulas_s16_accx(p[0], k[0]);
  asm.ee_vmulas_s16_accx_ld_ip(k[0], table, VECTOR_BYTES, p[1], k[0]); // k0 = largest
  asm.ssr(valueShift);
  asm.ee_vmul_s16(p[0], p[0], scale);
  asm.ee_vmul_s16(p[1], p[1], k[2]);
  asm.ee_vadds_s16(p[0], p[0], k[1]);
  asm.ee_vadds_s16_ld_incp(k[1], table, p[1], p[1], k[1]); // k1 = lowest
  asm.ee_vunzip_8(p[0], p[1]);
  asm.ee_vst_128_ip(p[1], weights, VECTOR_BYTES);
  asm.addi(table, table, -TABLE_VECTORS * VECTOR_BYTES);
}

/** The constants, written once for all heads with the same factors; the two shifts lie behind them. */
export const softmaxTable = kernel('softmax_table', (asm, { table, mantissa, shift, valueShift }) => {
  const { lowest, spare, at } = asm.pool('AR', 'lowest', 'spare', 'at');
  const { vector } = asm.pool('QR', 'vector');
  const [e3, e2, e1, one] = EXPONENTIAL;
  asm.s32i(shift, table, SHIFT);
  asm.s32i(valueShift, table, VALUE_SHIFT);
  scaledLimit(asm, lowest, -LOWEST, 32768, mantissa, shift, spare);
  asm.neg(lowest, lowest);
  asm.mov(at, table);
  writeTable(asm, at, [mantissa, e3, e2, e1, one, 128, 0, lowest], spare, vector);
  asm.ret();
});

export const softmax = kernel(
  'softmax',
  (asm, { scores, valueScales: scales, weights, groups, largest, table }) => {
    const { shift, valueShift } = asm.pool('AR', 'shift', 'valueShift');
    const { x0, x1, p0, p1, k0, k1, k2, scale } = asm.pool(
      'QR',
      'x0',
      'x1',
      'p0',
      'p1',
      'k0',
      'k1',
      'k2',
      'scale',
    );
    asm.s16i(largest, table, LARGEST);
    asm.l32i(shift, table, SHIFT);
    asm.l32i(valueShift, table, VALUE_SHIFT);
    asm.addi(table, table, LARGEST);
    asm.ee_vldbc_16(k0, table);
    asm.ee_vld_128_ip(x0, scores, VECTOR_BYTES);
    asm.ee_vst_128_ip(k0, table, VECTOR_BYTES);
    asm.ee_vld_128_ip(k1, table, -LARGEST - VECTOR_BYTES);
    asm.ee_vld_128_ip(x1, scores, VECTOR_BYTES);
    asm.ee_zero_accx();
    asm.loopgtz(groups, () =>
      group(asm, {
        scores,
        scales,
        weights,
        table,
        shift,
        valueShift,
        x: [x0, x1],
        p: [p0, p1],
        k: [k0, k1, k2],
        scale,
      }),
    );
    asm.movi(shift, 15);
    asm.ee_srs_accx(scores, shift, 0);
    asm.ret();
  },
);
