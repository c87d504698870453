/** What kernels of vectors have in common: the exponential's constants, and limits that depend on a factor. */
import { value } from '../contract/index.ts';
import type { AR, Assembler } from '../xtensa/index.ts';

const { E1, E2, E3, ONE } = value;
/** Cubic of the exponential, highest power first. */
export const EXPONENTIAL = [E3, E2, E1, ONE] as const;

/** Sixteen bytes a vector. */
export const VECTOR_BYTES = 16;

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
