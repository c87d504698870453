/** The simulated ESP32-S3: cores, vector unit, memories, peripherals, ROM loader, boards. */
export * from './boards/index.ts';
export * from './bus/index.ts';
export {
  type Core,
  type CoreOptions,
  type CoreState,
  type CycleReason,
  createCore,
  type ExplainedLine,
  type Extra,
  UnsupportedInstruction,
} from './core/index.ts';
export {
  type ExecOptions,
  type ExecResult,
  executeElf,
  type KernelOptions,
  type KernelRun,
  parseRegisters,
  type RegisterChange,
  type RegisterSettings,
  runKernel,
} from './exec/index.ts';
export * from './soc/index.ts';
