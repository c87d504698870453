/**
 * The registers of the vector unit (PIE) of one core.
 *
 * QR and the accumulators live in one small WebAssembly memory, so that the hot multiply-accumulate loops can be
 * WebAssembly SIMD while everything else reads the same bytes through typed arrays.
 * Source of the register set: ESP32-S3 TRM, chapter 1 (Processor Instruction Extensions).
 */

/** Byte offsets from where the state begins. */
export const layout = {
  /** 8 registers of 16 bytes, q0 first, little endian. */
  q: 0,
  /** 16 32-bit integers: the sixteen 20-bit lanes of QACC_L (0..7) and QACC_H (8..15), sign- or zero-extended. */
  lanes20: 128,
  /** 8 doubles: the eight 40-bit lanes of QACC_L, QACC_H. */
  lanes40: 192,
  /** 1 64-bit integer: ACCX, sign-extended from 40 bits. */
  accx: 256,
  /** 40 bytes: QACC_L then QACC_H as raw little-endian bits. */
  qacc: 264,
  /** 16 bytes: UA_STATE. */
  uaState: 304,
  /** 32-bit integers, see `Control`. */
  control: 320,
  /** 16 bytes between memory and an instruction that does not load a Q register. */
  spare: 352,
} as const;

/** Where the current 320 bits of QACC are: as raw bits, or as signed or unsigned lanes of 20 or 40 bits; zeros are in all of them. */
export const QaccForm = { raw: 0, signed20: 1, unsigned20: 2, signed40: 3, unsigned40: 4, zero: 5 } as const;
export type QaccForm = (typeof QaccForm)[keyof typeof QaccForm];

/** Indices into `PieState.control`. */
export const Control = {
  /** One of `QaccForm`. */
  qaccForm: 0,
  /** 4 bits. */
  sarByte: 1,
  /** 4 bits. */
  fftBitWidth: 2,
  /** 8 bits, the dedicated GPIO outputs. */
  gpioOut: 3,
  /** 8 bits, the dedicated GPIO inputs as `ee.get_gpio_in` reads them. */
  gpioIn: 4,
  /** How many vector accesses hit an address that the hardware silently rounded down. */
  unaligned: 5,
} as const;

export interface PieState {
  readonly memory: WebAssembly.Memory;
  readonly buffer: ArrayBuffer;
  /** QR as lanes: register r starts at element r*16, r*8 or r*4. */
  readonly qs8: Int8Array;
  readonly qu8: Uint8Array;
  readonly qs16: Int16Array;
  readonly qu16: Uint16Array;
  readonly qs32: Int32Array;
  readonly lanes20: Int32Array;
  readonly lanes40: Float64Array;
  /** ACCX: low word, and the high byte sign-extended. */
  readonly accx: Int32Array;
  readonly qacc: Uint8Array;
  /** The same as words: QACC_L is 0..4, QACC_H is 5..9. */
  readonly qaccWords: Int32Array;
  readonly ua: Int32Array;
  readonly control: Int32Array;
  readonly spare: Int32Array;
  /**
   * Called for each vector access whose address is not a multiple of its size, after `control[Control.unaligned]`
   * was counted up; only instructions emitted with `EmitContext.warnUnaligned` do so.
   */
  onUnaligned: (address: number, pc: number) => void;
}

/** Bytes that the state takes. */
export const PIE_STATE_BYTES = 384;

/** A vector unit after reset: all zero. With `memory`, its state lies there, at `offset` (a multiple of 16). */
export function createPieState(
  memory = new WebAssembly.Memory({ initial: 1, maximum: 1 }),
  offset = 0,
): PieState {
  const buffer = memory.buffer as ArrayBuffer;
  return {
    memory,
    buffer,
    qs8: new Int8Array(buffer, offset + layout.q, 128),
    qu8: new Uint8Array(buffer, offset + layout.q, 128),
    qs16: new Int16Array(buffer, offset + layout.q, 64),
    qu16: new Uint16Array(buffer, offset + layout.q, 64),
    qs32: new Int32Array(buffer, offset + layout.q, 32),
    lanes20: new Int32Array(buffer, offset + layout.lanes20, 16),
    lanes40: new Float64Array(buffer, offset + layout.lanes40, 8),
    accx: new Int32Array(buffer, offset + layout.accx, 2),
    qacc: new Uint8Array(buffer, offset + layout.qacc, 40),
    qaccWords: new Int32Array(buffer, offset + layout.qacc, 10),
    ua: new Int32Array(buffer, offset + layout.uaState, 4),
    control: new Int32Array(buffer, offset + layout.control, 8),
    spare: new Int32Array(buffer, offset + layout.spare, 4),
    onUnaligned: () => {},
  };
}

/** ACCX as a signed number. */
export const readAccx = ({ accx }: PieState): number => accx[1] * 2 ** 32 + (accx[0] >>> 0);

/** Sets ACCX from its 40 bits, signed or unsigned. */
export function writeAccx({ accx }: PieState, value: number): void {
  accx[0] = value % 2 ** 32;
  accx[1] = (Math.floor(value / 2 ** 32) << 24) >> 24;
}
