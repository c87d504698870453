/** EXCCAUSE values. Source: Xtensa ISA reference manual, table 4-64. */
export const CAUSE = {
  illegal: 0,
  syscall: 1,
  fetchError: 2,
  loadStoreError: 3,
  level1Interrupt: 4,
  alloca: 5,
  divideByZero: 6,
  privileged: 8,
  alignment: 9,
  fetchProhibited: 20,
  loadProhibited: 28,
  storeProhibited: 29,
  coprocessor0: 32,
} as const;

export const causeNames: Readonly<Record<number, string>> = {
  0: 'illegal instruction',
  1: 'syscall',
  2: 'instruction fetch error',
  3: 'load or store error',
  4: 'level-1 interrupt',
  5: 'alloca (movsp)',
  6: 'integer divide by zero',
  8: 'privileged instruction',
  9: 'unaligned load or store',
  20: 'instruction fetch prohibited',
  28: 'load prohibited',
  29: 'store prohibited',
  32: 'coprocessor 0 (FPU) disabled',
  35: 'coprocessor 3 (PIE) disabled',
};
