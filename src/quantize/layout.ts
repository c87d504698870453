/** Sizes of the contract that the int8 packer needs, by their names there. */
import { activations, sizesOf } from '../contract/index.ts';
import type { ModelConfig } from '../model/index.ts';

/**
 * From this dim on it pays to leave hidden units out that are zero: listing them and reading columns one by one costs as much as it
 * saves where 15 % are active at dim 64, and 34 % at dim 192 (cycles of the kernels, src/kernels/active.ts).
 */
const SKIP_FROM_DIM = 128;

/** Whether a model's zeros are skipped: 1 or 0, as `config.zeros`. The numbers that come out are the same. */
export const skipsZeros = ({ activation, dim }: ModelConfig): number =>
  activations[activation]?.list && dim >= SKIP_FROM_DIM ? 1 : 0;

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
  zeros: number;
  queryLimit: number;
  /** Rows of a half, of `rows` rows that are cut in the middle. */
  rowsOf(index: number, rows: number): number;
  /** Items of a half, of `count` items. */
  half(index: number, count: number): { first: number; count: number };
}

/** `zeros`: {@link skipsZeros}. */
export function layoutOf(config: ModelConfig, zeros: number): Layout {
  const { of } = sizesOf('fixed', { ...config, zeros });
  return {
    headSize: of('headSize'),
    dim: of('pad16', config.dim),
    queryPairs: of('pairsOf', config.heads),
    keyPairs: of('pairsOf', config.kvHeads),
    valueRows: of('valueRows'),
    hiddenHalf: of('hiddenHalf'),
    vocabulary: of('pad16', config.vocabulary),
    zeros,
    queryLimit: of('queryLimit'),
    rowsOf: (index, rows) => of('rowsOf', index, rows),
    half: (index, count) => ({ first: of('firstOf', index, count), count: of('countOf', index, count) }),
  };
}
