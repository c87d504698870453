import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../model/index.ts';
import { loadTinyStories, version0Bytes } from '../model/testing.ts';
import { goldenEvaluation, int8Goldens, runCGoldens } from '../testing/shared-files.ts';
import {
  createRandom,
  createReference,
  createSampler,
  crossEntropy,
  evaluate,
  generate,
  splitStories,
} from './index.ts';
import { cosf, expf, sinf } from './libm.ts';

describe('golden stories of run.c and runq.c', () => {
  it.each(runCGoldens())('of our own tinystories: $prompt, $temperature, $topp, $seed', (story) => {
    const { model, tokenizer } = loadTinyStories();
    const { tokens, steps, prompt, ...settings } = story;
    const sampler = createSampler(settings);
    expect([...generate(createReference(model), tokenizer, { prompt, steps, sampler })]).toEqual(tokens);
  });
});

describe('forward', () => {
  const model = loadCheckpoint(
    version0Bytes({
      dim: 8,
      hiddenDim: 12,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      vocabulary: 16,
      context: 8,
      sharedClassifier: true,
      activation: 'silu',
    }),
  );
  it('forgets what came after a position it goes back to', () => {
    const reference = createReference(model);
    const run = (tokens: number[]): number[] =>
      Array.from(tokens.map((token, i) => reference.forward(token, i)).at(-1)!);
    const fresh = run([1, 5, 3]);
    run([1, 9, 9, 9]);
    expect(run([1, 5, 3])).toEqual(fresh);
  });
  it('refuses tokens and positions that do not exist', () => {
    const reference = createReference(model);
    expect(() => reference.forward(16, 0)).toThrow(/vocabulary of 16/);
    expect(() => reference.forward(0, 8)).toThrow(/context of 8/);
  });
});

describe('glibc functions', () => {
  it('stay within one unit of the last place of the exact value', () => {
    for (let x = -87; x < 88; x += 0.375) expect(expf(x) / Math.exp(x)).toBeCloseTo(1, 6);
    for (let x = 0; x < 600; x += 0.0913) {
      const single = Math.fround(x);
      expect(sinf(single)).toBeCloseTo(Math.sin(single), 6);
      expect(cosf(single)).toBeCloseTo(Math.cos(single), 6);
    }
  });
  it('end where single precision ends', () => {
    expect(expf(89)).toBe(Number.POSITIVE_INFINITY);
    expect(expf(-104)).toBe(0);
    expect(expf(0)).toBe(1);
  });
});

describe('sampler', () => {
  it('draws the numbers of xorshift64*', () => {
    const random = createRandom(1);
    // state 1 -> 0x2000001; word 0x47e4ce4b (times 0x2545f4914f6cdd1d, upper half)
    expect(random()).toBe((0x47e4ce4b >>> 8) / 16777216);
  });
  it('takes only what the nucleus holds', () => {
    const sampler = createSampler({ temperature: 1, topp: 0.5, seed: 7 });
    const logits = () => Float32Array.from([0, 5, 0, 0]);
    for (let i = 0; i < 100; i++) expect(sampler(logits())).toBe(1);
  });
});

describe('evaluation', () => {
  it('cuts text at the end marks', () => {
    expect(splitStories('One.\n<|endoftext|>\nTwo.\n<|endoftext|>\n')).toEqual(['One.', 'Two.']);
  });
  it('knows the loss of a uniform guess', () => {
    expect(crossEntropy(new Float32Array(512), 3)).toBeCloseTo(Math.log(512), 10);
  });

  it('of our own tinystories gives the golden figures on its own stories', () => {
    const { model, tokenizer } = loadTinyStories();
    const texts = int8Goldens().map(({ text }) => text);
    const { natsPerToken, bitsPerByte } = evaluate(createReference(model), tokenizer, texts, {
      context: model.config.context,
    });
    expect(natsPerToken).toBeCloseTo(goldenEvaluation().float32.natsPerToken, 5);
    expect(bitsPerByte).toBeCloseTo(goldenEvaluation().float32.bitsPerByte, 5);
  });
});
