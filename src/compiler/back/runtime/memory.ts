/** Copying and filling memory, growing memories and tables. Ranges are checked by the caller. */
import { type Assembler, a2, a3, a4, a5, a6, a7, a8 } from '../../../xtensa/index.ts';

/** Copies a4 bytes from a3 to a2; the ranges may overlap. Whole words where both addresses are aligned. */
export function copy(asm: Assembler): void {
  const [forward, bytes, backward, bytesBack] = ['forward', 'bytes', 'backward', 'bytes_back'].map((hint) =>
    asm.label(hint),
  );
  asm.or(a5, a2, a3);
  asm.extui(a5, a5, 0, 2);
  // Forward unless the target starts inside the source.
  asm.sub(a6, a2, a3);
  asm.bltu(a6, a4, backward);
  asm.place(forward);
  asm.bnez(a5, bytes);
  asm.srli(a5, a4, 2);
  asm.loopnez(a5, () => {
    asm.l32i(a6, a3, 0);
    asm.addi(a3, a3, 4);
    asm.s32i(a6, a2, 0);
    asm.addi(a2, a2, 4);
  });
  asm.extui(a4, a4, 0, 2);
  asm.place(bytes);
  asm.loopnez(a4, () => {
    asm.l8ui(a6, a3, 0);
    asm.addi(a3, a3, 1);
    asm.s8i(a6, a2, 0);
    asm.addi(a2, a2, 1);
  });
  asm.ret();

  asm.place(backward);
  asm.add(a2, a2, a4);
  asm.add(a3, a3, a4);
  asm.or(a5, a2, a3);
  asm.extui(a5, a5, 0, 2);
  asm.bnez(a5, bytesBack);
  asm.srli(a5, a4, 2);
  asm.loopnez(a5, () => {
    asm.addi(a3, a3, -4);
    asm.l32i(a6, a3, 0);
    asm.addi(a2, a2, -4);
    asm.s32i(a6, a2, 0);
  });
  asm.extui(a4, a4, 0, 2);
  asm.place(bytesBack);
  asm.loopnez(a4, () => {
    asm.addi(a3, a3, -1);
    asm.l8ui(a6, a3, 0);
    asm.addi(a2, a2, -1);
    asm.s8i(a6, a2, 0);
  });
  asm.ret();
}

/** Sets a4 bytes from a2 on to the low byte of a3. */
export function fill(asm: Assembler): void {
  const bytes = asm.label('bytes');
  asm.extui(a5, a2, 0, 2);
  asm.bnez(a5, bytes);
  asm.extui(a3, a3, 0, 8);
  asm.slli(a6, a3, 8);
  asm.or(a3, a3, a6);
  asm.slli(a6, a3, 16);
  asm.or(a3, a3, a6);
  asm.srli(a5, a4, 2);
  asm.loopnez(a5, () => {
    asm.s32i(a3, a2, 0);
    asm.addi(a2, a2, 4);
  });
  asm.extui(a4, a4, 0, 2);
  asm.place(bytes);
  asm.loopnez(a4, () => {
    asm.s8i(a3, a2, 0);
    asm.addi(a2, a2, 1);
  });
  asm.ret();
}

/** Grows the memory whose {bytes, most pages} a2 points to by a3 pages: the old number of pages, or -1. */
export function growMemory(asm: Assembler): void {
  const refuse = asm.label('refuse');
  asm.l32i(a4, a2, 0);
  asm.l32i(a5, a2, 4);
  asm.extui(a6, a4, 16, 16);
  asm.bltu(a5, a6, refuse);
  asm.sub(a5, a5, a6);
  asm.bltu(a5, a3, refuse);
  asm.slli(a3, a3, 16);
  asm.add(a4, a4, a3);
  asm.s32i(a4, a2, 0);
  asm.mov(a2, a6);
  asm.ret();
  asm.place(refuse);
  asm.movi(a2, -1);
  asm.ret();
}

/** Grows the table {elements, size, most elements} at a2 by a4 elements, all a3: the old size, or -1. */
export function growTable(asm: Assembler): void {
  const refuse = asm.label('refuse');
  asm.l32i(a5, a2, 4);
  asm.l32i(a6, a2, 8);
  asm.sub(a6, a6, a5);
  asm.bltu(a6, a4, refuse);
  asm.add(a6, a5, a4);
  asm.s32i(a6, a2, 4);
  asm.l32i(a7, a2, 0);
  asm.addx4(a7, a5, a7);
  asm.loopnez(a4, () => {
    asm.s32i(a3, a7, 0);
    asm.addi(a7, a7, 4);
  });
  asm.mov(a2, a5);
  asm.ret();
  asm.place(refuse);
  asm.movi(a2, -1);
  asm.ret();
}

/** Sets a4 words from a2 on to a3. */
export function fillTable(asm: Assembler): void {
  asm.mov(a8, a2);
  asm.loopnez(a4, () => {
    asm.s32i(a3, a8, 0);
    asm.addi(a8, a8, 4);
  });
  asm.ret();
}
