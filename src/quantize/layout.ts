/** Sizes of the contract that the int8 packer needs, by their names there. */
import { type ActivationRow, activations, type ShapeNumbers, sizesOf } from '../contract/index.ts';
import { type Activation, type ModelConfig, traitsOf } from '../model/index.ts';

/**
 * From this dim on it pays to leave hidden units out that are zero: listing them and reading columns one by one costs as much as it
 * saves where 15 % are active at dim 64, and 34 % at dim 192 (cycles of the kernels, src/kernels/active.ts).
 */
const SKIP_FROM_DIM = 128;

const rows: Readonly<Partial<Record<Activation, ActivationRow>>> = activations;

/** Whether an activation leaves zeros that are listed. */
export const hasList = (activation: Activation): boolean => rows[activation]?.list !== undefined;

/** Whether a model's zeros are skipped: 1 or 0, as `config.zeros`. The numbers that come out are the same. */
export const skipsZeros = ({ activation, dim, biases }: ModelConfig): number =>
  hasList(activation) && dim >= SKIP_FROM_DIM && !biases ? 1 : 0;

/** Rows of a hidden unit: a gate and one beside it, or one alone. */
export const gatesOf = (config: ModelConfig): number => (traitsOf(config).gated ? 2 : 1);

/**
 * Positions that local layers' caches hold, which are used again and again: `config.window`; 0 where they hold the whole context. What is
 * written over cannot be brought back.
 */
export const windowOf = ({ localLayers = [], window = 0 }: ModelConfig, context: number): number =>
  localLayers.length > 0 && context > window ? window : 0;

/** The numbers that sizes follow from. */
export function shapeOf(config: ModelConfig, zeros: number, context = config.context): ShapeNumbers {
  const window = windowOf(config, context);
  const windowed = window > 0 ? (config.localLayers?.length ?? 0) : 0;
  return { ...config, context, zeros, gates: gatesOf(config), window, windowed };
}

export interface Layout {
  headSize: number;
  /** Padded columns and rows of dim. */
  dim: number;
  /** Even members of the rotated pairs of half the heads, padded. */
  queryPairs: number;
  keyPairs: number;
  /** Value rows of a half, padded. */
  valueRows: number;
  /** Rows of a half of all three, padded. */
  qkvRows: number;
  /** Hidden units of a half, padded. */
  hiddenHalf: number;
  vocabulary: number;
  zeros: number;
  queryLimit: number;
  /** Bytes of a row of per-layer embeddings. */
  layerRow: number;
  /** Rows of a half, of `rows` rows that are cut in the middle. */
  rowsOf(index: number, rows: number): number;
  /** Items of a half, of `count` items. */
  half(index: number, count: number): { first: number; count: number };
}

/** `zeros`: {@link skipsZeros}. */
export function layoutOf(config: ModelConfig, zeros: number): Layout {
  const { of } = sizesOf('fixed', shapeOf(config, zeros));
  return {
    headSize: of('headSize'),
    dim: of('pad16', config.dim),
    queryPairs: of('pairsOf', config.heads),
    keyPairs: of('pairsOf', config.kvHeads),
    valueRows: of('valueRows'),
    qkvRows: of('qkvRows'),
    hiddenHalf: of('hiddenHalf'),
    vocabulary: of('pad16', config.vocabulary),
    zeros,
    queryLimit: of('queryLimit'),
    layerRow: of('layerRow'),
    rowsOf: (index, rows) => of('rowsOf', index, rows),
    half: (index, count) => ({ first: of('firstOf', index, count), count: of('countOf', index, count) }),
  };
}
