/**
 * Attention scores of 16 positions at a time: each instruction multiplies one component of 16 keys with one of the query, in the
 * 20-bit lanes of QACC, which leave as bytes.
 */
import type { AR, Assembler, QR } from '../xtensa/index.ts';

/** Bytes of one component of a group of positions. */
const ROW = 16;
/** Queries of up to this many registers stay in them. */
const RESIDENT = 2;
/** Bytes of a hardware loop's body, with something in hand. */
const LOOP_BYTES = 240;

export interface ScoreRegisters {
  /** The query's bytes, in the order of the keys' components, where they do not stay in registers. */
  query: AR;
  keys: AR;
  out: AR;
  /** Of the sums. */
  shift: AR;
  /** Groups; then spare. */
  groups: AR;
  /** Where the last group's mask begins, at any byte. */
  mask: AR;
  resident: readonly [QR, QR];
  /** Two rows of keys in flight. */
  rows: readonly [QR, QR];
  score: QR;
  /** In: the least that it may be. Out: the largest score in all lanes. */
  largest: QR;
}

/** Whether a query stays in its registers. */
export const stays = (headSize: number): boolean => headSize <= RESIDENT * ROW;

/** Loads a query that does. */
export function loadQuery(asm: Assembler, headSize: number, { query, resident }: ScoreRegisters): void {
  for (let i = 0; i < Math.ceil(headSize / ROW); i++) asm.ee_vld_128_ip(resident[i], query, ROW);
}

/** What QACC starts from: nothing, or what an instruction sequence brings. */
export type Start = (asm: Assembler) => void;
const FROM_ZERO: Start = (asm) => void asm.ee_zero_qacc();

/** Products of 16 keys with the query, in QACC, and their scores; QACC is at its start before and after. */
function products(asm: Assembler, headSize: number, registers: ScoreRegisters, start: Start): void {
  const { query, keys, shift, resident, rows, score } = registers;
  const vectors = Math.ceil(headSize / ROW);
  for (let d = 0; d < headSize; d++) {
    const vector = Math.floor(d / ROW);
    if (vectors > RESIDENT && d % ROW === 0) {
      asm.ee_vld_128_ip(resident[vector % 2], query, vector === vectors - 1 ? -ROW * vector : ROW);
    }
    asm.ee_vsmulas_s8_qacc_ld_incp(rows[d % 2], keys, rows[d % 2], resident[vector % 2], d % ROW);
  }
  asm.ee_srcmb_s8_qacc(score, shift, 0);
  start(asm);
}

/** Scores of all groups; `registers.groups` is one or more, positions that are not there score -128. */
export function scores(
  asm: Assembler,
  headSize: number,
  registers: ScoreRegisters,
  start: Start = FROM_ZERO,
): void {
  const { keys, out, groups, rows, score, largest } = registers;
  const group = (): void => {
    products(asm, headSize, registers, start);
    asm.ee_vmax_s8_st_incp(score, out, largest, largest, score);
  };
  for (const row of rows) asm.ee_vld_128_ip(row, keys, ROW);
  start(asm);
  asm.addi(groups, groups, -1);
  if (4 * headSize + 40 <= LOOP_BYTES) asm.loopgtz(groups, group);
  else {
    const [last, again] = [asm.label('last'), asm.label('again')];
    asm.beqz(groups, last);
    asm.alignTarget();
    asm.place(again);
    group();
    asm.addi(groups, groups, -1);
    asm.bnez(groups, again);
    asm.place(last);
  }
  lastScores(asm, headSize, registers, start);
  asm.ee_vmax_s8_st_incp(score, out, largest, largest, score);
  largestLane(asm, registers);
}

/** Scores of the last group, where positions that are not there score -128; `groups` is then spare. */
function lastScores(asm: Assembler, headSize: number, registers: ScoreRegisters, start: Start): void {
  const { groups, mask, rows, score } = registers;
  products(asm, headSize, registers, start);
  asm.mov(groups, mask);
  for (const row of rows) asm.ee_ld_128_usar_ip(row, groups, ROW);
  asm.ee_src_q(rows[0], rows[0], rows[1]);
  asm.ee_vmin_s8(score, score, rows[0]);
}

/** The largest lane of `largest`, in all its lanes. */
function largestLane(asm: Assembler, { largest, score }: ScoreRegisters): void {
  for (let round = 0; round < 4; round++) {
    asm.ee_orq(score, largest, largest);
    asm.ee_vunzip_8(largest, score);
    asm.ee_vmax_s8(largest, largest, score);
  }
}

/** The largest score of the last group alone, in all lanes of `largest`: nothing is stored. `keys` leads to that group. */
export function glance(asm: Assembler, headSize: number, registers: ScoreRegisters): void {
  const { keys, rows, largest, score } = registers;
  for (const row of rows) asm.ee_vld_128_ip(row, keys, ROW);
  asm.ee_zero_qacc();
  lastScores(asm, headSize, registers, FROM_ZERO);
  asm.ee_orq(largest, score, score);
  largestLane(asm, registers);
}
