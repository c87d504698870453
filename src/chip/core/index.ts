/** The LX7 cores: decoded regions compiled to WebAssembly, with cycle accounting, windows, exceptions and interrupts. */
export { type Core, type CoreOptions, createCore } from './core.ts';
export { decodeInstruction } from './decode.ts';
export { UnsupportedInstruction } from './errors.ts';
export {
  type CycleReason,
  createExplainer,
  type ExplainedLine,
  type Explainer,
  type Extra,
} from './explain.ts';
export type { VisibleRegisters } from './runtime.ts';
export type { Spin, SpinSearch } from './spin.ts';
export { type CoreState, PS, SR } from './state.ts';
export { runTogether } from './turns.ts';
export { WINDOW_VECTOR_BYTES, windowVectors } from './window-vectors.ts';
