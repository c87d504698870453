/** Numbers of the ELF format (System V ABI, chapter 4) and of its Xtensa supplement (binutils, elf/xtensa.h). */

export const sectionTypes = {
  programBits: 1,
  symbolTable: 2,
  strings: 3,
  relocationsWithAddend: 4,
  noBits: 8,
} as const;

export const sectionFlags = { write: 1, allocate: 2, execute: 4, infoLink: 0x40 } as const;

/** Section indices that are no sections. */
export const specialSections = { undefined: 0, absolute: 0xfff1, common: 0xfff2 } as const;

export const bindings = { local: 0, global: 1, weak: 2 } as const;

export const symbolTypes = { none: 0, object: 1, function: 2, section: 3, file: 4 } as const;

export const machineXtensa = 94;

/** R_XTENSA_32, R_XTENSA_32_PCREL and R_XTENSA_SLOT0_OP. */
export const relocationTypes = { word32: 1, relative32: 14, slot0: 20 } as const;

/**
 * Relocations that change nothing where code stays as it is: none, those of expanded instructions (ASM_EXPAND,
 * ASM_SIMPLIFY), of C++ tables for the removal of unused functions, and of distances (DIFF, PDIFF, NDIFF).
 */
export const isHint = (type: number): boolean =>
  [0, 11, 12, 15, 16, 17, 18, 19].includes(type) || (type >= 57 && type <= 62);

/** EF_XTENSA_XT_INSN and EF_XTENSA_XT_LIT, as GNU as sets them. */
export const xtensaFlags = 0x300;

/** Flags of the entries in `.xt.prop` sections. */
export const property = {
  literal: 1,
  instructions: 2,
  data: 4,
  unreachable: 8,
  noTransform: 0x100,
  align: 0x800,
} as const;
