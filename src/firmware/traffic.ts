/** What a token moves: bytes of every blob and buffer of a model that it reads and writes, in the mean of a story. */
import type { Blob, QuantizedModel, WorkingBuffer } from '../quantize/index.ts';

export interface Traffic {
  reads: number;
  writes: number;
}

/** The story that speeds are told for: so many positions, or the context where it is shorter. */
export const STORY_POSITIONS = 256;
/** Share of a feed-forward's hidden units that are not zero where zeros are skipped: trained ReLU models leave about a fifth. */
export const ACTIVE_SHARE = 0.2;
/** Tables of which a token reads one row, with the rows they have. */
const ROWS_OF: Readonly<Record<string, (model: QuantizedModel) => number>> = {
  embedding: ({ config }) => config.vocabulary,
  embeddingUnits: ({ config }) => config.vocabulary,
  rope: ({ config }) => config.context,
};
/** Matrices of which zeros spare a part: gate rows are all read, up rows and down columns for active units. */
const SPARED: readonly (readonly [name: RegExp, share: number])[] = [
  [/\.gateUp$/, (1 + ACTIVE_SHARE) / 2],
  [/\.down$/, ACTIVE_SHARE],
];

/** Weights are read once a token; tables by row. */
export function trafficOf(model: QuantizedModel, { name, bytes }: Blob): Traffic {
  const rows = ROWS_OF[name]?.(model) ?? 1;
  const spared = model.constants.zeros ? SPARED.find(([pattern]) => pattern.test(name)) : undefined;
  return { reads: (bytes.length / rows) * (spared?.[1] ?? 1), writes: 0 };
}

/** Positions that attention looks back on, in the mean of a story: whole groups of 16. */
export const meanPositions = (context: number): number => Math.min(STORY_POSITIONS, context) / 2 + 8;

/** The KV cache: a position is written, and those so far are read. Activations lie in SRAM, whatever moves. */
export function cacheTraffic({ bytes, purpose }: WorkingBuffer, context: number): Traffic {
  if (purpose !== 'kv cache') return { reads: 0, writes: 0 };
  return { reads: (bytes * Math.min(meanPositions(context), context)) / context, writes: bytes / context };
}
