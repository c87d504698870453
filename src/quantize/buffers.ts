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
  return READ_AHEAD + 176 + widest + 2 * widest + 2 * rows + angles + queries + 3 * pad16(context);
}

/** Bytes behind a vector that kernels load and do not use. */
const READ_AHEAD = 32;

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
    buffer('residual', 4 * layout.dim + READ_AHEAD, 'activations'),
    buffer('hidden', 8 * layout.hiddenHalf + READ_AHEAD, 'activations'),
    buffer('attention', 2 * layout.dim + READ_AHEAD, 'activations'),
    buffer('scratch', 2 * scratchBytes(layout, context), 'activations'),
    buffer('logits', 4 * layout.vocabulary, 'activations'),
    buffer('keys', cache + READ_AHEAD, 'kv cache'),
    // The loads of values run two registers ahead, each a group of positions apart.
    buffer('values', cache + 3 * 16 * layout.headSize, 'kv cache'),
    buffer('keyScales', scales, 'kv cache'),
    buffer('valueScales', scales, 'kv cache'),
  ];
}
