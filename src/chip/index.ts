/** The simulated ESP32-S3: cores, vector unit, memories, peripherals, ROM loader, boards. */
export * from './boards/index.ts';
export * from './bus/index.ts';
export {
  type Core,
  type CoreOptions,
  type CoreState,
  createCore,
  UnsupportedInstruction,
} from './core/index.ts';
export { type ExecOptions, type ExecResult, executeElf } from './exec/index.ts';
export * from './soc/index.ts';
