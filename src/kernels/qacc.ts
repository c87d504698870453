/**
 * QACC's 16 sums to 16 bits each, exactly. It can be read as 8 bits a lane only, and reading it shifts it: so it is stored, its high
 * bytes are read, it is loaded again, and what is left without them is read as the low bytes.
 */
import { value } from '../contract/index.ts';
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';

/** Bytes of stack that {@link readOut} stores QACC in. */
export const QACC_FRAME = 64;

const VECTOR_BYTES = 16;
/** Of the constants, the second: roundings follow it by their shifts. */
const CONSTANTS = 'qacc_constants';

export interface ReadOutAddresses {
  /** The two constants, one behind the other; the rounding. */
  constants: AR;
  rounding: AR;
  /** QACC_FRAME bytes. */
  save: AR;
  /** Hold 8 and 0. */
  eight: AR;
  zero: AR;
  shift: AR;
}

export interface ReadOut extends ReadOutAddresses {
  y: AR;
  high: QR;
  low: QR;
  /** Hold 1 and -128 in all lanes when QACC is read. */
  one: QR;
  lowest: QR;
}

/** Opens the frame, gives {@link ReadOutAddresses} their values and QACC its first rounding. */
export function openReadOut(
  asm: Assembler,
  { constants, rounding, save, eight, zero, shift }: ReadOutAddresses,
): void {
  asm.movi(constants, CONSTANTS);
  asm.slli(rounding, shift, 4);
  asm.add(rounding, rounding, constants);
  asm.ee_ldqa_u8_128_ip(rounding, 0);
  asm.addi(constants, constants, -VECTOR_BYTES);
  asm.addi(a1, a1, -QACC_FRAME);
  asm.mov(save, a1);
  asm.movi(eight, 8);
  asm.movi(zero, 0);
}

export function closeReadOut(asm: Assembler): void {
  asm.addi(a1, a1, QACC_FRAME);
  asm.ret();
}

/**
 * Stores the rounded sums of 16 rows at y and gives QACC the next block's rounding. An instruction has to part the last product and
 * this. `weights`: the constants' registers get what lies there once they are no longer needed. `between` has a free cycle for one
 * instruction.
 */
export function readOut(asm: Assembler, r: ReadOut, between: () => void, weights?: AR): void {
  const { rounding, save, eight, zero, shift, y, high, low, one, lowest } = r;
  asm.ee_srcmb_s8_qacc(high, shift, 0);
  asm.ee_st_qacc_l_l_128_ip(save, 16);
  asm.ee_st_qacc_l_h_32_ip(save, 16);
  asm.ee_st_qacc_h_l_128_ip(save, 16);
  asm.ee_st_qacc_h_h_32_ip(save, -48);
  asm.ee_srcmb_s8_qacc(high, eight, 0);
  asm.ee_ld_qacc_l_l_128_ip(save, 16);
  asm.ee_ld_qacc_l_h_32_ip(save, 16);
  asm.ee_ld_qacc_h_l_128_ip(save, 16);
  asm.ee_ld_qacc_h_h_32_ip(save, -48);
  // What is left is 0 ... 255; less 128, it can be read as a signed byte.
  asm.ee_vmulas_s8_qacc(high, lowest);
  asm.ee_vmulas_s8_qacc(high, lowest);
  if (weights) asm.ee_vmulas_s8_qacc_ld_ip(one, weights, VECTOR_BYTES, lowest, one);
  else asm.ee_vmulas_s8_qacc(lowest, one);
  between();
  asm.ee_srcmb_s8_qacc(low, zero, 0);
  asm.ee_xorq(low, low, lowest);
  asm.ee_ldqa_u8_128_ip(rounding, 0);
  if (weights) asm.ee_vld_128_ip(lowest, weights, VECTOR_BYTES);
  asm.ee_vzip_8(low, high);
  asm.ee_vst_128_ip(low, y, VECTOR_BYTES);
  asm.ee_vst_128_ip(high, y, VECTOR_BYTES);
}

/** The constants, as data: one kernel brings them for all. */
export function readOutConstants(asm: Assembler): void {
  const vector = (byte: number): void => {
    for (let lane = 0; lane < VECTOR_BYTES; lane++) asm.byte(byte);
  };
  asm.section('.rodata', { align: VECTOR_BYTES, code: false });
  vector(1);
  asm.place(CONSTANTS);
  vector(0x80);
  for (let shift = 1; shift <= value.LARGEST_SHIFT; shift++) vector(1 << (shift - 1));
}
