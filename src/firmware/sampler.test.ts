/** The device's sampler alone, against exact softmax in doubles: what it keeps, and what it draws; how often it draws what: sampler-draws.test.ts. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import {
  compileSamplers,
  createSampler,
  integers,
  likeText,
  runs,
  type Settings,
  softmax,
  somewhere,
  uniform,
  vocabularies,
} from './test-sampler.ts';

beforeAll(compileSamplers, 60_000);

describe('what another model will draw', () => {
  it('is looked up with the random numbers that the draws will have', () => {
    const { run } = createSampler(512);
    run.seedRandom(9n);
    for (const count of [8, 3, 5]) {
      run.lookAhead();
      const ahead = Array.from({ length: count }, () => run.foreseen());
      expect(new Set(ahead).size).toBe(count);
      expect(Array.from({ length: count - 1 }, () => run.random())).toEqual(ahead.slice(0, -1));
    }
  });

  it('is the token that has most of what lies around the number drawn', () => {
    const sampler = createSampler(512);
    const next = uniform(3);
    let others = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const logits = integers(likeText(512, seed));
      const settings = [{ temperature: 0.5, topp: 0.9 }, { temperature: 1.2, topk: 9 }, { minp: 0.05 }][
        seed % 3
      ];
      const kept = [...sampler.kept(logits, settings)];
      const mass = kept.reduce((sum, [, weight]) => sum + weight, 0);
      for (let draw = 0; draw < 10; draw++) {
        const chance = Math.floor(next() * 2 ** 32);
        const place = Number((BigInt(chance) * BigInt(mass)) >> 32n);
        const [low, high] = [place - Math.trunc(mass / 5), place + Math.trunc(mass / 5)];
        let end = 0;
        const within = kept.map(([, weight]) => {
          const begin = end;
          end += weight;
          return Math.min(end, high) - Math.max(begin, low);
        });
        const expected = kept[within.indexOf(Math.max(...within))][0];
        expect(sampler.foresee(logits, settings, chance)).toBe(expected);
        if (expected !== kept.reduce((a, b) => (b[1] > a[1] ? b : a))[0]) others++;
      }
    }
    expect(others).toBeGreaterThan(50); // not just the likeliest
  });
});

describe('draws', () => {
  it('have weights whose distance from softmax is below 0.3 percent (total variation)', () => {
    for (const [vocabulary, temperature] of [
      [1024, 1],
      [1024, 0.7],
      [512, 2],
      [31, 10],
    ]) {
      const sampler = createSampler(vocabulary);
      for (let seed = 1; seed <= 10; seed++) {
        const logits = integers(likeText(vocabulary, seed));
        const kept = sampler.kept(logits, { temperature });
        const sum = [...kept.values()].reduce((a, b) => a + b);
        const exact = softmax(logits, temperature);
        const distance = exact.reduce((d, p, id) => d + Math.abs(p - (kept.get(id) ?? 0) / sum), 0) / 2;
        expect(distance).toBeLessThan(0.003);
      }
    }
  });

  it('take the first coin to the first token, the last to the last, and no weight of zero', () => {
    const sampler = createSampler(40);
    const logits = new Int32Array(40).fill(-(2 ** 30));
    logits[7] = logits[33] = 2 ** 30;
    const found = new Set<number>();
    for (let seed = 1; seed < 200; seed++) {
      sampler.run.seedRandom(BigInt(seed));
      found.add(sampler.choose(logits, { temperature: 10 }));
    }
    expect([...found].sort((a, b) => a - b)).toEqual([7, 33]);
  });
});

const temperatures = fc.constantFrom(0.000001, 0.01, 0.5, 0.7, 1, 3, 10, 100);
/** By which top-p's mass may be wrong: 15-bit weights, and the share in 16 bits. */
const TOLERANCE = 0.001;

/** Mass of tokens that are likelier than each. */
function above(exact: Float64Array, id: number): number {
  return exact.reduce((sum, p) => sum + (p > exact[id] ? p : 0), 0);
}

