/** The simulated ESP32-S3: cores, vector unit, memories, peripherals, ROM loader, boards. */
export * from './bus.ts';
export { type Core, type CoreOptions, createCore } from './core/core.ts';
export { causeNames, UnsupportedInstruction } from './core/errors.ts';
export type { CoreState } from './core/state.ts';
export { type ExecOptions, type ExecResult, executeElf } from './exec/exec.ts';
export { createFlatBus, type FlatBus } from './flat-bus.ts';
export * from './soc/index.ts';
