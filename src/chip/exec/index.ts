/** Bare ELF programs on one core with flat memory, and what they find around them wherever they run. */
export { executeElf, type FlatExecOptions } from './exec.ts';
export { builtInCode, returnOffsets } from './handlers.ts';
export { type KernelOptions, type KernelRun, runKernel } from './kernel.ts';
export type { ProgramMemory } from './memory.ts';
export {
  begin,
  bringsVectors,
  createProgramHost,
  type ExecOptions,
  type ExecResult,
  freePlace,
  HANDLER_PAGE,
  hex,
  readProgram,
  type Span,
  STACK_BYTES,
  STACK_HEADROOM,
  spansOf,
  symbol,
} from './program.ts';
export { parseRegisters, type RegisterChange, type RegisterSettings } from './registers.ts';
