/**
 * When the LX7 needs operands and has results ready, as data: the cycle model counts by it, and the compiler orders
 * instructions by it. Sections named A…G are those of docs/esp32-s3.md; HW = measured on silicon by the named source,
 * DOC = vendor document, INF = inferred. The vector unit's stages: chip/pie/timing.ts.
 */

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

/** The rule of an instruction outside the PIE, by its mnemonic. */
export const scalarRule = (name: string): ScalarRule =>
  ruleByName.get(name) ?? (/^u?mul[as]?\.[ad][ad]\./.test(name) ? multiplyAccumulate : alu);

/** Address operands of FP loads, stores and moves are needed in E whatever the FP operands do. */
export const ADDRESS_USE = 1;
