/** Bare ELF programs on one core with flat memory. */
export { type ExecOptions, type ExecResult, executeElf } from './exec.ts';
