/** WebAssembly to Xtensa machine code. */
export {
  type CompiledExport,
  type CompiledModule,
  compileModule,
  type StageListener,
} from './compile.ts';
export { InvalidModule, MalformedModule, UnlinkableModule, UnsupportedModule } from './errors.ts';
export { type TrapName, trapName, traps } from './ir.ts';
export type { CompileOptions } from './linkage.ts';
