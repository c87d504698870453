/**
 * What a bare program finds around it when it brings nothing of its own: window handlers, exception vectors that report,
 * and the code to which its first function returns.
 */
import { assembleText } from '../../xtensa/index.ts';
import { windowVectors } from '../core/index.ts';

/** Vectors (offsets of the core, docs/esp32-s3.md C7) that end in the host: level 2 to 7, kernel, user, double exception. */
const REPORTING = [0x180, 0x1c0, 0x200, 0x240, 0x280, 0x2c0, 0x300, 0x340, 0x3c0] as const;

/** A call0 function returns to `fromCall0`, a windowed one to `fromCall8`: the result becomes the exit code. */
const RETURNS = `
  mov.n a3, a2
  movi.n a2, 1
  simcall
  .balign 16
  mov.n a3, a10
  movi.n a2, 1
  simcall
`;

/** A core that has nothing to do any more: core 1 when its function returns. */
const PARK = `
1: waiti 15
  j 1b
`;

const assemble = (text: string) => assembleText(text, { exact: true }).sections[0].bytes;

export const VECTOR_BYTES = 0x400;
export const returnOffsets = {
  fromCall0: VECTOR_BYTES,
  fromCall8: VECTOR_BYTES + 16,
  parked: VECTOR_BYTES + 64,
} as const;

/** The code of all of it, to lie at a multiple of 1 KB. */
export function builtInCode(): Uint8Array {
  const returns = assemble(RETURNS);
  const park = assemble(PARK);
  const code = new Uint8Array(returnOffsets.parked + park.length);
  const simcall = assemble('simcall');
  code.set(windowVectors());
  for (const offset of REPORTING) code.set(simcall, offset);
  code.set(returns, VECTOR_BYTES);
  code.set(park, returnOffsets.parked);
  return code;
}

/** Where breakpoints go. */
export const DEBUG_VECTOR = 0x280;

/** The general exception vectors, at which EXCCAUSE says what happened. */
export const isGeneralVector = (offset: number): boolean => offset === 0x300 || offset === 0x340;
