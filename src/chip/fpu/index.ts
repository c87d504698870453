/**
 * Single-precision floating point of the LX7, all rounding modes and sticky flags.
 *
 * Coming functions (signatures are fixed):
 *   createFpu(state: FpuState): Fpu
 *     Fpu has one function per arithmetic opcode, called with register numbers:
 *       add(r, s, t) sub mul madd msub maddn divn; div0(r, s) recip0 sqrt0 rsqrt0 nexp01 mkdadj mksadj addexp addexpm;
 *       constS(r, immediate)
 *       round(s, scale): int32, trunc, floor, ceil, utrunc;  float(r, value, scale) ufloat
 *       un(s, t): boolean, oeq ueq olt ult ole ule
 *   emitFpu(name: string, operands: readonly number[]): string | undefined
 *     inline text of the hot ones (add.s sub.s mul.s madd.s msub.s maddn.s), a call for the rest of those that write FR;
 *     free names: fpuBindings(state)
 */
export { createFpuState, Flag, FpuControl, type FpuState, RoundingMode } from './state.ts';
