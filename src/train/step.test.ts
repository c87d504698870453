import { afterAll, describe, expect, it } from 'vitest';
import { trainMachinery } from '../node/train.ts';
import { type Corpus, createBatches, encodeCorpus, share } from './batches.ts';
import { dropKey } from './drop.ts';
import { createEngine, type Engine, initialize } from './engine.ts';
import { measuring } from './measure.ts';
import { parametersOf, type Shape } from './shape.ts';
import { finiteDifferences, slowDropout, slowLoss, slowOrthogonalize, type Vector } from './slow.ts';
import type { Settings } from './thread.ts';

const engines: Engine[] = [];
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

const shape: Shape = {
  dim: 8,
  hiddenDim: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  vocabulary: 13,
  context: 12,
  sharedClassifier: true,
  activation: 'silu',
};

async function engineOf(options: { shape?: Shape; threads?: number; batchTokens?: number; seed?: number }) {
  const engine = await createEngine(options.shape ?? shape, {
    threads: options.threads ?? 1,
    batchTokens: options.batchTokens ?? 64,
    ...trainMachinery(),
  });
  engines.push(engine);
  initialize(engine, options.seed ?? 3);
  return engine;
}

/** Weights that are zero at first are moved, so that every gradient is at work. */
function shake(engine: Engine): void {
  engine.weights.forEach((_, i) => {
    engine.weights[i] += 0.2 * Math.sin(i * 12.9898);
  });
}

function toyCorpus(vocabulary: number, lengths: readonly number[]): Corpus {
  const documents = lengths.map((length, d) =>
    Array.from({ length }, (_, i) => (i * i * 7 + d * 3) % vocabulary),
  );
  const queue = [...documents];
  return encodeCorpus(
    documents.map(() => 'x'),
    () => queue.shift()!.slice(1),
  );
}

const training: Settings = {
  ...measuring('none'),
  matrixRate: 0.02,
  embeddingRate: 0.01,
  normRate: 0.01,
  decay: 0.1,
  muon: 1,
};
const corpus = toyCorpus(shape.vocabulary, [6, 3, 9]);
const ids = new Int32Array(corpus.tokens.length + 1);
corpus.tokens.copy(0, ids);
const segments = createBatches(corpus, 'documents', 1).next(64, shape.context).slice(0, 3);
const batch = {
  tokens: segments.flatMap(({ start, length }) => Array.from(ids.slice(start, start + length))),
  targets: segments.flatMap(({ start, length }) => Array.from({ length }, (_, i) => ids[start + i + 1])),
  segments: segments.map(({ length }) => length),
};

describe('a whole step against plain TypeScript in double precision', () => {
  it.each([
    ['llama', shape],
    [
      'ReLU, own classifier, odd sizes',
      { ...shape, activation: 'relu', sharedClassifier: false, hiddenDim: 4, kvHeads: 2 },
    ],
    ['per-layer embeddings', { ...shape, layerEmbeddings: true }],
  ] as [string, Shape][])('%s: loss, every gradient, the updated weights', async (_, variant) => {
    const engine = await engineOf({ shape: variant });
    shake(engine);
    const before = Float64Array.from(engine.weights);
    engine.refresh(training);
    const { loss, tokens } = engine.step(corpus, segments, training);
    expect(tokens).toBe(batch.tokens.length);
    expect(loss).toBeCloseTo(slowLoss(variant, before, batch), 5);
    const gradients = finiteDifferences((w) => slowLoss(variant, w, batch), before, 1e-4);
    const size = Math.max(...gradients.map(Math.abs));
    gradients.forEach((g, i) => {
      expect(Math.abs(engine.gradients[i] - g) / size).toBeLessThan(1e-4);
    });
    for (const { kind, rows, columns, offset, name } of parametersOf(variant).tensors) {
      if (kind !== 'matrix') continue;
      const expected = muonStep(before, gradients, offset, rows, columns);
      const actual = engine.weights.subarray(offset, offset + rows * columns);
      const worst = Math.max(...expected.map((w, i) => Math.abs(w - actual[i])));
      expect(worst, name).toBeLessThan(2e-4);
    }
  });
});

