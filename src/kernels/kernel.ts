/** What a kernel is: hand-written code for the chip's vector unit beside the portable twin that defines its result. */
import { type Arithmetic, type KernelName, type ParameterOf, kernels as table } from '../contract/index.ts';
import type { KernelShape } from '../quantize/index.ts';
import type { AR, Assembler } from '../xtensa/index.ts';

export interface Kernel {
  /** Symbol of the code, and export of the twin in device/kernels. */
  name: KernelName;
  arithmetic: Arithmetic;
  /** Appends a CALL0 function of that name: arguments in a2..a7, result in a2, a12..a15 and a1 preserved. */
  build(asm: Assembler, shape: KernelShape): void;
}

/** A kernel of the contract: `body` gets the registers of its parameters by their names there. */
export function kernel<N extends KernelName>(
  name: N,
  body: (asm: Assembler, parameters: Record<ParameterOf<N>, AR>, shape: KernelShape) => void,
): Kernel {
  const { parameters, arithmetic } = table[name];
  return {
    name,
    arithmetic,
    build(asm, shape) {
      asm.function(name);
      body(asm, asm.parameters(...(Object.keys(parameters) as ParameterOf<N>[])), shape);
    },
  };
}
