/**
 * QACC's 16 sums to 15 bits each, exactly. It can be read as 8 bits a lane only, and reading it shifts it: so it is stored, its high
 * bytes are read, it is loaded again, and what is left without them, 7 bits, is read as the low bytes.
 */
import { value } from '../contract/index.ts';
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';

/** Bytes of stack that {@link readOut} stores QACC in. */
export const QACC_FRAME = 64;

const VECTOR_BYTES = 16;
/** A vector of 1; then for each shift, 1 and up, a pair: -128 in all lanes, and the rounding, which is so many pairs behind here. */
const CONSTANTS = 'qacc_constants';
const PAIR_BYTES = 2 * VECTOR_BYTES;
const LOW_BITS = 7;

export interface ReadOut {
  /** Leads to the rounding of the next sums. */
  rounding: AR;
  /** QACC_FRAME bytes. */
  save: AR;
  /** Hold 7 and 0. */
  seven: AR;
  zero: AR;
  shift: AR;
  high: QR;
  low: QR;
  /** Holds -128 in all lanes when QACC is read. */
  lowest: QR;
}

/** QACC to memory, in {@link QACC_FRAME} bytes: either half's four words, and its fifth behind them. `at` moves on by 48 and `step`. */
export function storeQacc(asm: Assembler, at: AR, step: number): void {
  asm.ee_st_qacc_l_l_128_ip(at, 16);
  asm.ee_st_qacc_l_h_32_ip(at, 16);
  asm.ee_st_qacc_h_l_128_ip(at, 16);
  asm.ee_st_qacc_h_h_32_ip(at, step);
}

/** QACC from memory, as {@link storeQacc} leaves it. */
export function loadQacc(asm: Assembler, at: AR, step: number): void {
  asm.ee_ld_qacc_l_l_128_ip(at, 16);
  asm.ee_ld_qacc_l_h_32_ip(at, 16);
  asm.ee_ld_qacc_h_l_128_ip(at, 16);
  asm.ee_ld_qacc_h_h_32_ip(at, step);
}

/** Opens the frame, gives the address registers their values (`rounding` is that of the pair's first vector), QACC its first rounding. */
export function openReadOut(asm: Assembler, { rounding, save, seven, zero, shift }: ReadOut): void {
  asm.movi(rounding, CONSTANTS);
  asm.slli(save, shift, Math.log2(PAIR_BYTES));
  asm.add(rounding, rounding, save);
  asm.ee_ldqa_u8_128_ip(rounding, -VECTOR_BYTES);
  asm.addi(a1, a1, -QACC_FRAME);
  asm.mov(save, a1);
  asm.movi(seven, LOW_BITS);
  asm.movi(zero, 0);
  asm.ssai(LOW_BITS - 1);
}

/** Addresses for who reads out 16 bits. */
export interface WideReadOut {
  /** 1 and -128, one behind the other; the rounding. */
  constants: AR;
  rounding: AR;
  /** QACC_FRAME bytes. */
  save: AR;
  /** Hold 8 and 0. */
  eight: AR;
  zero: AR;
  shift: AR;
}

/** Opens the frame, gives the address registers their values, QACC its first rounding. */
export function openWideReadOut(
  asm: Assembler,
  { constants, rounding, save, eight, zero, shift }: WideReadOut,
): void {
  asm.movi(constants, CONSTANTS);
  asm.slli(rounding, shift, Math.log2(PAIR_BYTES));
  asm.add(rounding, rounding, constants);
  asm.ee_ldqa_u8_128_ip(rounding, 0);
  asm.addi(a1, a1, -QACC_FRAME);
  asm.mov(save, a1);
  asm.movi(eight, 8);
  asm.movi(zero, 0);
}

export function closeReadOut(asm: Assembler): void {
  asm.addi(a1, a1, QACC_FRAME);
  asm.ret();
}

export interface AroundReadOut {
  /** Added to `rounding`, which must lead to the rounding here. */
  step: number;
  /** The next two columns' place: this register gets the first, `lowest` the other when it is no longer needed. */
  next?: { weights: AR; column: QR };
  /** Has a free cycle for one instruction; `low` is still what it was. */
  between?: () => void;
}

/**
 * Twice the rounded sums of 16 rows, the first eight in `low`, the others in `high`; QACC gets its next rounding. An instruction has
 * to part the last product and this. Needs the SAR of {@link openReadOut}.
 */
export function readOut(asm: Assembler, r: ReadOut, { step, next, between }: AroundReadOut): void {
  const { rounding, save, seven, zero, shift, high, low, lowest } = r;
  asm.ee_srcmb_s8_qacc(high, shift, 0);
  storeQacc(asm, save, -48);
  asm.ee_srcmb_s8_qacc(high, seven, 0);
  loadQacc(asm, save, -48);
  if (next) asm.ee_vmulas_s8_qacc_ld_ip(next.column, next.weights, VECTOR_BYTES, high, lowest);
  else asm.ee_vmulas_s8_qacc(high, lowest);
  if (between) between();
  else asm.nop();
  asm.ee_srcmb_s8_qacc(low, zero, 0);
  // Twice what is left: as unsigned bytes, times 2^7 / 2^6.
  if (next) asm.ee_vmul_u8_ld_incp(lowest, next.weights, low, low, lowest);
  else asm.ee_vmul_u8(low, low, lowest);
  asm.ee_ldqa_u8_128_ip(rounding, step);
  asm.ee_vzip_8(low, high);
}

/** The constants, as data: one kernel brings them for all. */
export function readOutConstants(asm: Assembler): void {
  const vector = (byte: number): void => {
    for (let lane = 0; lane < VECTOR_BYTES; lane++) asm.byte(byte);
  };
  asm.section('.rodata', { align: VECTOR_BYTES, code: false });
  asm.place(CONSTANTS);
  vector(1);
  for (let shift = 1; shift <= value.LARGEST_SHIFT; shift++) {
    vector(0x80);
    vector(1 << (shift - 1));
  }
}
