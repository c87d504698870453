/** Float models that compute with what a matrix becomes in few bits. */
import { LAYER_PARTS, type Model } from '../model/index.ts';
import { layoutOf } from './layout.ts';
import { rowsOf } from './matrix.ts';
import { type FewBits, partOf, roundTo } from './pack.ts';
import type { Calibration } from './types.ts';

/** The model with one matrix, by the name of its blob, as it is once it has been packed in that format. */
export function withRounded(
  model: Model,
  matrix: string,
  format: FewBits,
  calibration: Calibration | undefined,
): Model {
  const { config, weights } = model;
  const layout = layoutOf(config, 0);
  const part = partOf(matrix);
  const [given, columns] =
    part === 'down' ? [config.hiddenDim, 2 * layout.hiddenHalf] : [config.dim, layout.dim];
  const round = (values: Float32Array): Float32Array => {
    const rounded = new Float32Array(values.length);
    roundTo(format, matrix, rowsOf(values, given), columns, { config, calibration }, (row, real) =>
      rounded.set(real.subarray(0, given), row * given),
    );
    return rounded;
  };
  if (part === 'classifier') {
    const classifier = round(weights.classifier);
    const tokenEmbedding = config.sharedClassifier ? classifier : weights.tokenEmbedding;
    return { ...model, weights: { ...weights, classifier, tokenEmbedding } };
  }
  const layer = Number(/\d+/.exec(matrix)![0]);
  const of = weights.layers[layer];
  const rounded = LAYER_PARTS[part as keyof typeof LAYER_PARTS].map(
    (name) => [name, round(of[name])] as const,
  );
  const layers = weights.layers.with(layer, { ...of, ...Object.fromEntries(rounded) });
  return { ...model, weights: { ...weights, layers } };
}
