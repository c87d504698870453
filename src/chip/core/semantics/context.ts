/**
 * How an instruction's semantics become text.
 *
 * The translator turns regions of code into one function each; every instruction contributes statements. They are written in a few
 * constructs of JavaScript, which tests can run as they are, and compiled to WebAssembly (wasm/body.ts). Single stepping uses the same
 * text (a region of one instruction), so there is one source of truth.
 *
 * Names inside the text: `$a0`…`$a15` are local int32 variables; `$SR`, `$MR`, `$TP` views of CoreState; `$FI`,
 * `$FC` float registers as bits and [FCR, FSR]; `$T` cycle bookkeeping; `$c`, `$n` cycles and instructions of the
 * slice; `$lc` LCOUNT; `$X` the slow-path functions of `runtime.ts`; `$t`, `$u`, `$p`, `$v` int32 scratch.
 */
import type { EmitContext as PieContext } from '../../pie/index.ts';
import type { Instruction } from '../decode.ts';

export interface EmitContext extends PieContext {
  /** Address of the next instruction. */
  readonly next: number;
  /** Statements: `target = memory[address]`; 1 and 2 bytes zero-extended unless `signed`. */
  load(target: string, address: string, bytes: 1 | 2 | 4, signed?: boolean): string;
  /** Statements: `memory[address] = value`. */
  store(address: string, bytes: 1 | 2 | 4, value: string): string;
  /** Expression: cycles of the slice at this instruction. */
  readonly cyclesNow: string;
  /** Statements before a call that may raise an exception or look at the time, and after it. */
  readonly beforeCall: string;
  readonly afterCall: string;
  /** Cycles an exception entry at this instruction costs are added by `$X.raise`. */
  raise(cause: number): string;
}

/** Operand texts by operand name: `$a5` for an address register, a decimal literal for everything else. */
export type Texts = Readonly<Record<string, string>>;

/** Statements of an instruction that simply runs on. */
export type Emitter = (operands: Texts, context: EmitContext) => string;

/** How an instruction ends a block. */
export type Ending =
  /** Goes to `target` when the condition (a JavaScript expression) holds, else to the next instruction. */
  | { readonly kind: 'branch'; readonly condition: string; readonly target: number }
  | { readonly kind: 'jump'; readonly target: number }
  /** A zero-overhead loop begins: `code` sets it up; with `skip` (an expression) it goes to `end` at once. */
  | { readonly kind: 'loop'; readonly code: string; readonly skip: string | undefined; readonly end: number }
  /** Leaves the region: `code`, then `$pc = target`. `taken`: the pipeline is refilled as after a jump. */
  | { readonly kind: 'leave'; readonly code: string; readonly target: string; readonly taken: boolean };

export type EndingEmitter = (operands: Texts, context: EmitContext, instruction: Instruction) => Ending;
