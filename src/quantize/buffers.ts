/** Working memory of the int8 forward pass, sizes as in device/transformer/layout.ts. */
import type { ModelConfig } from '../model/index.ts';
import { type Layout, LOGIT_TILE, pad16 } from './layout.ts';
import type { WorkingBuffer } from './types.ts';

/** Bytes of one core's scratch. */
export function scratchBytes(layout: Layout, context: number): number {
  const widest = Math.max(layout.dim, 2 * layout.hiddenHalf);
  const rows = Math.max(layout.qkvRows, 2 * layout.hiddenHalf, LOGIT_TILE, layout.dim);
  const angles = 4 * (layout.queryPairs + layout.keyPairs);
  const queries = 4 * layout.queryPairs + pad16(layout.headSize);
  return 176 + widest + 2 * widest + 2 * rows + angles + queries + 3 * pad16(context);
}

/** Scales of one half of a layer's heads: one a position, and room for their largest. */
const scalesBytes = (context: number): number => 2 * pad16(context) + 32;

export function buffersOf(config: ModelConfig, layout: Layout, context: number): WorkingBuffer[] {
  const cache = config.layers * config.kvHeads * layout.headSize * pad16(context);
  const scales = config.layers * 2 * scalesBytes(context);
  const buffer = (name: string, bytes: number, purpose: WorkingBuffer['purpose']): WorkingBuffer => ({
    name,
    bytes: pad16(bytes),
    align: 16,
    memory: purpose === 'kv cache' ? 'any' : 'sram',
    purpose,
  });
  return [
    buffer('residual', 4 * layout.dim, 'activations'),
    buffer('hidden', 8 * layout.hiddenHalf, 'activations'),
    buffer('attention', 2 * layout.dim, 'activations'),
    buffer('scratch', 2 * scratchBytes(layout, context), 'activations'),
    buffer('logits', 4 * layout.vocabulary, 'activations'),
    buffer('keys', cache, 'kv cache'),
    buffer('values', cache, 'kv cache'),
    buffer('keyScales', scales, 'kv cache'),
    buffer('valueScales', scales, 'kv cache'),
  ];
}
