import type { Model } from '../model/index.ts';
import { packInt8 } from './pack.ts';
import { packFloat } from './pack-f32.ts';
import type { Precision, QuantizedModel } from './types.ts';

const packers: Readonly<Record<Precision, (model: Model) => QuantizedModel>> = {
  int8: (model) => packInt8(model),
  f32: packFloat,
};

/** Prepares a model for the chip: int8 rows for the vector kernels, or single precision for comparison. */
export function quantize(
  model: Model,
  { precision = 'int8' }: { precision?: Precision } = {},
): QuantizedModel {
  return packers[precision](model);
}
