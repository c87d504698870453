import { describe, expect, it } from 'vitest';
import { loadSmallModel } from '../model/testing.ts';
import type { QuantizedMatrix } from './matrix.ts';
import { everywhere, type FixedFormat, packFixed } from './pack.ts';
import { withRounded } from './rounded.ts';

const { model } = loadSmallModel();

const squaredError = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, weight, i) => sum + (weight - other[i]) ** 2, 0);

describe('a model with one matrix rounded', () => {
  const of = (format: 'int4' | 'int5') => withRounded(model, 'layer1.qkv', format, undefined).weights;

  it('has errors of its format there: a bit more makes a quarter of them', () => {
    const [four, five] = [of('int4'), of('int5')];
    for (const name of ['wq', 'wk', 'wv'] as const) {
      const plain = model.weights.layers[1][name];
      const [of4, of5] = [four, five].map(({ layers }) => squaredError(layers[1][name], plain));
      expect(of4).toBeGreaterThan(0);
      expect(of4 / of5).toBeGreaterThan(2.5);
      expect(of4 / of5).toBeLessThan(8);
      expect(of4 / squaredError(plain, new Float32Array(plain.length))).toBeLessThan(0.02);
    }
  });

  it('is the same everywhere else', () => {
    const { layers, ...rest } = of('int5');
    const { layers: plain, ...others } = model.weights;
    expect(rest).toEqual(others);
    layers.forEach(({ wq, wk, wv, ...matrices }, layer) => {
      const { wq: q, wk: k, wv: v, ...same } = plain[layer];
      expect(matrices).toEqual(same);
      expect([wq, wk, wv].every((matrix, i) => matrix === [q, k, v][i])).toBe(layer !== 1);
    });
  });

  it('embeds with the rounded classifier where that is the embedding', () => {
    const { classifier, tokenEmbedding } = withRounded(model, 'classifier', 'int5', undefined).weights;
    expect(classifier).not.toEqual(model.weights.classifier);
    expect(tokenEmbedding === classifier).toBe(model.config.sharedClassifier);
  });
});

describe('matrices that were made before', () => {
  it('are what would be made anew, by format', () => {
    const made = new Map<string, QuantizedMatrix>();
    const pack = (format: FixedFormat, known?: typeof made) =>
      packFixed(model, { precision: 'int4', formats: everywhere(format), made: known }).blobs;
    for (const format of ['int8', 'int5', 'int8'] as const) expect(pack(format, made)).toEqual(pack(format));
    expect(made.size).toBe(2 * (4 * model.config.layers + 1));
  });
});
