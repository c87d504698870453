/**
 * Every cost of the cycle model as data, with its source. Sections named A…G are those of
 * docs/esp32-s3.md; HW = measured on silicon by the named source, DOC = vendor document, INF = inferred.
 */
import type { Opcode } from '../../xtensa/index.ts';

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

/**
 * Pipeline stages: R = 0, E = 1, M = 2, W = 3. A result defined in stage SA and used in stage SB needs
 * max(SA - SB + 1, 1) cycles between the two issues. A2, TRM table 1.7-1 DOC.
 */
export interface ScalarRule {
  /** Stage in which register operands are needed. */
  readonly use: number;
  /** Stage in which results are ready: by register file of the result. */
  readonly define: Readonly<Partial<Record<'AR' | 'FR' | 'BR' | 'MR', number>>>;
}

/** ALU, moves, shifts: usable by the next instruction. A3, ALICE and DJ HW. */
const alu: ScalarRule = { use: 1, define: { AR: 1, FR: 1, BR: 1, MR: 1 } };
/** Loads: +1 at distance 1, 0 at distance 2. A3, ALICE and DJ HW. The address update (lsip) is an ALU result. */
const load: ScalarRule = { use: 1, define: { AR: 2, MR: 2 } };
/**
 * MAC16 takes its factors in M, so that a factor loaded by the instruction before is free: 307 cycles for 256 products
 * of the published loop, in which every second one follows its load. A3, ESPDSP HW, INF.
 */
const multiplyAccumulate: ScalarRule = { use: 2, define: { AR: 1, MR: 2 } };
/** mull, mulsh, muluh, mul16*: latency 2, from the multiply-add rate 158.7 MOPS. A3, WLED HW, INF. */
const multiply: ScalarRule = { use: 1, define: { AR: 2 } };
/**
 * FP arithmetic: result latency 4 (3 stalls when adjacent), to FP operations and FP stores alike. A4, FALCON and WLED HW.
 * Operands are needed in stage 2, so that a loaded value is free at distance 1 (A4: 6.0 cycles per group of the
 * published f32 dot product).
 */
const floatArithmetic: ScalarRule = { use: 2, define: { FR: 5 } };
/** lsi: see above; the address register is used in E. */
const floatLoad: ScalarRule = { use: 1, define: { FR: 2, AR: 1 } };
const floatStore: ScalarRule = { use: 2, define: { AR: 1 } };
/** mov.s, abs.s, neg.s, wfr, const.s: latency 2, assumed. A4, INF. */
const floatMove: ScalarRule = { use: 2, define: { FR: 3 } };
/** rfr: latency 2, assumed. A4, INF. */
const floatToAddress: ScalarRule = { use: 2, define: { AR: 3 } };
/** float.s, trunc.s …: latency 4, assumed. A4, INF. */
const conversion: ScalarRule = { use: 2, define: { FR: 5, AR: 5 } };
/** Comparisons: latency of the boolean not published; taken as a move's. A3, A4, INF. */
const floatCompare: ScalarRule = { use: 2, define: { BR: 3 } };

const classes: readonly (readonly [ScalarRule, string])[] = [
  [load, 'l8ui l16ui l16si l32i l32i.n l32r l32ai l32e s32c1i ldinc lddec'],
  [multiply, 'mull muluh mulsh mul16u mul16s'],
  [
    floatArithmetic,
    'add.s sub.s mul.s madd.s msub.s maddn.s divn.s div0.s recip0.s sqrt0.s rsqrt0.s nexp01.s mkdadj.s mksadj.s addexp.s addexpm.s',
  ],
  [floatLoad, 'lsi lsip lsx lsxp'],
  [floatStore, 'ssi ssip ssx ssxp'],
  [floatMove, 'mov.s abs.s neg.s wfr const.s moveqz.s movnez.s movltz.s movgez.s movf.s movt.s'],
  [floatToAddress, 'rfr'],
  [conversion, 'float.s ufloat.s round.s trunc.s utrunc.s floor.s ceil.s'],
  [floatCompare, 'un.s ueq.s ult.s ule.s oeq.s olt.s ole.s'],
];

const ruleByName = new Map(classes.flatMap(([rule, names]) => names.split(' ').map((name) => [name, rule])));

/** The rule of an instruction outside the PIE. */
export const scalarRule = (opcode: Opcode): ScalarRule =>
  ruleByName.get(opcode.name) ?? (/^u?mul[as]?\.[ad][ad]\./.test(opcode.name) ? multiplyAccumulate : alu);

/** Address operands of FP loads, stores and moves are needed in E whatever the FP operands do. */
export const ADDRESS_USE = 1;
