import { describe, expect, it } from 'vitest';
import { trainMachinery } from '../node/train.ts';
import { createReference } from '../reference/index.ts';
import { encodeCorpus } from './batches.ts';
import { createEngine } from './engine.ts';
import { grow } from './grow.ts';
import { presets } from './presets/index.ts';
import { createRandom } from './random.ts';
import { recipeOf } from './recipe.ts';
import { settingsOf } from './settings.ts';
import { parametersOf, type Shape } from './shape.ts';
import { modelOf } from './writer.ts';

const small: Shape = {
  ...{ dim: 16, layers: 2, heads: 4, kvHeads: 2, hiddenDim: 20, vocabulary: 40, context: 32 },
  ...{ sharedClassifier: true, activation: 'silu' },
};

/** A model of random weights, none of them zero or one. */
function randomModel(shape: Shape) {
  const random = createRandom(3);
  const { count, tensors } = parametersOf(shape);
  const weights = new Float32Array(count);
  for (const { kind, rows, columns, offset } of tensors)
    for (let i = 0; i < rows * columns; i++)
      weights[offset + i] =
        kind === 'norm' ? 1 + 0.3 * random.normal() : random.normal() / Math.sqrt(columns);
  return { name: 'small', model: modelOf(shape, weights) };
}

const logitsOf = (shape: Shape, weights: Float32Array) => {
  const reference = createReference(modelOf(shape, weights));
  return [5, 17, 3, 22, 17].map((token, position) => Float32Array.from(reference.forward(token, position)));
};

const larger: [string, Partial<Shape>][] = [
  ['the same', {}],
  ['wider', { dim: 24, heads: 6 }],
  ['with more heads of keys', { dim: 32, heads: 8, kvHeads: 4 }],
  ['with more heads to a key', { dim: 24, heads: 6, kvHeads: 2 }],
  ['with more hidden units', { hiddenDim: 36 }],
  ['deeper', { layers: 5 }],
  ['with a longer context', { context: 64 }],
  ['larger in all', { dim: 36, heads: 9, kvHeads: 3, hiddenDim: 48, layers: 3 }],
];

describe.each([true, false])('a larger model, its classifier shared: %s', (sharedClassifier) => {
  const from = randomModel({ ...small, sharedClassifier });
  const before = logitsOf(from.model.config, grow(from, from.model.config, 1));

  it.each(larger)('%s, predicts what the smaller one does', (_, sizes) => {
    const shape = { ...from.model.config, ...sizes };
    logitsOf(shape, grow(from, shape, 1)).forEach((logits, position) => {
      for (const [i, value] of logits.entries()) expect(value).toBeCloseTo(before[position][i], 3);
    });
  });
});

it.each([small, { ...small, layerEmbeddings: true as const }])(
  'a model of the same shape is the model itself: %o',
  (shape) => {
    const from = randomModel(shape);
    expect(modelOf(shape, grow(from, shape, 1)).weights).toEqual(from.model.weights);
  },
);

describe.each([undefined, true as const])(
  'one with per-layer embeddings, those before: %s',
  (layerEmbeddings) => {
    const from = randomModel({ ...small, ...(layerEmbeddings && { layerEmbeddings }) });
    const before = logitsOf(from.model.config, grow(from, from.model.config, 1));

    it.each(larger)('%s, predicts what the smaller one does', (_, sizes) => {
      const shape = { ...from.model.config, ...sizes, layerEmbeddings: true as const };
      logitsOf(shape, grow(from, shape, 1)).forEach((logits, position) => {
        for (const [i, value] of logits.entries()) expect(value).toBeCloseTo(before[position][i], 3);
      });
    });
  },
);

it.each([
  ['s4', 'p2'],
  ['p2', 'p4'],
])('preset %s can grow into %s', (from, to) => {
  const { shape } = presets[from];
  const model = modelOf(shape, new Float32Array(parametersOf(shape).count));
  const grown = grow({ name: from, model }, presets[to].shape, 1);
  expect(grown.length).toBe(parametersOf(presets[to].shape).count);
});

it('leaves nothing that cannot learn: after a few steps every new row and column has moved', async () => {
  const shape = { ...small, dim: 24, heads: 6, kvHeads: 3, hiddenDim: 32, layers: 3 };
  const weights = grow(randomModel(small), shape, 1);
  const engine = await createEngine(shape, { ...trainMachinery(), threads: 1, batchTokens: 128 });
  engine.weights.set(weights);
  const documents = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(15));
  const corpus = encodeCorpus(documents, (text) =>
    [...text].map((_, i) => 3 + ((7 * i + Number(text[0])) % 37)),
  );
  const recipe = { ...recipeOf({ steps: 100 }), shape };
  const segments = documents.map((_, i) => ({ start: 16 * i, length: 15 }));
  for (let step = 1; step <= 4; step++) engine.step(corpus, segments, settingsOf(recipe, step, 0));
  const still = parametersOf(shape).tensors.flatMap(({ name, kind, rows, columns, offset }) => {
    if (kind === 'embedding') return []; // tokens that the text does not have stay as they are
    const moved = (row: number, column: number) =>
      engine.weights[offset + row * columns + column] !== weights[offset + row * columns + column];
    return Array.from({ length: rows }, (_, row) => row)
      .filter((row) => !Array.from({ length: columns }, (_, column) => moved(row, column)).every(Boolean))
      .map((row) => `${name} row ${row}`);
  });
  expect(still).toEqual([]);
  await engine.close();
});

it.each([
  [{ dim: 8, heads: 2 }, /dim is 16, not 8 or less/],
  [{ dim: 32, heads: 4 }, /heads have 4 floats, not 8/],
  [{ kvHeads: 4 }, /2 of its heads share keys, not 1/],
  [{ layers: 1 }, /layers is 2, not 1 or less/],
  [{ vocabulary: 50 }, /vocabulary is 40, not 50/],
  [{ activation: 'relu' as const }, /activation is silu, not relu/],
])('refuses %j', (sizes, message) => {
  expect(() => grow(randomModel(small), { ...small, ...sizes }, 1)).toThrow(message);
});

it('refuses to grow out of per-layer embeddings', () => {
  const from = randomModel({ ...small, layerEmbeddings: true });
  expect(() => grow(from, small, 1)).toThrow(/it has per-layer embeddings; give --layer-embeddings\.$/);
});
