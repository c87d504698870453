/**
 * The feed-forward without the units whose gate is zero: they are listed once, then only their rows of the up matrix and their
 * columns of the down matrix are read.
 */
import { activeList, offsetOf, structureBytes, value } from '../contract/index.ts';
import { type AR, type Assembler, a1, a12, a13, a14, a15, type QR, qRegisters } from '../xtensa/index.ts';
import { broadcast16, enter, leave } from './common.ts';
import { scaledLimit, VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

const CHUNK = 16;
const COUNT = offsetOf(activeList, 'count');
const SHIFT = offsetOf(activeList, 'shift');
const UNITS = offsetOf(activeList, 'units');
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
      asm.srai(sum, sum, 15);
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

/** x is in the registers from q0 on. */
function residentRow(asm: Assembler, chunks: number, row: AR, w0: QR, w1: QR): void {
  asm.ee_vld_128_ip(w0, row, CHUNK);
  asm.ee_vld_128_ip(w1, row, CHUNK);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const w = chunk % 2 ? w1 : w0;
    asm.ee_vmulas_s8_accx_ld_ip(w, row, CHUNK, qRegisters[chunk], w);
  }
}

/** x is read along with the row; two chunks in flight. */
function streamedRow(asm: Assembler, chunks: number, row: AR, x: AR, rounds: AR, w0: QR): void {
  const [x0, x1, w1] = [qRegisters[0], qRegisters[1], qRegisters[2]];
  asm.l32i(x, a1, 12);
  asm.ee_vld_128_ip(w0, row, CHUNK);
  asm.ee_vld_128_ip(w1, row, CHUNK);
  asm.ee_vld_128_ip(x0, x, CHUNK);
  asm.ee_vld_128_ip(x1, x, CHUNK);
  asm.movi(rounds, chunks >> 1);
  asm.loop(rounds, () => {
    asm.ee_vmulas_s8_accx_ld_ip(w0, row, CHUNK, x0, w0);
    asm.ee_vld_128_ip(x0, x, CHUNK);
    asm.ee_vmulas_s8_accx_ld_ip(w1, row, CHUNK, x1, w1);
    asm.ee_vld_128_ip(x1, x, CHUNK);
  });
  if (chunks % 2) asm.ee_vmulas_s8_accx_ld_ip(w0, row, CHUNK, x0, w0);
}

/** Columns that QACC's lanes hold whatever is in them: 32 * 127 * 127 < 2^19. */
const SAFE_COLUMNS = Math.floor(value.LANE_LIMIT / value.ACTIVATION_LIMIT ** 2);

// Frame of matvec_columns.
const RAW = 0; // QACC as it is stored: 5 words a half, each half at a multiple of 32
const LANES = 64; // 16 words with a lane in the upper 20 bits
const SAVED = 128;
const HALF = 144; // the rounding
const LEFT = 148; // blocks of 16 rows
const WEIGHTS = 152;
const OTHER_LIST = 156;
const UNIT_COUNT = 160;
const NARROW = 164; // 1 where all sums are sure to fit a lane
const COLUMNS_FRAME = 176;

interface ColumnRegisters {
  x: AR;
  rows: AR;
  lists: AR;
  weights: AR;
  unit: AR;
  offset: AR;
  place: AR;
  /** Of the list and of its values. */
  number: AR;
  at: AR;
  base: AR;
  left: AR;
  rounds: AR;
  w: QR;
  v: QR;
  sums: readonly [QR, QR, QR, QR];
  t: readonly [QR, QR];
}

/**
 * A block of 16 rows: QACC takes a column of it at a time, the weights as they lie, the activation in all lanes. Its lanes have 20
 * bits: where the activations are small enough for all sums (they are as a rule), it is read out once, else every 32 columns. What is
 * read out goes to 32-bit sums; so the result is exact in any case.
 */
