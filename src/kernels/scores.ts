/**
 * Attention scores of 16 positions at a time: each instruction multiplies one component of 16 keys with one of the query.
 *
 * The 20-bit lanes of QACC leave only as bytes; but read as 40-bit lanes, the upper halves leave as 16 bits. So a group runs
 * twice: as it lies, for the odd positions, and shifted by one byte, for the even ones.
 */
import type { AR, Assembler, QR } from '../xtensa/index.ts';
import { lane16, spreadLargest16 } from './common.ts';
import { kernel } from './kernel.ts';

/** Bytes of one component of a group of positions. */
const ROW = 16;
/** Queries of up to this many registers stay in them. */
const RESIDENT = 2;
/** Bytes of a hardware loop's body, with something in hand. */
const LOOP_BYTES = 240;
/** Halfwords 32767 for 16 lanes, then -32768 for 16: a window of it masks the positions that are not there. */
const MASK_LANES = 16;

interface Registers {
  query: AR;
  keys: AR;
  /** Minus the bytes of a group. */
  back: AR;
  scales: AR;
  out: AR;
  /** Shift that leaves the upper 16 of 40 bits. */
  upper: AR;
  resident: readonly QR[];
  /** Two rows of keys in flight. */
  rows: readonly [QR, QR];
  row: QR;
  even: QR;
  odd: QR;
  largest: QR;
}

/** One component after the other: `use(component, key row)`, with the query's component in lane `component % 16`. */
function components(
  asm: Assembler,
  headSize: number,
  registers: Registers,
  use: (d: number, query: QR) => void,
): void {
  const { query, resident } = registers;
  const vectors = Math.ceil(headSize / ROW);
  for (let d = 0; d < headSize; d++) {
    const vector = Math.floor(d / ROW);
    if (vectors > RESIDENT && d % ROW === 0) {
      asm.ee_vld_128_ip(resident[0], query, vector === vectors - 1 ? -ROW * vector : ROW);
    }
    use(d, vectors > RESIDENT ? resident[0] : resident[vector]);
  }
}

/** Scores of 16 positions; `masked` says where the last group's masks come from. */
function group(
  asm: Assembler,
  headSize: number,
  registers: Registers,
  masked?: { count: AR; table: AR },
): void {
  const { keys, back, scales, out, upper, rows, row, even, odd, largest } = registers;
  components(asm, headSize, registers, (d, query) => {
    // The last two loads fetch the group's first rows again.
    if (d === headSize - 2) asm.add(keys, keys, back);
    asm.ee_vsmulas_s8_qacc_ld_incp(rows[d % 2], keys, rows[d % 2], query, d % ROW);
  });
  asm.ssai(8);
  asm.ee_srcmb_s16_qacc(odd, upper, 0);
  asm.ee_zero_qacc();
  components(asm, headSize, registers, (d, query) => {
    asm.ee_vsl_32(row, rows[d % 2]);
    asm.ee_vsmulas_s8_qacc_ld_incp(rows[d % 2], keys, row, query, d % ROW);
  });
  asm.ssai(15);
  asm.ee_srcmb_s16_qacc(even, upper, 0);
  asm.ee_vld_128_ip(row, scales, 16);
  asm.ee_vzip_16(even, odd);
  asm.ee_vmul_s16_ld_incp(row, scales, even, even, row);
  asm.ee_zero_qacc();
  asm.ee_vmul_s16(odd, odd, row);
  if (masked) {
    // Nothing follows the last group: the rows in flight are not needed.
    loadMasks(asm, masked.count, masked.table, rows, row);
    asm.ee_vmin_s16(even, even, rows[0]);
    asm.ee_vmin_s16(odd, odd, rows[1]);
  }
  asm.ee_vmax_s16_st_incp(even, out, largest, largest, even);
  asm.ee_vmax_s16_st_incp(odd, out, largest, largest, odd);
}

/** Masks for the positions of the last group: the window that begins 16 - valid lanes into the table. */
function loadMasks(
  asm: Assembler,
  count: AR,
  table: AR,
  [first, second]: readonly [QR, QR],
  third: QR,
): void {
  asm.addi(count, count, -1);
  asm.extui(count, count, 0, 4);
  asm.neg(count, count);
  asm.movi(table, 'scores_mask');
  asm.addx2(table, count, table);
  asm.addi(table, table, 2 * (MASK_LANES - 1));
  for (const vector of [first, second, third]) asm.ee_ld_128_usar_ip(vector, table, 16);
  asm.ee_src_q(first, first, second);
  asm.ee_src_q(second, second, third);
}

export const scores = kernel(
  'scores',
  (asm, { q: query, keys, headSize: size, keyScales: scales, out, count }, { headSize }) => {
    const { groups, upper, back } = asm.pool('AR', 'groups', 'upper', 'back');
    const q = asm.pool('QR', 'q0', 'q1', 'row0', 'row1', 'row', 'even', 'odd', 'largest');
    const registers: Registers = {
      query,
      keys,
      back,
      scales,
      out,
      upper,
      resident: [q.q0, q.q1],
      rows: [q.row0, q.row1],
      row: q.row,
      even: q.even,
      odd: q.odd,
      largest: q.largest,
    };
    asm.ee_vld_128_ip(q.row0, keys, ROW);
    asm.ee_vld_128_ip(q.row1, keys, ROW);
    const vectors = Math.ceil(headSize / ROW);
    if (vectors <= RESIDENT) {
      for (let i = 0; i < vectors; i++) asm.ee_vld_128_ip(registers.resident[i], query, ROW);
    }
    asm.movi(groups, -32768);
    asm.s16i(groups, out, 0);
    asm.ee_vldbc_16(q.largest, out);
    asm.movi(upper, 24);
    asm.movi(back, -ROW * headSize);
    asm.ee_zero_qacc();
    asm.addi(groups, count, -1);
    asm.srli(groups, groups, 4);
    if (11 * headSize + 60 <= LOOP_BYTES) {
      asm.loopgtz(groups, () => group(asm, headSize, registers));
    } else {
      const last = asm.label('last');
      const again = asm.label('again');
      asm.beqz(groups, last);
      asm.alignTarget();
      asm.place(again);
      group(asm, headSize, registers);
      asm.addi(groups, groups, -1);
      asm.bnez(groups, again);
      asm.place(last);
    }
    group(asm, headSize, registers, { count, table: size });
    spreadLargest16(asm, q.largest, q.row);
    lane16(asm, query, q.largest);
    asm.ret();

    asm.section('.rodata', { align: 16, code: false });
    asm.place('scores_mask');
    for (const lane of [32767, -32768]) for (let i = 0; i < MASK_LANES; i++) asm.half(lane);
  },
);
