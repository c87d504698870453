/**
 * What a bare program finds around it when it brings nothing of its own: window handlers, exception vectors that report,
 * and the code to which its first function returns.
 */
import { assembleText } from '../../xtensa/index.ts';

/** Offsets of the vectors are those of the core (facts C7); everything but the windows ends in the host. */
const VECTORS = `
  s32e a0, a5, -16
  s32e a1, a5, -12
  s32e a2, a5, -8
  s32e a3, a5, -4
  rfwo
  .balign 64
  l32e a0, a5, -16
  l32e a1, a5, -12
  l32e a2, a5, -8
  l32e a3, a5, -4
  rfwu
  .balign 64
  s32e a0, a9, -16
  l32e a0, a1, -12
  s32e a1, a9, -12
  s32e a2, a9, -8
  s32e a3, a9, -4
  s32e a4, a0, -32
  s32e a5, a0, -28
  s32e a6, a0, -24
  s32e a7, a0, -20
  rfwo
  .balign 64
  l32e a0, a9, -16
  l32e a1, a9, -12
  l32e a2, a9, -8
  l32e a7, a1, -12
  l32e a3, a9, -4
  l32e a4, a7, -32
  l32e a5, a7, -28
  l32e a6, a7, -24
  l32e a7, a7, -20
  rfwu
  .balign 64
  s32e a0, a13, -16
  l32e a0, a1, -12
  s32e a1, a13, -12
  s32e a2, a13, -8
  s32e a3, a13, -4
  s32e a4, a0, -48
  s32e a5, a0, -44
  s32e a6, a0, -40
  s32e a7, a0, -36
  s32e a8, a0, -32
  s32e a9, a0, -28
  s32e a10, a0, -24
  s32e a11, a0, -20
  rfwo
  .balign 64
  l32e a0, a13, -16
  l32e a1, a13, -12
  l32e a2, a13, -8
  l32e a11, a1, -12
  l32e a3, a13, -4
  l32e a4, a11, -48
  l32e a5, a11, -44
  l32e a6, a11, -40
  l32e a7, a11, -36
  l32e a8, a11, -32
  l32e a9, a11, -28
  l32e a10, a11, -24
  l32e a11, a11, -20
  rfwu
`;

/** Vectors that report: level 2 to 7, kernel, user, double exception. */
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

const assemble = (text: string) => assembleText(text, { exact: true }).sections[0].bytes;

export const VECTOR_BYTES = 0x400;
export const returnOffsets = { fromCall0: VECTOR_BYTES, fromCall8: VECTOR_BYTES + 16 } as const;

/** The code of all of it, to lie at a multiple of 1 KB. */
export function builtInCode(): Uint8Array {
  const returns = assemble(RETURNS);
  const code = new Uint8Array(VECTOR_BYTES + returns.length);
  const simcall = assemble('simcall');
  code.set(assemble(VECTORS));
  for (const offset of REPORTING) code.set(simcall, offset);
  code.set(returns, VECTOR_BYTES);
  return code;
}

/** Where breakpoints go. */
export const DEBUG_VECTOR = 0x280;

/** The general exception vectors, at which EXCCAUSE says what happened. */
export const isGeneralVector = (offset: number): boolean => offset === 0x300 || offset === 0x340;
