/** WebAssembly to Xtensa machine code. */
export {
  type CompiledExport,
  type CompiledModule,
  compileData,
  compileModule,
  type StageListener,
} from './compile.ts';
export { InvalidModule, MalformedModule, UnlinkableModule, UnsupportedModule } from './errors.ts';
export {
  type ExportedFunction,
  executeWasm,
  exportedFunctions,
  formatValue,
  type WasmExecOptions,
  type WasmExplanation,
  type WasmRun,
} from './host/exec.ts';
export { Trap } from './host/machine.ts';
export type { CompileOptions } from './linkage.ts';
export { type TrapName, trapName, traps } from './middle/ir.ts';
export { type PrintOptions, printStages } from './stages.ts';
