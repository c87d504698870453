/** Single-precision floating point of the LX7: all rounding modes, sticky flags, division and root steps. */
export { emitFpu, fpuBindings } from './emit.ts';
export { createFpu, type Fpu } from './fpu.ts';
export { createFpuState, Flag, FPU_STATE_BYTES, FpuControl, type FpuState, RoundingMode } from './state.ts';
