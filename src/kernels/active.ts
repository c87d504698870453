/**
 * The feed-forward without the units whose gate is zero: they are listed once, then only their rows of the up matrix and their
 * columns of the down matrix are read.
 */
import { activeList, offsetOf, structureBytes } from '../contract/index.ts';
import { type AR, type Assembler, a1, a12, a13, a14, a15, type QR, qRegisters } from '../xtensa/index.ts';
import { broadcast16, enter, leave } from './common.ts';
import { scaledLimit, VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';
import { closeReadOut, loadQacc, openReadOut, readOut, storeQacc } from './qacc.ts';

const CHUNK = 16;
const COUNT = offsetOf(activeList, 'count');
const SHIFT = offsetOf(activeList, 'shift');
const UNITS = offsetOf(activeList, 'units');
const COLUMNS = offsetOf(activeList, 'columns');
const NUMBERS = structureBytes(activeList);

/** Bits of the units of a group of 16 in a mask whose highest bit, of 16, is the first unit; negative, as comparisons give -1. */
const MASKS = [0, 8].map((first) => Array.from({ length: 8 }, (_, lane) => -(1 << (15 - first - lane))));

export const reluList = kernel('relu_list', (asm, { y, scale, list, n, mantissa, shift }) => {
  const { mask, spare, unit } = asm.pool('AR', 'mask', 'spare', 'unit');
  const { g, h, s, t, zero, limit, factor, bits } = asm.pool(
    'QR',
    'g',
    'h',
    's',
    't',
    'zero',
    'limit',
    'factor',
    'bits',
  );
  const FRAME = 64;
  const TABLE = 32; // the masks' two vectors
  asm.addi(a1, a1, -FRAME);
  scaledLimit(asm, unit, 32767, 32767, mantissa, shift, spare);
  broadcast16(asm, limit, unit);
  broadcast16(asm, factor, mantissa);
  MASKS.flat().forEach((bit, lane) => {
    asm.movi(spare, bit);
    asm.s16i(spare, a1, TABLE + 2 * lane);
  });
  asm.ee_zero_q(zero);
  asm.s32i(list, a1, 0);
  asm.s32i(y, a1, 4);
  const at = mantissa; // the vectors' place in y
  asm.mov(at, y);
  asm.srli(n, n, 4);
  const [group, next, again] = ['group', 'next', 'again'].map((name) => asm.label(name));
  asm.movi(mask, 0);
  asm.place(group);
  asm.ee_vld_128_ip(g, at, VECTOR_BYTES);
  asm.ee_vld_128_ip(s, scale, VECTOR_BYTES);
  asm.ee_vld_128_ip(h, at, -VECTOR_BYTES);
  asm.ee_vld_128_ip(t, scale, VECTOR_BYTES);
  asm.ssai(15);
  asm.ee_vmul_s16(g, g, s);
  asm.ee_vmul_s16(h, h, t);
  asm.ee_vmin_s16(g, g, limit);
  asm.ee_vmin_s16(h, h, limit);
  asm.ee_vmax_s16(g, g, zero);
  asm.ee_vmax_s16(h, h, zero);
  asm.ssr(shift);
  asm.ee_vmul_s16(g, g, factor);
  asm.ee_vmul_s16(h, h, factor);
  asm.ee_zero_accx();
  asm.addi(spare, a1, TABLE);
  asm.ee_vcmp_gt_s16(s, g, zero);
  asm.ee_vld_128_ip(bits, spare, VECTOR_BYTES);
  asm.ee_vcmp_gt_s16(t, h, zero);
  asm.ee_vst_128_ip(g, at, VECTOR_BYTES);
  asm.ee_vmulas_s16_accx(s, bits);
  asm.ee_vld_128_ip(bits, spare, VECTOR_BYTES);
  asm.l32i(unit, a1, 4);
  asm.ee_vmulas_s16_accx(t, bits);
  asm.ee_vst_128_ip(h, at, VECTOR_BYTES);
  asm.sub(unit, at, unit);
  asm.ee_srs_accx(mask, mask, 0); // mask is 0 here
  asm.srli(unit, unit, 1);
  asm.addi(unit, unit, -CHUNK); // the group's first
  asm.beqz(mask, next);
  asm.slli(mask, mask, 16);
  asm.place(again);
  asm.nsau(spare, mask);
  asm.ssl(spare);
  asm.sll(mask, mask);
  asm.add(unit, unit, spare);
  asm.slli(mask, mask, 1);
  asm.s16i(unit, list, NUMBERS);
  asm.addi(unit, unit, 1);
  asm.addi(list, list, 2);
  asm.bnez(mask, again);
  asm.place(next);
  asm.addi(n, n, -1);
  asm.bnez(n, group);
  asm.l32i(spare, a1, 0);
  asm.sub(list, list, spare);
  asm.srli(list, list, 1);
  asm.s32i(list, spare, COUNT);
  asm.addi(a1, a1, FRAME);
  asm.ret();
});

/** Chunks of x that stay in registers, if there are no more than so many. */
const RESIDENT = 6;

export const matvecActive = kernel(
  'matvec_active',
  (asm, { weights, x, list, gates, scale, out }, { dim }) => {
    const chunks = dim / CHUNK;
    const { sum, row, left, shift } = asm.pool('AR', 'sum', 'row', 'left', 'shift');
    const [w0, w1] = qRegisters.slice(6);
    const [again, done] = [asm.label('again'), asm.label('done')];
    const resident = chunks <= RESIDENT;
    enter(asm);
    asm.l32i(shift, list, SHIFT);
    asm.movi(sum, 1);
    asm.addi(row, shift, -1);
    asm.ssl(row);
    asm.sll(sum, sum);
    asm.s32i(sum, a1, 0);
    asm.movi(sum, 0);
    asm.s32i(sum, a1, 4);
    asm.l32i(left, list, UNITS);
    asm.s32i(x, a1, 12);
    asm.ee_zero_q(w0);
    asm.mov(row, out);
    asm.srli(left, left, 2);
    asm.loopgtz(left, () => asm.ee_vst_128_ip(w0, row, VECTOR_BYTES));
    asm.l32i(left, list, COUNT);
    if (resident) for (let chunk = 0; chunk < chunks; chunk++) asm.ee_vld_128_ip(qRegisters[chunk], x, CHUNK);
    asm.mov(sum, a1);
    asm.ee_ld_accx_ip(sum, 0);
    /** One unit; `factor` is x's register, which is free once x is loaded. */
    const unit = (factor: AR): void => {
      asm.l16ui(sum, list, NUMBERS);
      asm.movi(row, dim);
      asm.addi(list, list, 2);
      asm.mull(row, row, sum);
      asm.addx2(factor, sum, scale);
      asm.addx2(sum, sum, gates);
      asm.add(row, row, weights);
      asm.l16si(factor, factor, 0);
      asm.l16si(sum, sum, 0);
      if (!resident) asm.s32i(factor, a1, 16);
      asm.s32i(sum, a1, 8);
      if (resident) residentRow(asm, chunks, row, w0, w1);
      else streamedRow(asm, chunks, row, x, sum, w0);
      if (!resident) asm.l32i(factor, a1, 16);
      asm.l32i(row, a1, 8);
      asm.ee_srs_accx(sum, shift, 0);
      asm.ee_ld_accx_ip(a1, 0);
      asm.mull(sum, sum, factor);
      asm.srai(sum, sum, 14); // of twice the sum, 15
      asm.mull(sum, sum, row);
      asm.s32i(sum, out, 0);
      asm.addi(out, out, 4);
    };
    if (resident) {
      asm.loopgtz(left, () => unit(x));
    } else {
      asm.beqz(left, done);
      asm.place(again);
      unit(x);
      asm.addi(left, left, -1);
      asm.bnez(left, again);
      asm.place(done);
    }
    leave(asm);
  },
);

/** Nothing behind the row is read: it would be a line of the cache, and the next row is another. x is in the registers from q0 on. */
function residentRow(asm: Assembler, chunks: number, row: AR, w0: QR, w1: QR): void {
  asm.ee_vld_128_ip(w0, row, CHUNK);
  if (chunks > 1) asm.ee_vld_128_ip(w1, row, CHUNK);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const [w, x] = [chunk % 2 ? w1 : w0, qRegisters[chunk]];
    if (chunk + 2 < chunks) asm.ee_vmulas_s8_accx_ld_ip(w, row, CHUNK, x, w);
    else asm.ee_vmulas_s8_accx(w, x);
  }
}

