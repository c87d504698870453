import { MATRICES, type MatrixName, type Model } from '../model/index.ts';
import { skipsZeros } from './layout.ts';
import { everywhere, type Formats, int4Formats, packFixed } from './pack.ts';
import { packFloat } from './pack-f32.ts';
import type { Calibration, Precision, QuantizedModel } from './types.ts';

/** Bytes of an int4 weight with its share of scales. */
const INT4_BYTES = 0.52;

/**
 * int4 for so many bytes of fast memory: where embedding and classifier leave no room for the layers, they have four bits, too, as they
 * would else be read out of flash. Where there is room, what is read by hidden units of an activation that leaves zeros stays int8: a
 * fifth of so many bytes is less than all of half as many.
 */
function int4For({ config, weights }: Model, room: number): Formats {
  const elements = (names: readonly MatrixName[]): number =>
    weights.layers.reduce((sum, layer) => sum + names.reduce((of, name) => of + layer[name].length, 0), 0);
  const least = weights.classifier.length + INT4_BYTES * elements(MATRICES);
  if (least > room) return everywhere('int4');
  const byUnits = least + (1 - INT4_BYTES) * elements(['w2', 'w3']);
  return int4Formats(config, skipsZeros(config) === 1 && Number.isFinite(room) && byUnits <= room);
}

/** What the end of a model's training rounded to, where it says so; else int8. */
export const ownPrecision = ({ training }: Pick<Model, 'training'>): 'int8' | 'int4' =>
  training?.finish === 'int4' ? 'int4' : 'int8';

export interface QuantizeOptions {
  /** Default: {@link ownPrecision}. */
  precision?: Precision;
  /** int4: bytes of the memory that weights are to fit, where there is one that is faster than flash. */
  room?: number;
  /** Activations of a text (calibrate.ts), by which int4 weights are rounded; without it to nearest. */
  calibration?: Calibration;
  /** Whether what zeros of the activation would multiply is left out, 1 or 0; default: where it pays. */
  zeros?: number;
}

/** Prepares a model for the chip: int8 or int4 rows for the vector kernels, or single precision for comparison. */
export function quantize(
  model: Model,
  { precision = ownPrecision(model), room = Number.POSITIVE_INFINITY, ...options }: QuantizeOptions = {},
): QuantizedModel {
  if (precision === 'f32') return packFloat(model);
  const chosen = precision === 'int4' ? int4For(model, room) : everywhere(precision);
  return packFixed(model, { precision, formats: chosen, ...options });
}
