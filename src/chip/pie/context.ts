import { layout, QaccForm } from './state.ts';

/**
 * The contract between the vector unit and whatever runs it (the block compiler of the core, or a test harness):
 * an instruction becomes JavaScript source text with its operands baked in.
 *
 * The text is a list of complete statements. It may declare `const`/`let`, so the caller wraps it in braces.
 * Its free names are those of `pieBindings(state)` and whatever the methods below return.
 */
export interface EmitContext {
  /** Address of the instruction, for warnings. */
  readonly pc: number;
  /** An int32 expression: address register `index` (0..15 of the current window). */
  ar(index: number): string;
  /** A statement that sets it; `value` is an int32 expression. */
  setAr(index: number, value: string): string;
  /** An int32 expression: raw bits of floating-point register `index`. */
  fr(index: number): string;
  setFr(index: number, value: string): string;
  /** An int32 expression 0..63: the shift amount register. */
  readonly sar: string;
  /** An int32 expression: the zero-extended byte or halfword at `address` (already aligned to its size). */
  load8(address: string): string;
  load16(address: string): string;
  /**
   * Statements that set `targets[i]` (assignable int32 expressions) to the 32-bit word at `address + 4*i`. `address` is
   * the name of a local variable, aligned to 4*targets.length bytes; there are 1, 2 or 4 targets.
   */
  loadWords(address: string, targets: readonly string[]): string;
  /** Statements that store the int32 expressions `values[i]` at `address + 4*i`; aligned as above. */
  storeWords(address: string, values: readonly string[]): string;
  /** What is known at this place of its block, from instructions before it. */
  readonly block?: BlockFacts;
  /** Emit the check that makes an unaligned vector access loud (`PieState.onUnaligned`). */
  readonly warnUnaligned: boolean;
}

/** Instructions write down here what they leave behind, for those that follow in the same block. */
export interface BlockFacts {
  /** Where QACC's bits are. */
  qaccForm?: QaccForm;
}

/** Statements that put QACC into a form, if it is not known to be in it. */
export function inForm(form: QaccForm, { block }: EmitContext): string {
  if (block?.qaccForm === form) return '';
  const isZero = block?.qaccForm === QaccForm.zero;
  if (block) block.qaccForm = form;
  return isZero ? `pie_control[0] = ${form};` : `if (pie_control[0] !== ${form}) pie_qaccForm${form}();`;
}

/** QACC's bits are there now, whatever was before. */
export function nowInForm(form: QaccForm, { block }: EmitContext): string {
  if (block) block.qaccForm = form;
  return `pie_control[0] = ${form};`;
}

/** Element types of the multiply-accumulate family and the form of QACC each works on. */
export const laneTypes = ['s8', 'u8', 's16', 'u16'] as const;
export type LaneType = (typeof laneTypes)[number];
export const laneForm: Readonly<Record<LaneType, QaccForm>> = {
  s8: QaccForm.signed20,
  u8: QaccForm.unsigned20,
  s16: QaccForm.signed40,
  u16: QaccForm.unsigned40,
};

/** Text of one instruction from its decoded operands. */
export type Emit = (operands: readonly number[], context: EmitContext) => string;
export type EmitEntry = readonly [name: string, emit: Emit];

/** Byte offset of Q register `q` in the memory of the SIMD functions. */
export const offsetOf = (q: number): number => 16 * q;

/** The 16 spare bytes of the state, as if they were one more Q register, and their words. */
export const spareRegister = layout.spare / 16;
export const spareWords: readonly string[] = [0, 1, 2, 3].map((i) => `pie_spare[${i}]`);

/** The four words of Q register `q` as assignable expressions. */
export const wordsOf = (q: number): string[] => [0, 1, 2, 3].map((i) => `pie_q[${4 * q + i}]`);

/** Declares `pie$t` (the int32 expression) and `pie$a` (it rounded down to `bytes`), with the warning if wanted. */
export function addressAt(context: EmitContext, expression: string, bytes: number, quiet = false): string {
  const warning = context.warnUnaligned && !quiet && bytes > 1;
  return (
    `const pie$t = ${expression}, pie$a = pie$t & ${-bytes};` +
    (warning ? `if (pie$t !== pie$a) pie_unaligned(pie$t, ${context.pc});` : '')
  );
}

/** The same for an address register. */
export const address = (context: EmitContext, register: number, bytes: number, quiet = false): string =>
  addressAt(context, context.ar(register), bytes, quiet);

/**
 * Puts the 128-bit word at `pie$a` into the spare register. A load comes before everything else that an instruction does: where it raises
 * an exception, nothing has happened.
 */
export const fetchWords = (context: EmitContext): string => context.loadWords('pie$a', spareWords);

/** Puts the fetched word into register `q`. */
export const setFetched = (q: number): string => `pie_take(${offsetOf(q)});`;

/** Post-increment by an immediate. */
export const advance = (context: EmitContext, register: number, bytes: number): string =>
  bytes === 0 ? '' : `${context.setAr(register, `pie$t + ${bytes} | 0`)};`;

/** Post-increment by another register. */
export const advanceBy = (context: EmitContext, register: number, by: number): string =>
  `${context.setAr(register, `pie$t + ${context.ar(by)} | 0`)};`;