describe('what is kept', () => {
  it('by top-p is the smallest set of the likeliest that exceeds p, equals together', () => {
    fc.assert(
      fc.property(
        somewhere,
        temperatures,
        fc.constantFrom(0.01, 0.5, 0.9, 0.99),
        (logits, temperature, topp) => {
          const kept = createSampler(logits.length).kept(logits, { temperature, topp });
          const exact = softmax(logits, Math.max(temperature, 2.8e-4));
          expect(kept.size).toBeGreaterThan(0);
          const least = Math.min(...[...kept.keys()].map((id) => exact[id]));
          /** What a weight may be off by: weights have 15 bits, and the likeliest has all of them. */
          const unit = Math.max(...exact) / 2 ** 15;
          /** Mass of what is so much likelier that no weight can take the two for equals. */
          const clearlyAbove = (id: number): number =>
            exact.reduce((sum, share) => (share > exact[id] * 1.01 + 2 * unit ? sum + share : sum), 0);
          for (let id = 0; id < logits.length; id++) {
            if (kept.has(id)) expect(clearlyAbove(id)).toBeLessThanOrEqual(topp + TOLERANCE);
            else if (exact[id] > 1e-4) {
              // Left out, so those before it, and what its weight cannot tell from it, make up p.
              expect(exact[id]).toBeLessThanOrEqual(least * 1.01);
              expect(above(exact, id)).toBeGreaterThanOrEqual(topp - TOLERANCE - exact[id] * 0.01);
            }
          }
        },
      ),
      runs,
    );
  });

  it('by top-k is the k likeliest and their equals, by min-p what is likely enough', () => {
    fc.assert(
      fc.property(
        somewhere,
        temperatures,
        fc.constantFrom(1, 2, 8, 40),
        fc.constantFrom(0.01, 0.1, 1),
        (logits, temperature, topk, minp) => {
          const sampler = createSampler(logits.length);
          const all = sampler.kept(logits, { temperature });
          const weights = [...all.values()].sort((a, b) => b - a);
          expect(weights[0]).toBe(32752);
          const last = weights[Math.min(topk, weights.length) - 1];
          const ids = (found: Map<number, number>) => [...found.keys()];
          const atLeast = (least: number) => [...all].filter(([, w]) => w >= least).map(([id]) => id);
          expect(ids(sampler.kept(logits, { temperature, topk }))).toEqual(atLeast(last));
          const limit = Math.floor((Math.floor(Math.fround(minp) * 65536) * 32752) / 65536);
          expect(ids(sampler.kept(logits, { temperature, minp }))).toEqual(atLeast(Math.max(1, limit)));
          // Top-p is of the mass that top-k leaves, whatever min-p then takes away.
          const left = weights.filter((w) => w >= last);
          let more = left.reduce((a, b) => a + b) / 2;
          const half = left.find((w) => (more -= w) < 0)!;
          const both = sampler.kept(logits, { temperature, topk, topp: 0.5, minp });
          expect(ids(both)).toEqual(atLeast(Math.max(half, limit)));
        },
      ),
      runs,
    );
  });

  it('is everything where all logits are equal, whatever the temperature', () => {
    for (const vocabulary of [1, 31, 300, 1024]) {
      const sampler = createSampler(vocabulary);
      const logits = new Int32Array(vocabulary).fill(-12345);
      for (const settings of [{ topp: 0.9 }, { topk: 1 }, { minp: 1 }, { temperature: 0.001 }])
        expect(sampler.kept(logits, settings).size).toBe(vocabulary);
    }
  });
});

describe('without temperature', () => {
  it.each(['fixed', 'float'] as const)('the first of the largest is taken, %s', (arithmetic) => {
    fc.assert(
      fc.property(somewhere, (logits) => {
        const values = [...(arithmetic === 'float' ? Float32Array.from(logits) : logits)];
        const largest = values.reduce((a, b) => Math.max(a, b));
        const found = createSampler(logits.length, arithmetic).choose(values, { temperature: 0 });
        expect(found).toBe(values.indexOf(largest));
      }),
      runs,
    );
  });
});

describe('the repetition penalty', () => {
  const told = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 150 });
  const penalties = fc.constantFrom(1.0001, 1.1, 1.3, 2);

  it('lowers each of the last 64 tokens once, in integers', () => {
    fc.assert(
      fc.property(somewhere, told, penalties, (logits, story, penalty) => {
        const sampler = createSampler(logits.length);
        const tokens = story.map((token) => token % logits.length);
        tokens.forEach((token, i) => {
          sampler.run.noteToken(i + 1, token);
        });
        const recent = new Set(tokens.slice(-value.REPETITION_WINDOW));
        const [up, down] = [penalty, 1 / penalty].map((factor) => BigInt(Math.floor(factor * 2 ** 14 + 0.5)));
        const lowered = logits.map((logit, id) =>
          recent.has(id) ? Number((BigInt(logit) * (logit > 0 ? down : up)) >> 14n) : logit,
        );
        const largest = lowered.indexOf(lowered.reduce((a, b) => Math.max(a, b)));
        expect(sampler.choose(logits, { temperature: 0, penalty }, tokens.length)).toBe(largest);
      }),
      runs,
    );
  });

  it('does so in floats', () => {
    fc.assert(
      fc.property(vocabularies, fc.nat(), told, penalties, (vocabulary, seed, story, penalty) => {
        const sampler = createSampler(vocabulary, 'float');
        const logits = Float32Array.from(likeText(vocabulary, seed));
        const tokens = story.map((token) => token % vocabulary);
        tokens.forEach((token, i) => {
          sampler.run.noteToken(i + 1, token);
        });
        const recent = new Set(tokens.slice(-value.REPETITION_WINDOW));
        const factor = Math.fround(penalty);
        const lowered = logits.map((logit, id) =>
          !recent.has(id) ? logit : logit > 0 ? logit / factor : logit * factor,
        );
        const largest = lowered.indexOf(lowered.reduce((a, b) => Math.max(a, b)));
        expect(sampler.choose(logits, { temperature: 0, penalty }, tokens.length)).toBe(largest);
      }),
      runs,
    );
  });
});

describe('in floats', () => {
  it('top-k and min-p keep the likeliest; without them it is llama2.c’s sampler', () => {
    const sampler = createSampler(300, 'float');
    const logits = Float32Array.from(likeText(300, 5));
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
    const support = (settings: Settings): Set<number> => {
      sampler.run.seedRandom(11n);
      return new Set(Array.from({ length: 4000 }, () => sampler.choose(logits, settings)));
    };
    const among = (found: Set<number>, count: number) => {
      expect(found.size).toBe(count);
      expect(order.slice(0, count).every((id) => found.has(id))).toBe(true);
    };
    among(support({ topk: 3 }), 3);
    among(support({ topk: 1, topp: 0.9 }), 1);
    const least = logits[order[0]] + Math.log(0.2);
    among(support({ minp: 0.2 }), order.filter((id) => logits[id] >= least).length);
    among(support({ minp: 0.2, topk: 2 }), 2);
  });
});
