/** Architectures beside llama on the device: near the float model. With one digest everywhere: architectures-chip.test.ts. */
import { describe, expect, it } from 'vitest';
import { buildFirmware, createHostProgram, formatDigest } from '../firmware/index.ts';
import { MATRICES, type Model } from '../model/index.ts';
import { goldenModel } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';
import { createReference, softmaxOf } from '../reference/index.ts';
import { ggufAllBiases } from './gguf-models.ts';

const POSITIONS = 60;

/** Mean divergence (Kullback and Leibler, nats) of the device's next tokens from the float model's, over random ones. */
function divergence(model: Model, change: (model: Model) => Model = (same) => same): number {
  const [reference, engine] = [
    createReference(model),
    createHostEngine(quantize(change(model)), { programs }),
  ];
  let sum = 0;
  let token = 5;
  for (let position = 0; position < POSITIONS; position++) {
    const wanted = softmaxOf(reference.forward(token, position));
    const found = softmaxOf(engine.forward(token, position));
    sum += wanted.reduce((all, p, id) => all + p * Math.log(p / found[id]), 0);
    token = (token * 31 + 7) % model.config.vocabulary;
  }
  return sum / POSITIONS;
}

/** Largest difference of the float program's logits from the float model's. */
function floatDifference(model: Model): number {
  const reference = createReference(model);
  const engine = createHostEngine(quantize(model, { precision: 'f32' }), { programs });
  let largest = 0;
  for (let position = 0; position < POSITIONS; position++) {
    const token = (7919 * position + 1) % model.config.vocabulary;
    const wanted = reference.forward(token, position);
    const found = engine.forward(token, position);
    largest = Math.max(largest, ...wanted.map((logit, id) => Math.abs(logit - found[id])));
  }
  return largest;
}

const goldens = ['gpt-neo', 'qwen2'].map((name) => ({ name, model: goldenModel(name) }));

describe.each(goldens)('$name', ({ model }) => {
  it('is near the float model in int8', () => {
    expect(divergence(model)).toBeLessThan(0.02);
  });
  it.each(Object.keys(model.weights.biases![0]))('is further without the biases of %s', (kind) => {
    const without = (given: Model): Model => ({
      ...given,
      weights: {
        ...given.weights,
        biases: given.weights.biases!.map((layer) => ({
          ...layer,
          [kind]: layer[kind as 'wq']!.map(() => 0),
        })),
      },
    });
    // A key's alone are the same for all positions where nothing turns them.
    expect(divergence(model, without)).toBeGreaterThan(0.03);
  });

  describe('in float32', () => {
    it('has the logits of the float model', () => {
      expect(floatDifference(model)).toBeLessThan(1e-4);
    });
  });
});

describe('GPT-Neo', () => {
  const { model } = goldens[0];

  it('is not the same without its window, positions or last bias', () => {
    const wide = (given: Model): Model => ({ ...given, config: { ...given.config, window: 64 } });
    const nowhere = (given: Model): Model => ({
      ...given,
      weights: { ...given.weights, positions: given.weights.positions!.map(() => 0) },
    });
    const last = (given: Model): Model => ({
      ...given,
      weights: { ...given.weights, finalNormBias: given.weights.finalNormBias!.map(() => 0) },
    });
    for (const change of [wide, nowhere, last]) expect(divergence(model, change)).toBeGreaterThan(0.03);
  });

  describe('with a window', () => {
    const seen = (window: number): Model => ({ ...model, config: { ...model.config, window } });
    it.each([
      ['int8', 32, 32 + 48 * 4],
      ['f32', 20, 0],
    ] as const)('has caches of that alone in local layers: %s', (precision, places, ahead) => {
      const cacheOf = (window: number, context: number): number =>
        quantize(seen(window), { precision })
          .buffers(context)
          .filter(({ purpose }) => purpose === 'kv cache')
          .reduce((sum, { bytes }) => sum + bytes, 0);
      // Two of four layers have so many of 64 places.
      const share = (cacheOf(20, 64) - ahead) / (cacheOf(64, 64) - ahead);
      expect(share).toBeCloseTo((64 + places) / 128);
      expect(cacheOf(20, 20)).toBe(cacheOf(64, 20));
    });
    it.each([16, 20, 33])('of %i positions is near the float model', (window) => {
      expect(divergence(seen(window))).toBeLessThan(0.02);
      expect(floatDifference(seen(window))).toBeLessThan(1e-4);
    });
  });

  it('reads prompts in passes of several positions, with the same digest, and neither guesses nor goes back', () => {
    const firmware = buildFirmware({
      ...{ programs, model: quantize(model), tokenizer: model.tokenizer!, weights: 'flash' },
    });
    expect(firmware.lanes).toBeGreaterThan(1);
    expect(firmware.drafts).toBe(0);
    const digests = [0, 4].map((lanes) => {
      const host = createHostProgram({
        ...{ programs, model: quantize(model), tokenizer: model.tokenizer!, lanes, drafts: 3 },
      });
      host.type('/temp 0\r/tokens 40\rOnce upon a time there was a cat\rOnce upon a time there was a dog\r');
      host.settle();
      return formatDigest(host.status.digest);
    });
    expect(digests[1]).toBe(digests[0]);
  });
});

describe('a llama with a bias on every matrix', () => {
  const model = ggufAllBiases();
  it('is near the float model in int8', () => {
    expect(model.config.biases).toEqual(MATRICES);
    expect(divergence(model)).toBeLessThan(0.02);
  });
  it('is the float model in float32', () => {
    expect(floatDifference(model)).toBeLessThan(1e-4);
  });
});

describe('an image of a llama', () => {
  it('has nothing of the others in it', () => {
    const { config, weights } = goldenModel('qwen2');
    const { biases: _, ...sizes } = config;
    const llama: Model = {
      ...goldenModel('qwen2'),
      config: sizes,
      weights: { ...weights, biases: undefined },
    };
    const names = (model: Model): string[] =>
      buildFirmware({ programs, model: quantize(model), tokenizer: model.tokenizer! }).code.map(
        ({ name }) => name,
      );
    const own = /bias|gelu/i;
    expect(names(llama).filter((name) => own.test(name))).toEqual([]);
    expect(names(goldenModel('gpt-neo')).filter((name) => own.test(name)).length).toBeGreaterThan(1);
  });
});
