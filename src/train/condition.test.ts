import { describe, expect, it } from 'vitest';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createReference } from '../reference/index.ts';
import { conditionForChip, scaleResidual } from './condition.ts';
import { createRandom } from './random.ts';
import { parametersOf, type Shape } from './shape.ts';
import { trainTokenizer } from './tokenizer-trainer.ts';
import { modelOf } from './writer.ts';

const shape: Shape = {
  dim: 32,
  hiddenDim: 48,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  vocabulary: 270,
  context: 32,
  sharedClassifier: true,
  activation: 'silu',
};

function weightsOf(variant: Shape): Float32Array {
  const random = createRandom(9);
  const { count, tensors } = parametersOf(variant);
  const weights = new Float32Array(count);
  for (const { kind, offset, rows, columns } of tensors) {
    for (let i = offset; i < offset + rows * columns; i++) {
      weights[i] = kind === 'norm' ? 1 : random.normal() * (kind === 'embedding' ? 0.5 : 0.2);
    }
  }
  return weights;
}

const logits = (variant: Shape, weights: Float32Array) => {
  const { forward } = createReference(modelOf(variant, weights));
  forward(1, 0);
  return Array.from(forward(70, 1));
};

describe('scale of the residual stream', () => {
  it.each<Partial<Shape>>([
    { sharedClassifier: true },
    { sharedClassifier: false },
    { layerEmbeddings: true },
  ])('leaves the model what it is: %o', (change) => {
    const variant = { ...shape, ...change };
    const weights = weightsOf(variant);
    const before = logits(variant, weights);
    const after = logits(variant, scaleResidual(variant, weights, 1 / 4));
    const size = Math.max(...before.map(Math.abs));
    before.forEach((y, i) => {
      expect(Math.abs(after[i] - y) / size).toBeLessThan(1e-3);
    });
  });

  it('is chosen by what the chip’s arithmetic loses', () => {
    const text = 'one two three four one two three four five six one two';
    const tokenizer = trainTokenizer([text, text], 270);
    const weights = weightsOf(shape);
    const chosen = conditionForChip(shape, weights, tokenizer, [text], programs);
    const ratio = chosen[0] / weights[0];
    expect([1, 1 / 2, 1 / 4, 1 / 8]).toContain(ratio);
  });
});
