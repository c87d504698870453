/** How often the device's sampler draws what, against exact softmax in doubles. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  compileSamplers,
  createSampler,
  integers,
  likeText,
  type Settings,
  softmax,
} from './test-sampler.ts';

beforeAll(compileSamplers, 60_000);

/** Chi-square of counts against probabilities, bins of fewer than 8 expected put together, in standard deviations above its mean. */
function surprise(counts: readonly number[], probabilities: Float64Array): number {
  const draws = counts.reduce((a, b) => a + b);
  let [chi, bins, rest, restExpected] = [0, 0, 0, 0];
  probabilities.forEach((p, i) => {
    const expected = draws * p;
    if (expected < 8) {
      rest += counts[i];
      restExpected += expected;
    } else {
      chi += (counts[i] - expected) ** 2 / expected;
      bins++;
    }
  });
  if (restExpected >= 8) {
    chi += (rest - restExpected) ** 2 / restExpected;
    bins++;
  } else expect(rest).toBeLessThan(restExpected + 8 + 6 * Math.sqrt(restExpected));
  const freedom = Math.max(bins - 1, 1);
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

function drawn(
  sampler: ReturnType<typeof createSampler>,
  logits: Int32Array,
  settings: Settings,
  draws: number,
) {
  const counts = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) counts[sampler.choose(logits, settings)]++;
  return counts;
}

describe('draws', () => {
  it.each([
    [1024, 1, 3],
    [1024, 0.7, 2],
    [512, 1.5, 3],
    [300, 1, 5],
  ])(
    'of %i tokens at temperature %f have the frequencies of softmax (chi-square)',
    (vocabulary, temperature, spread) => {
      const sampler = createSampler(vocabulary);
      sampler.run.seedRandom(2025n);
      const logits = integers(likeText(vocabulary, vocabulary, spread));
      const counts = drawn(sampler, logits, { temperature }, 60_000);
      expect(surprise(counts, softmax(logits, temperature))).toBeLessThan(4);
    },
  );

  it('notice a distribution that is another by 5 percent of temperature', () => {
    const sampler = createSampler(1024);
    sampler.run.seedRandom(2025n);
    const logits = integers(likeText(1024, 1024));
    const counts = drawn(sampler, logits, { temperature: 1 }, 60_000);
    expect(surprise(counts, softmax(logits, 1.05))).toBeGreaterThan(8);
  });

  it('with all settings have the frequencies of what is kept', () => {
    const sampler = createSampler(1024);
    sampler.run.seedRandom(7n);
    const logits = integers(likeText(1024, 99));
    const settings = { temperature: 0.9, topp: 0.8, topk: 30, minp: 0.02 };
    const kept = sampler.kept(logits, settings);
    const exact = softmax(logits, 0.9).map((p, id) => (kept.has(id) ? p : 0));
    const sum = exact.reduce((a, b) => a + b);
    const counts = drawn(sampler, logits, settings, 60_000);
    expect(
      surprise(
        counts,
        exact.map((p) => p / sum),
      ),
    ).toBeLessThan(4);
    expect(kept.size).toBeGreaterThan(5);
  });

  it('are as likely as one another where all logits are equal', () => {
    const sampler = createSampler(100);
    sampler.run.seedRandom(3n);
    const counts = drawn(sampler, new Int32Array(100), { topp: 0.5 }, 50_000);
    expect(surprise(counts, new Float64Array(100).fill(0.01))).toBeLessThan(4);
  });
});
