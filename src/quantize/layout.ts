/** Sizes of the contract that the int8 packer needs, by their names there. */
import { sizesOf } from '../contract/index.ts';
import type { ModelConfig } from '../model/index.ts';

export interface Layout {
  headSize: number;
  /** Padded columns and rows of dim. */
  dim: number;
  /** Even members of the rotated pairs of half the heads, padded. */
  queryPairs: number;
  keyPairs: number;
  /** Value rows of a half, padded. */
  valueRows: number;
  /** Hidden units of a half, padded. */
  hiddenHalf: number;
  vocabulary: number;
  queryLimit: number;
  /** Items of a half, of `count` items. */
  half(index: number, count: number): { first: number; count: number };
}

export function layoutOf(config: ModelConfig): Layout {
  const { of } = sizesOf('fixed', config);
  return {
    headSize: of('headSize'),
    dim: of('pad16', config.dim),
    queryPairs: of('pairsOf', config.heads),
    keyPairs: of('pairsOf', config.kvHeads),
    valueRows: of('valueRows'),
    hiddenHalf: of('hiddenHalf'),
    vocabulary: of('pad16', config.vocabulary),
    queryLimit: of('queryLimit'),
    half: (index, count) => ({ first: of('firstOf', index, count), count: of('countOf', index, count) }),
  };
}
