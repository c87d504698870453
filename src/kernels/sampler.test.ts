/** The sampler's kernels give the bits of their twins, and the twins what their names say, on numbers of full range and on ties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernelMachine, createTwins, DATA } from './testing.ts';

const machine = createKernelMachine({ precision: 'int8', dim: 64, hidden: 176, headSize: 8 });
const twins = createTwins();
const X = 0x1000;
const OUT = 0x9000;
const END = 0x11000;

type Argument = number | { at: number };

/** Runs both sides on the same memory from X on, and expects the same result and memory; gives the result and what lies there then. */
function both(name: string, data: ArrayBufferView, args: readonly Argument[]) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (const memory of [machine.memory, twins.memory]) {
    memory.fill(0x55, X, END);
    memory.set(bytes, X);
  }
  const at = (base: number) => args.map((arg) => (typeof arg === 'number' ? arg : base + arg.at));
  const { result, cycles } = machine.run(name, at(DATA));
  const expected = twins.run(name, at(0));
  if (expected !== undefined) expect(result).toBe(expected);
  expect(Buffer.compare(machine.memory.subarray(X, END), twins.memory.subarray(X, END))).toBe(0);
  const memory = twins.memory.slice();
  return {
    result,
    cycles,
    words: (place: number, count: number) => new Int32Array(memory.buffer, place, count),
    halves: (place: number, count: number) => new Int16Array(memory.buffer, place, count),
  };
}

const s32 = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: -40, max: 40 }));
const s16 = fc.oneof(fc.integer({ min: -32768, max: 32767 }), fc.constantFrom(-32768, 0, 32767));
const groupsOf = (element: fc.Arbitrary<number>, most = 12) =>
  fc
    .integer({ min: 1, max: most })
    .chain((groups) => fc.array(element, { minLength: 16 * groups, maxLength: 16 * groups }));
const logits = groupsOf(s32).map((all) => Int32Array.from(all));
/** As softmax leaves them: a few large ones, many small ones, equal ones. */
const weight = fc.oneof(
  fc.integer({ min: 0, max: 32767 }),
  fc.integer({ min: 0, max: 9 }),
  fc.constantFrom(0, 1, 500, 32752),
);
const weights = groupsOf(weight)
  .filter((all) => all.some((w) => w > 0))
  .map((all) => Int16Array.from(all));
const runs = { numRuns: 200 };

describe('logits', () => {
  it('are exact products, and the largest is known', () => {
    fc.assert(
      fc.property(groupsOf(fc.tuple(s16, s16) as unknown as fc.Arbitrary<number>, 8), (pairs) => {
        const all = pairs as unknown as [number, number][];
        const n = all.length;
        const data = new Int16Array(n + 64 + n);
        data.set(all.map(([y]) => y));
        data.set(
          all.map(([, scale]) => scale),
          n + 64,
        );
        const { result, words } = both('logits_s32', data, [
          { at: X },
          { at: X + 2 * (n + 64) },
          { at: OUT },
          n,
        ]);
        const products = all.map(([y, scale]) => Math.imul(y, scale));
        expect([...words(OUT, n)]).toEqual(products);
        expect(result).toBe(Math.max(...products));
        expect(both('largest_s32', Int32Array.from(products), [{ at: X }, n]).result).toBe(
          Math.max(...products),
        );
      }),
      runs,
    );
  });

  it('are searched for the first that is equal', () => {
    fc.assert(
      fc.property(logits, fc.nat(), (all, where) => {
        const value = all[where % all.length];
        expect(both('find_s32', all, [{ at: X }, all.length, value]).result).toBe(all.indexOf(value));
      }),
      runs,
    );
  });

  it('above a cut are gathered in order, none or all of them', () => {
    const cut = fc.oneof(s32, fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0));
    fc.assert(
      fc.property(logits, cut, fc.nat(60000), (all, limit, first) => {
        const { result, words, halves } = both('gather_above', all, [
          { at: X },
          all.length,
          limit,
          { at: OUT },
          first,
        ]);
        const kept = [...all.keys()].filter((i) => all[i] > limit);
        expect(result).toBe(kept.length);
        expect([...words(X, result)]).toEqual(kept.map((i) => all[i]));
        expect([...halves(OUT, result)].map((id) => id & 0xffff)).toEqual(kept.map((i) => first + i));
      }),
      runs,
    );
  });
});

