import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import { groupChunks } from '../kernels/matvec4.ts';
import { INT4_GROUPS } from '../model/index.ts';
import { feedbackFor } from './feedback.ts';
import { groupStarts, int4Weave, quantizeInt4 } from './int4.ts';
import { padRows } from './matrix.ts';
import { activations, errorOf, matrixOf, normal, product } from './test-products.ts';

describe('int4', () => {
  const widths = [16, 48, 64, 80, 96, 128, 160, 176, 256, 288, 688, 768];
  it.each(INT4_GROUPS.flatMap((group) => widths.map((columns) => [columns, group] as const)))(
    'holds %i columns in groups of %i to a tenth, and groups as the kernel does',
    (columns, group) => {
      const next = normal(columns);
      const rows = matrixOf(32, columns, next);
      const matrix = quantizeInt4(rows, columns, { group });
      expect(errorOf(rows, matrix, activations(columns, next), group)).toBeLessThan(group > 64 ? 0.17 : 0.13);
      const starts = groupStarts(columns, group);
      expect(groupChunks(columns, group).map((chunks) => 16 * chunks)).toEqual(
        starts.slice(1).map((end, index) => end - starts[index]),
      );
    },
  );

  it('loses less in small groups where weights are larger in some columns than in others', () => {
    const columns = 256;
    const next = normal(5);
    const rows = matrixOf(64, columns, next);
    for (const row of rows)
      row.forEach((w, i) => void (row[i] = w * (1 + 3 * ((i >> 5) & 1) * ((i >> 6) & 1))));
    const x = activations(columns, next);
    const errors = INT4_GROUPS.map((group) =>
      errorOf(rows, quantizeInt4(rows, columns, { group }), x, group),
    );
    expect(errors).toEqual(errors.toSorted((a, b) => a - b));
  });

  it('bounds the activations where a group is too large for any sum to be sure to fit', () => {
    const row = new Float32Array(128).fill(1);
    const { bound, shift } = quantizeInt4(new Array<Float32Array>(16).fill(row), 128, { group: 128 });
    const length = Math.sqrt(bound);
    // A byte holds 127 of 128 steps at most; rows of ones have the largest squares.
    expect(length * 127 * Math.sqrt(128) + 2 ** (shift - 1)).toBeGreaterThan(0.8 * value.LANE_LIMIT);
    expect(length * 112 * Math.sqrt(128) + 2 ** (shift - 1)).toBeLessThanOrEqual(value.LANE_LIMIT);
    expect(quantizeInt4(new Array<Float32Array>(16).fill(row), 128).bound).toBe(0x7fffffff);
  });

  it('has half a byte a weight, and an eighth of a bit for scales', () => {
    const { values } = quantizeInt4(matrixOf(32, 192, normal(1)), 192);
    expect((8 * (values.length - 32)) / (32 * 192)).toBe(4.125);
  });

  it('never lets a sum leave a lane, whatever rows and activations are', () => {
    const weight = fc.oneof(
      fc.constantFrom(-1, 1, 0, 1e-6, 0.999),
      fc.float({ min: -1, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(weight, { minLength: 64, maxLength: 64 }), fc.boolean(), (weights, alike) => {
        const row = Float32Array.from(weights, (w) => (alike ? Math.sign(w) || 1 : w));
        const rows = new Array<Float32Array>(16).fill(row);
        const matrix = quantizeInt4(rows, 64);
        const x = Int8Array.from(row, (w) => (w < 0 ? -127 : 127));
        const exact = row.reduce((sum, w, i) => sum + w * x[i], 0);
        // With the largest shift nothing saturates at 16 bits.
        const unit = matrix.unit * 2 ** (value.LARGEST_SHIFT - matrix.shift);
        for (const y of product({ ...matrix, shift: value.LARGEST_SHIFT, unit }, x, 16))
          expect(Math.abs(y - exact)).toBeLessThan(0.13 * Math.abs(exact) + 127);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps zero rows and rows that are hardly there', () => {
    const rows = [new Float32Array(64), new Float32Array(64).fill(1), new Float32Array(64).fill(1e-9)];
    const matrix = quantizeInt4(padRows(rows, 16), 64);
    const y = product(matrix, new Int8Array(64).fill(30), 16);
    expect(y[0]).toBe(0);
    expect(y[1] / 1920).toBeCloseTo(1, 1);
    expect(Math.abs(y[2])).toBeLessThan(1);
    expect(y.slice(3)).toEqual(new Array(13).fill(0));
  });

  it('loses less in products with the activations that it was shown', () => {
    const columns = 64;
    const next = normal(7);
    // Activations in few directions: what feedback lives from.
    const directions = matrixOf(12, columns, next);
    const draw = (): Int8Array => {
      const sum = new Float32Array(columns);
      for (const direction of directions) {
        const factor = next();
        direction.forEach((d, i) => void (sum[i] += 12 * factor * d));
      }
      return Int8Array.from(sum, (x) => Math.max(-127, Math.min(127, Math.round(x))));
    };
    const products = new Float64Array(columns * columns);
    for (let sample = 0; sample < 200; sample++) {
      const x = draw();
      for (let i = 0; i < columns; i++)
        for (let j = 0; j < columns; j++) products[i * columns + j] += x[i] * x[j];
    }
    const rows = matrixOf(64, columns, next);
    const weights = Float64Array.from({ length: columns }, (_, i) => products[i * (columns + 1)]);
    const nearest = quantizeInt4(rows, columns);
    const better = quantizeInt4(rows, columns, {
      weights,
      feedback: feedbackFor(products, columns, int4Weave),
    });
    const x = draw();
    expect(errorOf(rows, better, x)).toBeLessThan(0.6 * errorOf(rows, nearest, x));
  });
});
