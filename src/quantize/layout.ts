/** Padding and halving of the work, the same as device/transformer/layout.ts. */
import type { ModelConfig } from '../model/index.ts';

export const pad8 = (n: number): number => (n + 7) & ~7;
export const pad16 = (n: number): number => (n + 15) & ~15;

/** Rows of logits that the device program computes at a time. */
export const LOGIT_TILE = 256;

export interface Layout {
  headSize: number;
  /** Padded columns and rows of dim. */
  dim: number;
  /** Even members of the rotated pairs of half the heads, padded. */
  queryPairs: number;
  keyPairs: number;
  /** Value rows of a half, padded. */
  valueRows: number;
  /** Rows of a half's query, key and value block. */
  qkvRows: number;
  /** Hidden units of a half, padded. */
  hiddenHalf: number;
  vocabulary: number;
}

/** Items of a half, of `count` items: half 0 takes the odd one. */
export function half(index: number, count: number): { first: number; count: number } {
  const middle = (count + 1) >> 1;
  return index ? { first: middle, count: count - middle } : { first: 0, count: middle };
}

export function layoutOf(config: ModelConfig): Layout {
  const headSize = config.dim / config.heads;
  const queryPairs = pad8((half(0, config.heads).count * headSize) >> 1);
  const keyPairs = pad8((half(0, config.kvHeads).count * headSize) >> 1);
  const valueRows = pad16(half(0, config.kvHeads).count * headSize);
  return {
    headSize,
    dim: pad16(config.dim),
    queryPairs,
    keyPairs,
    valueRows,
    qkvRows: 2 * queryPairs + 2 * keyPairs + valueRows,
    hiddenHalf: pad8((config.hiddenDim + 1) >> 1),
    vocabulary: pad16(config.vocabulary),
  };
}
