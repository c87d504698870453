/** Working memory of a forward pass: the contract's buffers, in bytes. */
import { type Arithmetic, buffers, scratch, sizesOf } from '../contract/index.ts';
import type { ModelConfig } from '../model/index.ts';
import { shapeOf } from './layout.ts';
import type { WorkingBuffer } from './types.ts';

const ALIGNMENT = 16;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The buffers for a context of so many positions, in the contract's order; `zeros` as in `config.zeros`. */
export function buffersOf(
  arithmetic: Arithmetic,
  config: ModelConfig,
  context: number,
  zeros = 0,
): WorkingBuffer[] {
  const { evaluate } = sizesOf(arithmetic, shapeOf(config, zeros, context));
  const ofScratch = Object.values(scratch[arithmetic]).reduce((sum, { bytes }) => sum + evaluate(bytes), 0);
  return Object.entries(buffers[arithmetic]).map(([name, { bytes, purpose }]) => ({
    name,
    bytes: aligned(evaluate(bytes.replaceAll('SCRATCH', `${aligned(ofScratch)}`))),
    align: ALIGNMENT,
    memory: purpose === 'kv cache' ? 'any' : 'sram',
    purpose,
  }));
}
