import { describe, expect, it } from 'vitest';
import { loadSmallModel } from '../model/testing.ts';
import { createReference } from './forward.ts';
import { createLens, likeliest, softmaxOf } from './lens.ts';

describe('the lens', () => {
  const { model, tokenizer } = loadSmallModel();
  const tokens = tokenizer.encode('Once upon a time');

  it('shows the reference’s own logits behind the last layer, and heads that weigh all positions', () => {
    const lens = createLens(model);
    const reference = createReference(model);
    tokens.forEach((token, position) => {
      const { layers, attention } = lens.look(token, position);
      expect(layers).toHaveLength(model.config.layers);
      expect(layers.at(-1)).toEqual(reference.forward(token, position));
      for (const heads of attention) {
        expect(heads).toHaveLength(model.config.heads);
        for (const weights of heads) {
          expect(weights).toHaveLength(position + 1);
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
        }
      }
    });
  });

  it('sorts what is likely', () => {
    const logits = Float32Array.of(1, 3, 2, 3);
    expect(likeliest(logits, 3).map(({ id }) => id)).toEqual([1, 3, 2]);
    expect(softmaxOf(logits).reduce((sum, chance) => sum + chance)).toBeCloseTo(1, 12);
    expect(likeliest(logits, 1)[0].probability).toBeCloseTo(1 / (2 + Math.exp(-1) + Math.exp(-2)), 12);
  });
});