export const matvecColumns = kernel('matvec_columns', (asm, { weights, x, lists, y, rows, shift }) => {
  const { unit, offset, place, number } = asm.pool('AR', 'unit', 'offset', 'place', 'number');
  const [w, v, s0, s1, s2, s3, t0, t1] = qRegisters;
  const [at, base, left, rounds] = [a12, a13, a14, a15];
  const r: ColumnRegisters = {
    x,
    rows,
    lists,
    weights,
    unit,
    offset,
    place,
    number,
    at,
    base,
    left,
    rounds,
    w,
    v,
    sums: [s0, s1, s2, s3],
    t: [t0, t1],
  };
  asm.addmi(a1, a1, -256);
  asm.addi(a1, a1, 256 - COLUMNS_FRAME);
  [a12, a13, a14, a15].forEach((register, index) => void asm.s32i(register, a1, SAVED + 4 * index));
  asm.movi(unit, 1);
  asm.addi(offset, shift, -1);
  asm.ssl(offset);
  asm.sll(unit, unit);
  asm.s32i(unit, a1, HALF);
  asm.l32i(offset, lists, UNITS);
  asm.s32i(offset, a1, UNIT_COUNT);
  asm.addx2(place, offset, lists);
  asm.addi(place, place, NUMBERS);
  asm.s32i(place, a1, OTHER_LIST);
  narrow(asm, r);
  asm.srli(unit, rows, 4);
  asm.s32i(unit, a1, LEFT);
  asm.s32i(weights, a1, WEIGHTS);

  const [block, wide, finish] = ['block', 'wide', 'finish'].map((name) => asm.label(name));
  asm.place(block);
  for (const sum of r.sums) asm.ee_zero_q(sum);
  asm.l32i(unit, a1, NARROW);
  asm.beqz(unit, wide);
  asm.ee_zero_qacc();
  for (const half of [0, 1] as const) {
    openList(asm, r, half);
    accumulate(asm, r, left);
  }
  readOut(asm, r);
  asm.j(finish);

  asm.place(wide);
  for (const half of [0, 1] as const) {
    const [more, end] = [asm.label('more'), asm.label('end')];
    openList(asm, r, half);
    asm.beqz(left, end);
    asm.place(more);
    asm.movi(rounds, SAFE_COLUMNS);
    asm.min(rounds, rounds, left);
    asm.sub(left, left, rounds);
    asm.ee_zero_qacc();
    accumulate(asm, r, rounds);
    readOut(asm, r);
    asm.bnez(left, more);
    asm.place(end);
  }

  asm.place(finish);
  asm.addi(unit, a1, HALF - 32); // an addi holds 127 at most
  asm.addi(unit, unit, 32);
  asm.ee_vldbc_32(t0, unit);
  asm.ssr(shift);
  for (const sum of r.sums) asm.ee_vadds_s32(sum, sum, t0);
  for (const sum of r.sums) asm.ee_vsr_32(sum, sum);
  asm.ee_vunzip_16(s0, s1);
  asm.ee_vunzip_16(s2, s3);
  asm.ee_vst_128_ip(s0, y, VECTOR_BYTES);
  asm.ee_vst_128_ip(s2, y, VECTOR_BYTES);
  asm.l32i(unit, a1, WEIGHTS);
  asm.l32i(offset, a1, LEFT);
  asm.addi(unit, unit, CHUNK);
  asm.s32i(unit, a1, WEIGHTS);
  asm.addi(offset, offset, -1);
  asm.s32i(offset, a1, LEFT);
  asm.bnez(offset, block);

  [a12, a13, a14, a15].forEach((register, index) => void asm.l32i(register, a1, SAVED + 4 * index));
  asm.addmi(a1, a1, 256);
  asm.addi(a1, a1, COLUMNS_FRAME - 256);
  asm.ret();
});

/** Says whether the sum of all activations' magnitudes times the largest weight fits a lane. */
function narrow(asm: Assembler, { x, unit, offset, place, w, v, t }: ColumnRegisters): void {
  const [zero, ones] = t;
  asm.movi(unit, 1);
  asm.s8i(unit, a1, RAW);
  asm.ee_vldbc_8(ones, a1);
  asm.ee_zero_q(zero);
  asm.ee_zero_accx();
  asm.mov(unit, x);
  asm.srli(place, offset, 3); // both halves' vectors
  asm.loopgtz(place, () => {
    asm.ee_vld_128_ip(w, unit, VECTOR_BYTES);
    asm.ee_vsubs_s8(v, zero, w);
    asm.ee_vmax_s8(w, w, v);
    asm.ee_vmulas_s8_accx(w, ones);
  });
  asm.movi(place, 0);
  asm.movi(unit, Math.floor(value.LANE_LIMIT / value.ACTIVATION_LIMIT));
  asm.ee_srs_accx(offset, place, 0);
  asm.movi(place, 1);
  const fits = asm.label('fits');
  asm.bge(unit, offset, fits);
  asm.movi(place, 0);
  asm.place(fits);
  asm.s32i(place, a1, NARROW);
}

