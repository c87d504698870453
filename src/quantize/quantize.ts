import type { Model } from '../model/index.ts';
import { everywhere, type Formats, packFixed } from './pack.ts';
import { packFloat } from './pack-f32.ts';
import type { Calibration, Precision, QuantizedModel } from './types.ts';

/** Formats of the matrices by precision: the classifier, which is mostly the embedding, too, loses more by four bits than it saves. */
export const formats: Readonly<Record<Exclude<Precision, 'f32'>, Formats>> = {
  int8: everywhere('int8'),
  int4: { ...everywhere('int4'), classifier: 'int8' },
};

export interface QuantizeOptions {
  precision?: Precision;
  /** Activations of a text (calibrate.ts), by which int4 weights are rounded; without it to nearest. */
  calibration?: Calibration;
  /** Whether what zeros of the activation would multiply is left out, 1 or 0; default: where it pays. */
  zeros?: number;
}

/** Prepares a model for the chip: int8 or int4 rows for the vector kernels, or single precision for comparison. */
export function quantize(
  model: Model,
  { precision = 'int8', ...options }: QuantizeOptions = {},
): QuantizedModel {
  return precision === 'f32'
    ? packFloat(model)
    : packFixed(model, { precision, formats: formats[precision], ...options });
}
