import { describe, expect, it } from 'vitest';
import { presets } from './presets/index.ts';
import { contextAt, progressOf, rateFactor, recipeOf } from './recipe.ts';
import { settingsOf } from './settings.ts';
import { checkShape, parametersOf } from './shape.ts';

describe('the learning rate', () => {
  const recipe = recipeOf({ steps: 1000 });

  it('rises over the first tenth of a short run, stays, and falls to nothing over the last six tenths', () => {
    const at = (step: number) => rateFactor(recipe, step, progressOf(recipe, step - 1, 0));
    expect(at(1)).toBeCloseTo(1 / 100, 10);
    expect(at(50)).toBeCloseTo(0.5, 10);
    expect(at(100)).toBe(1);
    expect(at(401)).toBe(1);
    expect(at(701)).toBeCloseTo(0.5, 10);
    expect(at(851)).toBeCloseTo(0.25, 10);
    expect(at(1000)).toBeCloseTo(1 / 600, 10);
    expect(rateFactor(recipe, 1001, 1)).toBe(0);
  });

  it('warms up over 200 steps where the run ends by the clock', () => {
    const timed = recipeOf({ seconds: 60 });
    expect(rateFactor(timed, 100, 0)).toBe(0.5);
    expect(rateFactor(timed, 1000, progressOf(timed, 999, 30))).toBeCloseTo(0.5 / 0.6, 10);
  });

  it('is the same factor for matrices, embedding and norms; the decay of weights is not scaled here', () => {
    const { matrixRate, embeddingRate, normRate, weightDecay } = recipe;
    expect(settingsOf(recipe, 701, 0)).toMatchObject({
      matrixRate: expect.closeTo(matrixRate * 0.5, 10),
      embeddingRate: expect.closeTo(embeddingRate * 0.5, 10),
      normRate: expect.closeTo(normRate * 0.5, 10),
      decay: weightDecay,
      step: 701,
      activationLevels: 0,
    });
  });

  it('ends with the finish: int8 for all over the last tenth, int4 for the layers over the last fifth', () => {
    const levels = (finish: 'int8' | 'int4' | 'none', step: number) => {
      const { weightLevels, int4Matrices, activationLevels, cacheLevels } = settingsOf(
        recipeOf({ steps: 1000, finish }),
        step,
        0,
      );
      return [weightLevels, int4Matrices, activationLevels, cacheLevels];
    };
    expect(levels('int8', 900)).toEqual([0, 0, 0, 0]);
    expect(levels('int8', 901)).toEqual([127, 0, 127, 127]);
    expect(levels('int4', 800)).toEqual([0, 0, 0, 0]);
    expect(levels('int4', 801)).toEqual([127, 1, 127, 127]);
    expect(levels('none', 1000)).toEqual([0, 0, 0, 0]);
  });
});

describe('a shape', () => {
  it.each(Object.entries(presets))('%s can be trained', (_, { shape, about }) => {
    checkShape(shape);
    expect(about).not.toBe('');
  });

  it('has as many weights as its preset says: int4 in SRAM, and 3 to 4 million', () => {
    const read = (name: string) => parametersOf({ ...presets[name].shape, layerEmbeddings: undefined }).count;
    expect(read('s4')).toBe(439_168);
    expect(parametersOf(presets.s4.shape).count).toBe(439_168 + 4 * 1024 * 128);
    expect(read('p4')).toBeGreaterThan(3e6);
    expect(read('p4')).toBeLessThan(4e6);
  });

  it('has the per-layer embeddings of its preset, unless it is to have none', () => {
    expect(recipeOf({ preset: 's4' }).shape.layerEmbeddings).toBe(true);
    expect(recipeOf({ preset: 's4', layerEmbeddings: false }).shape).not.toHaveProperty('layerEmbeddings');
    expect(recipeOf({ preset: 's3' }).shape).not.toHaveProperty('layerEmbeddings');
    expect(recipeOf({ preset: 's3', layerEmbeddings: true }).shape.layerEmbeddings).toBe(true);
  });

  it('is a preset with every size that was given', () => {
    const { shape } = recipeOf({ preset: 's4', layers: 6, hiddenDim: 144, context: 256 });
    expect(shape).toEqual({ ...presets.s4.shape, layers: 6, hiddenDim: 144, context: 256 });
  });
});

it('sequences are short first: a quarter of the context, then a half', () => {
  const recipe = recipeOf({ steps: 100, shortShare: 0.2, context: 512 });
  expect([0, 0.09, 0.1, 0.19, 0.2, 1].map((progress) => contextAt(recipe, progress))).toEqual([
    128, 128, 256, 256, 512, 512,
  ]);
  expect(contextAt(recipeOf({ steps: 100 }), 0)).toBe(512);
});
