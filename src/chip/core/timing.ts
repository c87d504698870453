/**
 * Every cost of the cycle model as data, with its source; when results are ready stands beside the instruction table
 * (xtensa/latency.ts), where the compiler reads it, too. Sections named A…G are those of
 * docs/esp32-s3.md; HW = measured on silicon by the named source, DOC = vendor document, INF = inferred.
 */
/** Cycles that a taken branch, jump, call or return adds: the instructions in R and E are cancelled. A2, DOC + ALICE HW. */
export const TAKEN = 2;

/** Cycles added when the target of a transfer crosses a 4-byte fetch word. A2, XTISA section 8.4 DOC, ALICE HW. */
export const STRADDLE = 1;

/** Cycles between the issue of an instruction that raises and the first one of the vector. */
export const EXCEPTION_ENTRY = {
  /** syscall: 7 in all, A3, ALICE HW (candidate). */
  general: 6,
  /**
   * Window overflow and underflow: 35 cycles for a pair = two 9-cycle handler bodies + 17 (A3, ALICE HW); the 17
   * split as 4 per entry, 4 for rfwo and 5 for rfwu (INF). The retw that underflows has paid 3 of them already.
   */
  window: 4,
  /** Interrupt entry of the core alone is not known (A3 gives whole dispatchers): taken as the general one, INF. */
  interrupt: 6,
} as const;

/** Extra issue cycles by mnemonic; everything else issues in 1. */
export const EXTRA_ISSUE: Readonly<Record<string, number>> = {
  // rem is one more than quo (5 against 4 on 291/7). A3, ALICE HW.
  rems: 1,
  remu: 1,
  // 6 or 7, 6.5 average: the refetched next instruction straddles a fetch word half of the time. A3, ALICE HW.
  isync: 5,
  // 6 on SRAM. A3, ALICE HW.
  s32c1i: 5,
  // rfe 5, rfi 4 in all, 2 of which are the taken transfer. A3, ALICE HW.
  rfe: 2,
  rfde: 2,
  rfi: 1,
  rfwo: 1,
  rfwu: 2,
};

/** After these the next instruction is fetched anew: it costs a cycle more where it crosses a fetch word. */
export const REFETCHES: ReadonlySet<string> = new Set(['isync']);

/**
 * The unpipelined divider: 2 cycles for a quotient of up to 2 bits (WLED HW), 4 for 291/7 = 41 (6 bits, ALICE HW),
 * 16-18 on random data (DJ HW): one cycle for two quotient bits fits all three. A3, fit INF.
 * @returns cycles beyond the first
 */
export const divideStall = (quotientBits: number): number => Math.max(1, (quotientBits + 1) >> 1);

/**
 * Words of code fetched ahead of the one that issues. The size of the fetch buffer is not published; 2 lets straight
 * code of any length run at 1.000 cycle per instruction and a ladder of 3-byte l32r at 1.75 (A3, ALICE HW).
 */
export const FETCH_AHEAD = 2;

/**
 * A 128-bit store among other work costs 0.6 cycles on average (A5, DJ HW: 40-instruction bodies), but nothing
 * beside another 128-bit access (copy loops of 3.00 and 4.00 cycles, COPY HW). Fractions add up within a block.
 */
export const LONE_WIDE_STORE = 0.6;
