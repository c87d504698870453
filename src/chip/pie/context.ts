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
  /** Emit the check that makes an unaligned vector access loud (`PieState.onUnaligned`). */
  readonly warnUnaligned: boolean;
}
