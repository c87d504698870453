import { describe, expect, it } from 'vitest';
import { feedbackFor } from './feedback.ts';
import { int4Weave, roundRows } from './int4.ts';
import { int5Weave, roundToInt5 } from './int5.ts';
import { bestScales, refine } from './refine.ts';
import { matrixOf, normal } from './test-products.ts';
import { unitsOf } from './weave.ts';

const COLUMNS = 96;

/** Sums of products of activations that have to do with one another. */
function productsOf(seed: number): Float64Array {
  const next = normal(seed);
  const products = new Float64Array(COLUMNS * COLUMNS);
  for (let vector = 0; vector < 400; vector++) {
    const common = next();
    const x = Float64Array.from({ length: COLUMNS }, (_, i) => 20 * next() + (30 * common * (i % 7)) / 7);
    for (let i = 0; i < COLUMNS; i++) for (let j = 0; j <= i; j++) products[i * COLUMNS + j] += x[i] * x[j];
  }
  return products;
}

const costOf = (errors: Float64Array, matrix: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < COLUMNS; i++)
    for (let j = 0; j < COLUMNS; j++) sum += errors[i] * matrix[i * COLUMNS + j] * errors[j];
  return sum;
};

describe.each([
  ['int4', int4Weave],
  ['int5', int5Weave],
])('%s that is refined', (_, weave) => {
  it('never costs more than before, and less on the whole', () => {
    const { metric } = feedbackFor(productsOf(1), COLUMNS, weave);
    const units = Int32Array.from(unitsOf(COLUMNS, weave));
    const scales = new Float64Array(COLUMNS).fill(0.03);
    let [before, after] = [0, 0];
    for (const row of matrixOf(40, COLUMNS, normal(2))) {
      const wanted = Float64Array.from(row!);
      const woven = {
        bytes: new Uint8Array(weave.byteOf(COLUMNS)),
        below: new Uint8Array(weave.byteOf(COLUMNS)),
      };
      const cost = (): number => {
        const values = new Int8Array(COLUMNS);
        weave.read(woven, values);
        return costOf(
          wanted.map((weight, i) => weight - scales[i] * values[i]),
          metric.matrix,
        );
      };
      weave.round(wanted.slice(), units, scales, woven);
      const first = cost();
      refine(wanted, woven, scales, units, weave, metric);
      expect(cost()).toBeLessThanOrEqual(first * (1 + 1e-9));
      before += first;
      after += cost();
    }
    expect(after).toBeLessThan(0.7 * before);
  });
});

describe('scales of groups', () => {
  it('are those that cost least: any other costs more', () => {
    const { metric } = feedbackFor(productsOf(3), COLUMNS, int4Weave);
    const next = normal(4);
    const starts = [0, 32, 96];
    const values = Int8Array.from({ length: COLUMNS }, () => Math.round(40 * next()));
    const wanted = Float64Array.from(values, (value) => 0.1 * value + next());
    const best = bestScales(wanted, values, starts, metric)!;
    const cost = (scales: ArrayLike<number>): number =>
      costOf(
        wanted.map((weight, i) => weight - scales[i < 32 ? 0 : 1] * values[i]),
        metric.matrix,
      );
    for (const [i, by] of [
      [0, 1.01],
      [0, 0.99],
      [1, 1.01],
      [1, 0.99],
    ] as const)
      expect(cost(best.map((scale, group) => (group === i ? by * scale : scale)))).toBeGreaterThan(
        cost(best),
      );
    expect(bestScales(wanted, values.fill(0, 0, 32), starts, metric)).toBeUndefined();
  });
});

describe('rows rounded by activations', () => {
  it.each([
    ['int4', roundRows, int4Weave],
    ['int5', roundToInt5, int5Weave],
  ] as const)('cost less than rounded to nearest: %s', (_, round, weave) => {
    const feedback = feedbackFor(productsOf(5), COLUMNS, weave);
    const rows = matrixOf(32, COLUMNS, normal(6));
    const total = (rounding: Parameters<typeof roundToInt5>[2]): number => {
      let sum = 0;
      round(rows, COLUMNS, rounding, (index, values) => {
        const errors = Float64Array.from(rows[index]!, (weight, i) => weight - values[i]);
        sum += costOf(errors, feedback.metric.matrix);
      });
      return sum;
    };
    expect(total({ feedback })).toBeLessThan(0.65 * total({}));
  });
});
