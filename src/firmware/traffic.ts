/** What a token moves: bytes of every blob and buffer of a model that it reads and writes, in the mean of a story. */
import type { ModelConfig } from '../model/index.ts';
import { type Blob, type QuantizedModel, type WorkingBuffer, windowOf } from '../quantize/index.ts';

export interface Traffic {
  reads: number;
  writes: number;
}

/** The story that speeds are told for: so many positions, or the context where it is shorter. */
const STORY_POSITIONS = 256;
/** Share of a feed-forward's hidden units that are not zero where zeros are skipped: trained ReLU models leave about a fifth. */
const ACTIVE_SHARE = 0.2;
/** Tables of which a token reads one row, with the rows they have. */
const ROWS_OF: Readonly<Record<string, (model: QuantizedModel) => number>> = {
  embedding: ({ config }) => config.vocabulary,
  embeddingUnits: ({ config }) => config.vocabulary,
  rope: ({ config }) => config.context,
  positions: ({ config }) => config.context,
  embeddingMeans: ({ config }) => config.vocabulary,
  knownWords: ({ config }) => config.vocabulary, // of its bits four, of lists few entries
  layerEmbeddings: ({ config }) => config.vocabulary, // the rows of a token lie together
};
/** Matrices of which zeros spare a part: up rows and down columns are read for active units. */
const SPARED = /\.(up|down)$/;

/** Weights are read once a token; tables by row. */
export function trafficOf(model: QuantizedModel, { name, bytes }: Blob): Traffic {
  const rows = ROWS_OF[name]?.(model) ?? 1;
  const share = model.constants.zeros && SPARED.test(name) ? ACTIVE_SHARE : 1;
  return { reads: (bytes.length / rows) * share, writes: 0 };
}

/** Positions that attention looks back on, in the mean of a story: whole groups of 16. */
export const meanPositions = (story: number): number => story / 2 + 8;

/** The length of story that speeds are told for, in a context. */
export const storyPositions = (context: number): number => Math.min(STORY_POSITIONS, context);

/** An int8 cache keeps 16 positions side by side: what a position writes touches a line for four of its bytes, or for one scale. */
const SPREAD: Readonly<Record<string, number>> = { keys: 16, values: 16, keyScales: 32, valueScales: 32 };

/** Of so many positions, those that a layer's cache holds, in the mean of the layers. */
function meanHeld(config: ModelConfig, context: number, positions: number): number {
  const { layers, localLayers = [] } = config;
  const window = windowOf(config, context);
  if (window === 0) return positions;
  return positions - (localLayers.length / layers) * Math.max(0, positions - window);
}

/** The KV cache: a position is written, and those so far are read. Activations lie in SRAM, whatever moves. */
export function cacheTraffic(model: QuantizedModel, buffer: WorkingBuffer, context: number): Traffic {
  const { name, bytes, purpose } = buffer;
  if (purpose !== 'kv cache') return { reads: 0, writes: 0 };
  const held = (positions: number): number => meanHeld(model.config, context, positions);
  const spread = model.precision === 'f32' ? 1 : (SPREAD[name] ?? 1);
  return {
    reads: (bytes * held(Math.min(meanPositions(storyPositions(context)), context))) / held(context),
    writes: (spread * bytes) / held(context),
  };
}