/** Points the registers to one half's list, values and columns. */
function openList(asm: Assembler, r: ColumnRegisters, half: 0 | 1): void {
  const { x, rows, lists, unit, number, at, base, left } = r;
  asm.l32i(base, a1, WEIGHTS);
  if (half === 0) {
    asm.l32i(left, lists, COUNT);
    asm.addi(number, lists, NUMBERS);
    asm.mov(at, x);
    return;
  }
  asm.l32i(number, a1, OTHER_LIST);
  asm.l32i(unit, a1, UNIT_COUNT);
  asm.l32i(left, number, COUNT);
  asm.add(at, x, unit);
  asm.mull(unit, unit, rows);
  asm.addi(number, number, NUMBERS);
  asm.add(base, base, unit);
}

/** Adds so many of the next columns; looks at the number and the activation behind them, and goes back to those. */
function accumulate(asm: Assembler, r: ColumnRegisters, count: AR): void {
  const { rows, unit, offset, place, number, at, base, w, v } = r;
  asm.l16ui(unit, number, 0);
  asm.ee_vldbc_8_ip(v, at, 1);
  asm.mull(offset, unit, rows);
  asm.addi(number, number, 2);
  asm.loopgtz(count, () => {
    asm.l16ui(unit, number, 0);
    asm.add(place, base, offset);
    asm.ee_vld_128_ip(w, place, 0);
    asm.addi(number, number, 2);
    asm.mull(offset, unit, rows);
    asm.ee_vmulas_s8_qacc_ldbc_incp(v, at, w, v);
  });
  asm.addi(number, number, -2);
  asm.addi(at, at, -1);
}

/** Adds QACC's 16 lanes of 20 bits to the 32-bit sums. */
function readOut(asm: Assembler, { unit: low, offset: high, place: lane, sums, t }: ColumnRegisters): void {
  asm.addi(lane, a1, RAW);
  asm.ee_st_qacc_l_l_128_ip(lane, 16);
  asm.ee_st_qacc_l_h_32_ip(lane, 16);
  asm.ee_st_qacc_h_l_128_ip(lane, 16);
  asm.ee_st_qacc_h_h_32_ip(lane, 0);
  for (const half of [0, 1]) {
    const from = RAW + 32 * half;
    const to = LANES + 32 * half;
    /** Lane `index`: the 20 bits that end `bits` bits below the top of the pair of words. */
    const take = (index: number, upper: AR, lower: AR, bits: number): void => {
      asm.ssai(bits);
      asm.src(lane, upper, lower);
      asm.s32i(lane, a1, to + 4 * index);
    };
    asm.l32i(low, a1, from);
    asm.l32i(high, a1, from + 4);
    asm.slli(lane, low, 12);
    asm.s32i(lane, a1, to);
    take(1, high, low, 8);
    take(2, high, low, 28);
    asm.l32i(low, a1, from + 8);
    take(3, low, high, 16);
    asm.l32i(high, a1, from + 12);
    take(4, high, low, 4);
    take(5, high, low, 24);
    asm.l32i(low, a1, from + 16);
    take(6, low, high, 12);
    asm.s32i(low, a1, to + 28);
  }
  asm.addi(lane, a1, LANES);
  asm.ssai(12);
  for (const pair of [0, 2]) {
    for (const vector of t) asm.ee_vld_128_ip(vector, lane, VECTOR_BYTES);
    for (const vector of t) asm.ee_vsr_32(vector, vector);
    t.forEach((vector, index) => void asm.ee_vadds_s32(sums[pair + index], sums[pair + index], vector));
  }
}
