/** The device's sampler alone, against exact softmax in doubles: what it keeps, and how often it draws what. */
import asc from 'assemblyscript/asc';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Arithmetic, arithmetics, scratchOffset, sizesOf, value } from '../contract/index.ts';
import { shippedPrograms } from '../node/device-programs.ts';

interface Settings {
  temperature?: number;
  topp?: number;
  topk?: number;
  minp?: number;
  penalty?: number;
}

interface Exports {
  seedRandom(seed: bigint): void;
  noteToken(position: number, token: number): void;
  prepare(core: number, position: number, temperature: number, penalty: number): void;
  choose(): number;
  weigh(temperature: number): number;
  threshold(groups: number, topp: number, topk: number, minp: number): number;
  setTemperature(value: number): void;
  setTopp(value: number): void;
  setTopk(value: number): void;
  setMinp(value: number): void;
  setPenalty(value: number): void;
}

const modules = new Map<Arithmetic, WebAssembly.Module>();

beforeAll(async () => {
  for (const arithmetic of Object.keys(arithmetics) as Arithmetic[]) {
    const files = new Map<string, Uint8Array | string>();
    const use = ['--use', `ARITHMETIC=${arithmetics[arithmetic].code}`, '--use', 'SCREEN=0'];
    const { error, stderr } = await asc.main(
      [
        'device/sampler-host.ts',
        '-O3',
        '--runtime',
        'stub',
        '--noAssert',
        '--importMemory',
        ...use,
        '-o',
        'out.wasm',
      ],
      { writeFile: (name, contents) => void files.set(name, contents) },
    );
    if (error) throw new Error(stderr.toString());
    modules.set(arithmetic, new WebAssembly.Module(files.get('out.wasm') as Uint8Array<ArrayBuffer>));
  }
}, 60_000);

const PLACES = {
  scratch: 0x1000,
  recent: 0x9000,
  teamwork: 0xa000,
  candidates: 0x10000,
  logits: 0x20000,
  grammar: 0,
  grammarRoom: 0,
};
/** Real value of a unit of integer logits: of the order that models have. */
const UNIT = 2e-7;
/** Numbers that the sampler does not look at. */
const SHAPE = { dim: 64, hiddenDim: 64, layers: 1, heads: 1, kvHeads: 1, context: 16 };

function createSampler(vocabulary: number, arithmetic: Arithmetic = 'fixed') {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const kernel = new WebAssembly.Instance(new WebAssembly.Module(shippedPrograms('kernels.wasm')), {
    env: { memory },
    config: { int4Group: 64 },
  });
  const numbers = { ...SHAPE, ...PLACES, vocabulary, cores: 1, scratchBytes: 0x4000, zeros: 0 };
  const config = Object.fromEntries(
    Object.entries(numbers).map(([name, number]) => [name, new WebAssembly.Global({ value: 'i32' }, number)]),
  );
  const mmio = { read32: () => 0, write32: () => undefined };
  const { exports } = new WebAssembly.Instance(modules.get(arithmetic)!, {
    env: { memory, abort: () => undefined },
    config,
    kernel: kernel.exports as WebAssembly.ModuleImports,
    mmio,
  });
  const run = exports as unknown as Exports;
  const { of } = sizesOf('fixed', { ...SHAPE, vocabulary });
  const halves = [0, 1].map((half) => ({
    first: of('firstRow', half, vocabulary),
    rows: of('rowsOf', half, vocabulary),
  }));
  const view = (address: number, count: number) => new Int32Array(memory.buffer, address, count);
  const padded = of('pad16', vocabulary);

  /** As `classify` leaves them. */
  const put = (values: ArrayLike<number>): void => {
    if (arithmetic === 'float') {
      new Float32Array(memory.buffer, PLACES.logits, vocabulary).set(Float32Array.from(values));
      return;
    }
    const logits = view(PLACES.logits, padded);
    logits.fill(-(2 ** 31)).set(Int32Array.from(values));
    new Float32Array(memory.buffer, PLACES.scratch + scratchOffset('logitUnit'), 1)[0] = UNIT;
    halves.forEach(({ first, rows }, half) => {
      const largest = logits.subarray(first, first + rows).reduce((a, b) => Math.max(a, b), -(2 ** 31));
      view(PLACES.scratch + scratchOffset('largestLogit') + 4 * half, 1)[0] = largest;
      view(PLACES.scratch + scratchOffset('largestTile') + 4 * half, 1)[0] = first;
    });
  };
  const set = ({ temperature = 1, topp = 0, topk = 0, minp = 0, penalty = 1 }: Settings): void => {
    run.setTemperature(temperature);
    run.setTopp(topp);
    run.setTopk(topk);
    run.setMinp(minp);
    run.setPenalty(penalty);
  };
  return {
    run,
    put,
    choose(values: ArrayLike<number>, settings: Settings, position = 0): number {
      put(values);
      set(settings);
      run.prepare(0, position, settings.temperature ?? 1, settings.penalty ?? 1);
      return run.choose();
    },
    /** Ids that are kept with their weights, in the order of the draw. */
    kept(values: ArrayLike<number>, settings: Settings): Map<number, number> {
      const { temperature = 1, topp = 0, topk = 0, minp = 0 } = settings;
      put(values);
      run.prepare(0, 0, temperature, 1);
      const counts = [...view(PLACES.scratch + scratchOffset('candidateCount'), 2)];
      const ids = new Uint16Array(memory.buffer, PLACES.candidates, padded);
      const named = counts.flatMap((count, half) => [
        ...ids.slice(halves[half].first, halves[half].first + count),
        ...new Array<number>((16 - (count % 16)) % 16).fill(-1),
      ]);
      const groups = run.weigh(temperature);
      const least = run.threshold(groups, topp, topk, minp);
      const weights = new Int16Array(memory.buffer, PLACES.logits, 16 * groups);
      expect(named).toHaveLength(weights.length);
      return new Map(
        [...weights.keys()].filter((i) => weights[i] >= least).map((i) => [named[i], weights[i]]),
      );
    },
  };
}

