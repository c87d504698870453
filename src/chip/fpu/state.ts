/**
 * Floating-point state of one core: sixteen single-precision registers, FCR and FSR.
 * Bit layout of FCR and FSR: Xtensa ISA manual, floating-point coprocessor option.
 */

/** FCR[1:0]. */
export const RoundingMode = { nearest: 0, towardZero: 1, up: 2, down: 3 } as const;
export type RoundingMode = (typeof RoundingMode)[keyof typeof RoundingMode];

/** Sticky bits of FSR. */
export const Flag = {
  inexact: 0x080,
  underflow: 0x100,
  overflow: 0x200,
  divideByZero: 0x400,
  invalid: 0x800,
} as const;

export interface FpuState {
  /** The registers as numbers; writing a NaN here stores the default NaN. */
  readonly f: Float32Array;
  /** The same 64 bytes as raw bits: what moves, loads and stores must use. */
  readonly bits: Int32Array;
  /** `[FCR, FSR]`. */
  readonly control: Int32Array;
}

/** Indices into `FpuState.control`. */
export const FpuControl = { fcr: 0, fsr: 1 } as const;

export const FPU_STATE_BYTES = 72;

/** `buffer` (72 bytes from `offset`, a multiple of 8) lets a core keep all its state in one piece. */
export function createFpuState(buffer: ArrayBuffer = new ArrayBuffer(FPU_STATE_BYTES), offset = 0): FpuState {
  return {
    f: new Float32Array(buffer, offset, 16),
    bits: new Int32Array(buffer, offset, 16),
    control: new Int32Array(buffer, offset + 64, 2),
  };
}
