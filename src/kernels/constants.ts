/** Vector constants of the exponential and of the sigmoid, in the order in which the kernels stream them. */
import { value } from '../contract/index.ts';
import type { AR, Assembler, QR } from '../xtensa/index.ts';

const { E1, E2, E3, ONE, R0, R1, R2, R3, R4 } = value;
/** Smallest argument of the exponential, whose result is 0. */
export const { LOWEST } = value;
/** Cubic of the exponential, highest power first. */
export const EXPONENTIAL = [E3, E2, E1, ONE] as const;
/** Polynomial of the sigmoid, highest power first. */
export const SIGMOID = [R4, R3, R2, R1, R0] as const;

/** Sixteen bytes a vector. */
export const VECTOR_BYTES = 16;

/** A number known when the kernel is built, or a register with one known when it runs. */
export type Constant = number | AR;

/**
 * Writes vectors from `table` on, each with one constant in all lanes. Kernels then load constants for free, in instructions
 * that compute something else. `spare` must not be one of the constants; `table` ends behind the last vector.
 */
export function writeTable(
  asm: Assembler,
  table: AR,
  constants: readonly Constant[],
  spare: AR,
  vector: QR,
): void {
  for (const constant of constants) {
    if (typeof constant === 'number') asm.movi(spare, constant);
    asm.s16i(typeof constant === 'number' ? spare : constant, table, 0);
    asm.ee_vldbc_16(vector, table);
    asm.ee_vst_128_ip(vector, table, VECTOR_BYTES);
  }
}

/** to = min((limit << shift) / mantissa, ceiling), or the ceiling for shifts above 15, where no product exceeds `limit`. */
export function scaledLimit(
  asm: Assembler,
  to: AR,
  limit: number,
  ceiling: number,
  mantissa: AR,
  shift: AR,
  spare: AR,
): void {
  const done = asm.label('limited');
  asm.movi(to, ceiling);
  asm.movi(spare, 15);
  asm.blt(spare, shift, done);
  asm.movi(to, limit);
  asm.ssl(shift);
  asm.sll(to, to);
  asm.quou(to, to, mantissa);
  asm.movi(spare, ceiling);
  asm.min(to, to, spare);
  asm.place(done);
}