describe('weights', () => {
  it('have the same bits on any input, in place or not', () => {
    const shift = fc.integer({ min: 0, max: 31 });
    fc.assert(
      fc.property(logits, s32, shift, fc.nat(32767), fc.boolean(), (all, largest, by, mantissa, inPlace) => {
        const out = inPlace ? X : OUT;
        both('exponentials', all, [{ at: X }, { at: out }, all.length / 16, largest, by, mantissa]);
      }),
      runs,
    );
  });

  it('are e^x to one part in 400 and one unit', () => {
    // A unit of 2^-11 nats: every argument of the exponential.
    for (let first = -22713; first <= 0; first += 192 * 16) {
      const all = Int32Array.from({ length: 192 * 16 }, (_, i) => Math.min(first + i, 0));
      const { halves } = both('exponentials', all, [{ at: X }, { at: OUT }, 192, 0, 0, 1 << 14]);
      halves(OUT, all.length).forEach((found, i) => {
        const wanted = 32752 * Math.exp(all[i] / 2048);
        expect(Math.abs(found - wanted)).toBeLessThan(1 + wanted / 400);
      });
    }
  });

  const total = (all: Int16Array, threshold: number): number =>
    all.reduce((sum, w) => sum + (w >= threshold ? w : 0), 0);

  it('are summed from a threshold on', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 32767 }), (all, threshold) => {
        const { result } = both('mass_from', all, [{ at: X }, all.length / 16, threshold]);
        expect(result).toBe(total(all, threshold));
      }),
      runs,
    );
  });

  it('that top-p keeps are the fewest that reach the target, with their equals', () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const target = Math.max(1, Math.floor(share * total(all, 1)));
        const { result } = both('top_mass', all, [{ at: X }, all.length / 16, target]);
        const kept = all.filter((w) => w >= Math.max(result, 1));
        const least = Math.min(...kept);
        expect(total(all, least)).toBeGreaterThanOrEqual(target);
        expect(total(all, least + 1)).toBeLessThan(target);
      }),
      runs,
    );
  });

  it('that top-k keeps are the k largest, with the equals of the last', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 60 }), (all, k) => {
        const { result } = both('top_count', all, [{ at: X }, all.length / 16, k]);
        const sorted = [...all].sort((a, b) => b - a);
        const last = k <= sorted.length ? sorted[k - 1] : 0;
        expect(all.filter((w) => w >= Math.max(result, 1))).toEqual(
          all.filter((w) => w >= Math.max(last, 1)),
        );
      }),
      runs,
    );
  });

  it('are gone through in order by a draw', () => {
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(),
        (all, coin, which) => {
          const threshold = Math.max(1, all[which % all.length]);
          const mass = total(all, threshold);
          fc.pre(mass > 0);
          const target = Math.floor(coin * mass);
          const { result } = both('pick', all, [{ at: X }, threshold, target]);
          const upTo = (end: number): number => total(all.slice(0, end), threshold);
          expect(all[result]).toBeGreaterThanOrEqual(threshold);
          expect(upTo(result)).toBeLessThanOrEqual(target);
          expect(upTo(result + 1)).toBeGreaterThan(target);
        },
      ),
      runs,
    );
  });
});

describe('cycles of a core with half of 1,024 tokens', () => {
  const half = Int32Array.from({ length: 512 }, (_, i) => (i * 7919) % 512);
  const weighed = Int16Array.from(half);
  it.each([
    ['logits_s32', half, [{ at: X }, { at: X }, { at: OUT }, 512], 480],
    ['largest_s32', half, [{ at: X }, 512], 160],
    ['find_s32', half, [{ at: X }, 512, half[511]], 480],
    // 37 candidates, as many as the model that ships has on average at temperature 0.7.
    ['gather_above', half, [{ at: X }, 512, 474, { at: OUT }, 0], 960],
    ['exponentials', half, [{ at: X }, { at: OUT }, 5, 511, 0, 16384], 300],
    ['mass_from', weighed, [{ at: X }, 5, 40], 40],
    ['top_mass', weighed.map((x) => 64 * x), [{ at: X }, 5, 500000], 330],
    ['pick', weighed, [{ at: X }, 40, 5000], 80],
  ] as const)('%s', (name, data, args, most) => {
    expect(both(name, data, args).cycles).toBeLessThanOrEqual(most);
  });
});
