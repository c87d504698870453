/**
 * The vector unit of the ESP32-S3 (PIE): semantics as generated text, and timing as data.
 * Source: ESP32-S3 TRM, chapter 1 (Processor Instruction Extensions).
 */
export { pieBindings, pieFunctions, pieViews } from './bindings.ts';
export type { BlockFacts, EmitContext } from './context.ts';
export { emitPie, pieInstructionNames } from './emit.ts';
export { setQaccForm } from './qacc.ts';
export { qaccTexts } from './qacc-text.ts';
export { type BodyPart, type Inline, isBase, simdInlines } from './simd/index.ts';
export {
  Control,
  createPieState,
  layout,
  PIE_STATE_BYTES,
  type PieState,
  QaccForm,
  readAccx,
  writeAccx,
} from './state.ts';
export { type PipelineRule, type PipelineUse, pipelineRule } from './timing.ts';