/** The same where x is read along with the row; two chunks in flight. */
function streamedRow(asm: Assembler, chunks: number, row: AR, x: AR, rounds: AR, w0: QR): void {
  const [x0, x1, w1] = [qRegisters[0], qRegisters[1], qRegisters[2]];
  asm.l32i(x, a1, 12);
  asm.ee_vld_128_ip(w0, row, CHUNK);
  asm.ee_vld_128_ip(w1, row, CHUNK);
  asm.ee_vld_128_ip(x0, x, CHUNK);
  asm.ee_vld_128_ip(x1, x, CHUNK);
  asm.movi(rounds, (chunks >> 1) - 1);
  asm.loop(rounds, () => {
    asm.ee_vmulas_s8_accx_ld_ip(w0, row, CHUNK, x0, w0);
    asm.ee_vld_128_ip(x0, x, CHUNK);
    asm.ee_vmulas_s8_accx_ld_ip(w1, row, CHUNK, x1, w1);
    asm.ee_vld_128_ip(x1, x, CHUNK);
  });
  if (chunks % 2) {
    asm.ee_vmulas_s8_accx_ld_ip(w0, row, CHUNK, x0, w0);
    asm.ee_vld_128_ip(x0, x, CHUNK);
  } else asm.ee_vmulas_s8_accx(w0, x0);
  asm.ee_vmulas_s8_accx(w1, x1);
  if (chunks % 2) asm.ee_vmulas_s8_accx(w0, x0);
}

