/**
 * How an instruction's semantics become JavaScript text.
 *
 * The translator turns basic blocks into one JavaScript function; every instruction contributes statements. The
 * same text serves for single stepping (a block of one instruction), so there is one source of truth.
 *
 * ## For chip/pie (all `ee.*`, ld.qr / st.qr / mv.qr, RUR/WUR of PIE user registers) and chip/fpu/helpers.ts
 *
 * chip/pie/index.ts exports
 *
 *     export const pieInstructions: Readonly<Record<string, InstructionEmitter>>   // by table name, "ee.vld.128.ip"
 *     export function pieRuntime(state: CoreState): Record<string, Function>       // helpers, called as P.name(...)
 *     export function readPieUserRegister(state: CoreState, number: number): number      // RUR 0..18
 *     export function writePieUserRegister(state: CoreState, number: number, value: number): void
 *
 * chip/fpu/helpers.ts exports pure functions on raw bits, (…: number) => number, named div0, recip0, sqrt0, rsqrt0,
 * nexp01, maddn(acc, x, y), mkdadj(r, s), mksadj(s), addexp(r, s), addexpm(r, s), divn(r, s, t, roundMode), constant(i);
 * those that raise flags return them through the exported `raised: Int32Array(1)` (OR-ed FSR bits, the core clears it).
 *
 * An emitter returns statements; it may declare block-scoped temporaries (the core wraps each instruction in its own
 * braces). It must read all sources before it writes a destination and must do its memory access (which can throw an
 * architectural exception) before it changes any register. Fixed names inside generated code, all constants:
 *
 * - AR (not for you: use operand names), FF FI (float registers), SR, UR, Q8 QU8 Q16 QU16 Q32, ACCX, QA20 QA40 QM,
 *   UA UA8, PX: the views of CoreState, see state.ts. `P`: your runtime helpers.
 * - an operand of kind AR is the NAME of a local int32 variable ('a5'): read and assign it (`a5 = (a5 + 16) | 0`).
 *   A hidden or QR/FR/BR operand and an immediate is a decimal literal.
 * - memory: `context.load*` and `context.store*` below. Addresses are expressions of int32; PIE accesses mask their own
 *   low bits (`a5 & ~15`).
 * - Inline what is hot and short; call `P.something(q, r)` for what is long. No allocation.
 */
export interface EmitContext {
  /** Expression: the value loaded (int32; 8 and 16 bit zero-extended unless signed). Address: a simple expression or name. */
  load(size: 1 | 2 | 4, address: string, signed?: boolean): string;
  /** Statement: store. `value` and `address` are int32 expressions. */
  store(size: 1 | 2 | 4, address: string, value: string): string;
  /**
   * Statement: copies 16 (or 8) bytes of memory into the words named: `words` are 4 (or 2) assignable expressions, for
   * example ['Q32[0]', 'Q32[1]', 'Q32[2]', 'Q32[3]'] or temporaries you declared with let. Address already aligned.
   */
  loadWords(address: string, words: readonly string[]): string;
  /** Statement: stores 4 or 2 words (int32 expressions) at an aligned address. */
  storeWords(address: string, words: readonly string[]): string;
  /** A fresh local name. */
  temporary(): string;
  /** Address of this instruction. */
  readonly pc: number;
}

/** Operand texts by operand name of the instruction table (as, at, ad, qu, qx, imm16 ...). */
export type OperandTexts = Readonly<Record<string, string>>;

/** Returns JavaScript statements which carry out the instruction. */
export type InstructionEmitter = (operands: OperandTexts, context: EmitContext) => string;
