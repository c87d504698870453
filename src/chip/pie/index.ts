/**
 * The vector unit of the ESP32-S3 (PIE): semantics as generated JavaScript, and timing as data.
 *
 * Coming functions (signatures are fixed):
 *   emitPie(name: string, operands: readonly number[], context: EmitContext): string | undefined
 *     statements for one instruction; operands in table order, decoded (register numbers, immediates in bytes);
 *     also rur.* and wur.* of PIE registers; undefined for anything that is not PIE.
 *   pieBindings(state: PieState): Record<string, unknown>   the free names of that text
 *   readPieRegister(state, name) / writePieRegister(state, name, value)   ('accx_0', 'qacc_h_3', 'sar_byte', …)
 *   pipelineRule(opcode): PipelineRule   (timing.ts)
 */
export type { EmitContext } from './context.ts';
export { Control, createPieState, layout, type PieState, QaccForm } from './state.ts';
export type { PipelineRule, PipelineUse } from './timing-types.ts';