/** Bytes that hold a12 to a15. */
const SAVED = 16;
/**
 * Units that all rows are gone through for before the next ones are: so many rows of weights stay in the cache until the last block of
 * 16 has been read out of them.
 */
const TOGETHER = 64;

/**
 * A block of 16 rows: QACC takes a column of it at a time, the weights as they lie, the activation in all lanes. The lanes hold the
 * sums, which are those of `matvec_hidden` without the products by zero.
 */
export const addColumns = kernel('add_columns', (asm, { weights, x, list, sums, rows }) => {
  const { stride, left, part, place, column } = asm.pool('AR', 'stride', 'left', 'part', 'place', 'column');
  const { w, v } = asm.pool('QR', 'w', 'v');
  const saved = [a12, a13, a14, a15];
  const [number, at, sum, blocks] = saved;
  const [together, block, done] = ['together', 'block', 'done'].map((name) => asm.label(name));
  asm.l32i(left, list, COUNT);
  asm.l32i(stride, list, COLUMNS);
  asm.addi(list, list, NUMBERS);
  asm.beqz(left, done);
  asm.addi(a1, a1, -SAVED);
  saved.forEach((register, index) => void asm.s32i(register, a1, 4 * index));
  asm.srli(rows, rows, 4);
  asm.place(together);
  asm.movi(part, TOGETHER);
  asm.min(part, part, left);
  asm.sub(left, left, part);
  asm.mov(column, weights);
  asm.mov(sum, sums);
  asm.mov(blocks, rows);
  asm.place(block);
  asm.mov(number, list);
  asm.mov(at, x);
  asm.l16ui(place, number, 0);
  loadQacc(asm, sum, -48);
  asm.ee_vldbc_8_ip(v, at, 1);
  asm.addi(number, number, 2);
  asm.mull(place, place, stride);
  asm.loop(part, () => {
    asm.add(place, place, column);
    asm.ee_vld_128_ip(w, place, 0);
    asm.l16ui(place, number, 0); // the one behind the last is read and not used
    asm.addi(number, number, 2);
    asm.mull(place, place, stride);
    asm.ee_vmulas_s8_qacc_ldbc_incp(v, at, w, v);
  });
  asm.addi(column, column, CHUNK);
  asm.addi(blocks, blocks, -1);
  storeQacc(asm, sum, 16);
  asm.bnez(blocks, block);
  asm.add(x, x, part);
  asm.addx2(list, part, list);
  asm.bnez(left, together);
  saved.forEach((register, index) => void asm.l32i(register, a1, 4 * index));
  asm.addi(a1, a1, SAVED);
  asm.place(done);
  asm.ret();
});

export const readColumns = kernel('read_columns', (asm, { sums, y, rows, shift }) => {
  const { seven, zero, rounding, save } = asm.pool('AR', 'seven', 'zero', 'rounding', 'save');
  const { lowest, high, low, half, ones } = asm.pool('QR', 'lowest', 'high', 'low', 'half', 'ones');
  const out = { zero, rounding, save, seven, shift, high, low, lowest };
  openReadOut(asm, out);
  asm.ee_vld_128_ip(lowest, rounding, VECTOR_BYTES);
  asm.ee_vld_128_ip(half, rounding, 0);
  asm.movi(zero, 1);
  asm.s8i(zero, a1, 0);
  asm.movi(zero, 0);
  asm.ee_vldbc_8(ones, a1);
  asm.srli(rows, rows, 4);
  asm.loop(rows, () => {
    loadQacc(asm, sums, 16);
    asm.ee_vmulas_s8_qacc(half, ones);
    asm.nop();
    readOut(asm, out, { step: 0 });
    for (const rounded of [low, high]) asm.ee_vst_128_ip(rounded, y, VECTOR_BYTES);
  });
  closeReadOut(asm);
});