it.each([
  ['llama', shape],
  ['per-layer embeddings', { ...shape, layerEmbeddings: true }],
] as [string, Shape][])(
  '%s: drops the same in the forward as in the backward pass, and nothing where it only measures',
  async (_, shape) => {
    const engine = await engineOf({ shape });
    shake(engine);
    const before = Float64Array.from(engine.weights);
    const one = { start: 0, length: 6 };
    const alone = {
      tokens: Array.from(ids.slice(0, 6)),
      targets: Array.from(ids.slice(1, 7)),
      segments: [6],
    };
    const drop = (x: Vector, site: number) => slowDropout(x, dropKey(1234, 0, site), 0.3);
    const dropping = { ...training, dropout: 0.3, dropoutKey: 1234 };
    engine.refresh(dropping);
    expect(engine.loss(corpus, [one], dropping) / 6).toBeCloseTo(slowLoss(shape, before, alone), 5);
    const { loss } = engine.step(corpus, [one], dropping);
    expect(loss).toBeCloseTo(slowLoss(shape, before, alone, drop), 5);
    const gradients = finiteDifferences((w) => slowLoss(shape, w, alone, drop), before, 1e-4);
    const size = Math.max(...gradients.map(Math.abs));
    gradients.forEach((g, i) => {
      expect(Math.abs(engine.gradients[i] - g) / size).toBeLessThan(1e-4);
    });
  },
);

function muonStep(weights: Vector, gradients: Vector, offset: number, rows: number, columns: number): Vector {
  const w = weights.slice(offset, offset + rows * columns);
  const g = gradients.slice(offset, offset + rows * columns);
  const momentum = g.map((x) => 0.05 * x);
  const direction = slowOrthogonalize(
    momentum.map((m, i) => 0.95 * m + 0.05 * g[i]),
    rows,
    columns,
  );
  const rate = 0.02 * Math.sqrt(Math.max(1, rows / columns));
  return w.map((x, i) => x * (1 - rate * 0.1) - rate * direction[i]);
}

describe('threads', () => {
  it.each([0, 0.2])('one, two or three threads give the same bits, dropout %f', async (dropout) => {
    const settings = { ...training, dropout, dropoutKey: 5 };
    const runs: Float32Array[] = [];
    const losses: number[] = [];
    for (const threads of [1, 2, 3]) {
      const engine = await engineOf({ threads });
      shake(engine);
      engine.refresh(settings);
      losses.push(engine.step(corpus, segments, settings).loss);
      runs.push(engine.weights.slice());
    }
    expect(losses[1]).toBe(losses[0]);
    expect(losses[2]).toBe(losses[0]);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it('shares documents so that no thread exceeds its room', () => {
    const items = [400, 300, 300, 200, 100, 90, 5].map((length, start) => ({ start, length }));
    const parts = share(items, 3, 1 / 400, 600);
    expect(parts.flat().length).toBe(items.length);
    for (const part of parts)
      expect(part.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(600);
  });
});

it('a tiny model learns one story by heart, below 0.05 nats', async () => {
  const story = toyCorpus(50, [60]);
  const tiny: Shape = { ...shape, dim: 32, hiddenDim: 64, heads: 4, kvHeads: 2, vocabulary: 50, context: 64 };
  const engine = await engineOf({ shape: tiny });
  engine.refresh(training);
  let loss = Number.POSITIVE_INFINITY;
  for (let step = 1; step <= 300 && loss > 0.04; step++) {
    loss = engine.step(story, [{ start: 0, length: 60 }], { ...training, step, decay: 0, clip: 1 }).loss;
  }
  expect(loss).toBeLessThan(0.05);
});

it('trains through int8 rounding: loss falls, and what is measured is the rounded model', async () => {
  const engine = await engineOf({});
  shake(engine);
  const rounding = {
    ...training,
    ...measuring('int8'),
    matrixRate: 0.02,
    embeddingRate: 0.01,
    decay: 0,
    muon: 1,
  };
  engine.refresh(rounding);
  const first = engine.step(corpus, segments, { ...rounding, step: 1 }).loss;
  let last = first;
  for (let step = 2; step <= 60; step++) last = engine.step(corpus, segments, { ...rounding, step }).loss;
  expect(last).toBeLessThan(first * 0.7);
});
