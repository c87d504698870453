import { describe, expect, it } from 'vitest';
import { MATRICES, type Model } from '../model/index.ts';
import { loadTinyStories } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createReference, crossEntropy, type Reference } from '../reference/index.ts';
import { createHostEngine, int4Rounding, quantize } from './index.ts';

const { model } = loadTinyStories();

function rounded({ config, weights }: Model): Model {
  const { round } = int4Rounding(config);
  const layers = weights.layers.map((layer) => ({
    ...layer,
    ...Object.fromEntries(
      MATRICES.map((name) => {
        const out = new Float32Array(layer[name].length).fill(Number.NaN);
        round(name, layer[name], out);
        return [name, out];
      }),
    ),
  }));
  return { ...model, weights: { ...weights, layers } };
}

/** Losses of a text that is no story, so that they are large and differ. */
function losses(engine: Reference): number[] {
  const tokens = Array.from({ length: 48 }, (_, i) => (i === 0 ? 1 : 3 + ((i * i * 37) % 900)));
  return tokens.slice(0, -1).map((token, i) => crossEntropy(engine.forward(token, i), tokens[i + 1]));
}

describe('the values that int4 stands for', () => {
  it('are what the packed model computes with', () => {
    const packed = losses(createHostEngine(quantize(model, { precision: 'int4' }), { programs }));
    const distance = (other: readonly number[]) =>
      Math.sqrt(packed.reduce((sum, loss, i) => sum + (loss - other[i]) ** 2, 0) / packed.length);
    const ofValues = distance(losses(createReference(rounded(model))));
    const ofFloats = distance(losses(createReference(model)));
    // What is left is int8 activations, cache and classifier.
    expect(ofValues).toBeLessThan(0.2 * ofFloats);
  });
});