/** A stream of uniform numbers. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Logits as a model of text has them, in nats: most of them low, a few near the largest. */
function likeText(vocabulary: number, seed: number, spread = 3): Float64Array {
  const random = uniform(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  return Float64Array.from({ length: vocabulary }, () => spread * normal());
}

const integers = (nats: ArrayLike<number>): Int32Array =>
  Int32Array.from(nats, (x) => Math.max(-(2 ** 30), Math.min(2 ** 30, Math.round(x / UNIT))));

/** Exact probabilities of integer logits. */
function softmax(logits: ArrayLike<number>, temperature: number): Float64Array {
  const all = Float64Array.from(logits);
  const largest = all.reduce((a, b) => Math.max(a, b));
  const weights = all.map((x) => Math.exp(((x - largest) * UNIT) / temperature));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

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

const vocabularies = fc.constantFrom(1, 5, 16, 17, 31, 32, 33, 100, 259, 300, 512, 1000, 1024);
const temperatures = fc.constantFrom(0.000001, 0.01, 0.5, 0.7, 1, 3, 10, 100);
/** Spread as text is, or with ties, or all alike, or at the ends of the range. */
const somewhere = fc
  .tuple(
    vocabularies,
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    fc.constantFrom('text', 'ties', 'equal', 'extreme'),
  )
  .map(([vocabulary, seed, kind]) => {
    const random = uniform(seed);
    const text = integers(likeText(vocabulary, seed));
    if (kind === 'ties') return text.map(() => Math.floor(4 * random()) * 5_000_000 - 20_000_000);
    if (kind === 'equal') return text.fill(Math.floor((random() - 0.5) * 2 ** 31));
    if (kind === 'extreme') return text.map(() => (random() < 0.5 ? -(2 ** 30) : 2 ** 30));
    return text;
  });
const runs = { numRuns: 150 };
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
          // Top-p is of the mass that top-k leaves.
          const both = sampler.kept(logits, { temperature, topk, topp: 0.5, minp });
          const mass = (found: Map<number, number>) => [...found.values()].reduce((a, b) => a + b, 0);
          const left = new Map([...all].filter(([, w]) => w >= last));
          const leastOfBoth = Math.min(...both.values());
          if (leastOfBoth > limit) expect(mass(both)).toBeGreaterThan(mass(left) / 2);
          expect(both.size).toBeLessThanOrEqual(left.size);
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
    const sampler = createSampler(100);
    sampler.run.seedRandom(3n);
    const counts = drawn(sampler, new Int32Array(100), { topp: 0.5 }, 50_000);
    expect(surprise(counts, new Float64Array(100).fill(0.01))).toBeLessThan(4);
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
