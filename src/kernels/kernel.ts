/** What a kernel is: hand-written code for the chip's vector unit beside the portable twin that defines its result. */
import type { KernelShape, Precision } from '../quantize/index.ts';
import type { Assembler } from '../xtensa/index.ts';

export interface Kernel {
  /** Symbol of the code, and export of the twin in device/kernels. */
  name: string;
  /** The build that calls it; int8 if absent. */
  precision?: Precision;
  /** As in the twin's source, for people. */
  signature: string;
  /** Appends a CALL0 function of that name: arguments in a2..a7, result in a2, a12..a15 and a1 preserved. */
  build(asm: Assembler, shape: KernelShape): void;
}
