/**
 * The semantics of every vector instruction, as JavaScript text with the operands baked in. A table maps each name to
 * an emitter; the families (suffixes .ld.ip, .st.incp, .qup …) are built from parts.
 * Semantics: ESP32-S3 TRM, chapter 1, "Operation" of each instruction; sources are read before anything is written.
 */

import type { Emit, EmitContext } from './context.ts';
import { accumulateInstructions } from './emit-accumulate.ts';
import { fftInstructions } from './emit-fft.ts';
import { laneInstructions } from './emit-lanes.ts';
import { memoryInstructions } from './emit-memory.ts';
import { registerInstructions } from './emit-registers.ts';

const table: ReadonlyMap<string, Emit> = new Map([
  ...memoryInstructions,
  ...laneInstructions,
  ...accumulateInstructions,
  ...registerInstructions,
  ...fftInstructions,
]);

/** Names of all instructions `emitPie` knows. */
export const pieInstructionNames: readonly string[] = [...table.keys()];

/**
 * The statements of one instruction, or undefined for what is not the vector unit's. `operands` are in the order of the
 * instruction table, decoded: register numbers, and immediates as written in assembly (bytes).
 */
export function emitPie(name: string, operands: readonly number[], context: EmitContext): string | undefined {
  return table.get(name)?.(operands, context);
}
