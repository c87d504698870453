import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import { goldenModel } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createReference } from '../reference/index.ts';
import { arrange } from './arrange.ts';
import { calibrate } from './calibrate.ts';
import { feedbackFor } from './feedback.ts';
import { quantizeInt4 } from './int4.ts';
import { bitsOf, int5Weave, quantizeInt5 } from './int5.ts';
import { layoutOf } from './layout.ts';
import { padRows } from './matrix.ts';
import { activations, errorOf, matrixOf, normal, product } from './test-products.ts';
import { unitsOf } from './weave.ts';

describe('int5', () => {
  it.each([16, 32, 48, 64, 80, 96, 128, 192, 288, 512, 688])(
    'holds %i columns to a twentieth, more than twice as well as int4 where rows are long',
    (columns) => {
      const next = normal(columns);
      const rows = matrixOf(32, columns, next);
      const [five, four] = [quantizeInt5(rows, columns), quantizeInt4(rows, columns)];
      const squares = Array.from({ length: 30 }, () => {
        const x = activations(columns, next);
        return [errorOf(rows, five, x, 64, 'matvec5_dim') ** 2, errorOf(rows, four, x) ** 2];
      });
      const [of5, of4] = [0, 1].map((i) => Math.sqrt(squares.reduce((sum, both) => sum + both[i], 0) / 30));
      expect(of5).toBeLessThan(0.05);
      expect(of5).toBeLessThan((columns < 64 ? 0.6 : 0.5) * of4);
    },
  );

  it('has five and a half bits a weight, those of the scales included', () => {
    const { values } = quantizeInt5(matrixOf(32, 192, normal(1)), 192);
    expect((8 * (values.length - value.READ_AHEAD)) / (32 * 192)).toBe(5.5);
  });

  it('reads from bytes what was rounded, whatever lies below', () => {
    const column = fc.float({ min: -140, max: 140, noNaN: true });
    const row = fc
      .constantFrom(16, 32, 48, 64)
      .chain((columns) =>
        fc.tuple(
          fc.array(column, { minLength: columns, maxLength: columns }),
          fc.uint8Array({ minLength: columns, maxLength: columns }),
        ),
      );
    fc.assert(
      fc.property(row, ([weights, noise]) => {
        const columns = weights.length;
        const below = noise.slice(0, int5Weave.byteOf(columns));
        const woven = { bytes: new Uint8Array(below.length), below };
        const settled = new Map<number, number>();
        const units = Int32Array.from(unitsOf(columns, int5Weave));
        int5Weave.round(
          Float64Array.from(weights),
          units,
          new Float64Array(columns).fill(1),
          woven,
          (at, rounded) => void settled.set(at, rounded),
        );
        const values = new Int8Array(columns);
        int5Weave.read(woven, values);
        expect([...values]).toEqual(Array.from({ length: columns }, (_, at) => settled.get(at)));
        weights.forEach((weight, at) => {
          const step = 2 ** (8 - bitsOf(at, columns));
          // The largest that can be held depends on what lies below.
          const held = Math.max(-128, Math.min(128 - step, weight));
          expect(Math.abs(values[at] - held)).toBeLessThanOrEqual(Math.abs(weight) < 120 ? step / 2 : step);
        });
      }),
    );
  });

  it('never lets a sum leave a lane, and keeps zero rows and rows that are hardly there', () => {
    const sign = normal(3);
    const full = Float32Array.from({ length: 48 }, () => Math.sign(sign()) || 1);
    const rows = [new Float32Array(48), full, new Float32Array(48).fill(1e-9)];
    const matrix = quantizeInt5(padRows(rows, 16), 48);
    const x = Int8Array.from(full, (w) => 127 * w);
    const unit = matrix.unit * 2 ** (value.LARGEST_SHIFT - matrix.shift);
    const y = product({ ...matrix, shift: value.LARGEST_SHIFT, unit }, x, 16, 64, 'matvec5_dim');
    expect(y[0]).toBe(0);
    expect(y[1] / (48 * 127)).toBeCloseTo(1, 1);
    expect(Math.abs(y[2])).toBeLessThan(1);
    expect(y.slice(3)).toEqual(new Array(13).fill(0));
  });

  it('rounds the columns of a unit one behind the other where feedback wants them', () => {
    const columns = 64;
    const products = new Float64Array(columns * columns);
    for (let i = 0; i < columns; i++) products[i * (columns + 1)] = 1 + ((i * 29) % 64);
    const { units } = feedbackFor(products, columns, int5Weave);
    expect([...units].toSorted((a, b) => a - b)).toEqual(unitsOf(columns, int5Weave));
    expect(units[0]).toBe([...unitsOf(columns, int5Weave)].toSorted((a, b) => energyOf(b) - energyOf(a))[0]);
    function energyOf(unit: number): number {
      const own = int5Weave.unit(unit, columns);
      return own.reduce((sum, column) => sum + products[column * (columns + 1)], 0) / own.length;
    }
  });
});

describe('a model whose columns are arranged', () => {
  it.each(['llama', 'gpt-neo', 'qwen2'])('computes what it computed: %s', (name) => {
    const model = goldenModel(name);
    const tokens = Array.from({ length: 12 }, (_, i) => (7 * i * i + 3) % model.config.vocabulary);
    const seen = calibrate(model, { programs, stories: [tokens] });
    const arranged = arrange(model, seen);
    const [before, after] = [createReference(model), createReference(arranged.model)];
    tokens.forEach((token, position) => {
      const expected = [...before.forward(token, position)];
      const scale = Math.max(...expected.map(Math.abs));
      after.forward(token, position).forEach((logit, i) => {
        expect(Math.abs(logit - expected[i])).toBeLessThan(1e-4 * scale);
      });
    });
    // What its matrices meet moved along, and the largest lie where there are most bits.
    const again = calibrate(arranged.model, { programs, stories: [tokens] });
    const { dim, hiddenHalf } = layoutOf(model.config, 0);
    for (const [part, columns] of [
      ['layer0.qkv', dim],
      ['layer0.down', 2 * hiddenHalf],
    ] as const) {
      const energies = ({ products }: { products: Float64Array }) =>
        Array.from({ length: columns }, (_, i) => products[i * (columns + 1)]);
      const [moved, measured] = [energies(arranged.calibration.get(part)!), energies(again.get(part)!)];
      const all = measured.reduce((a, b) => a + b, 0);
      moved.forEach((energy, i) => void expect(Math.abs(energy - measured[i])).toBeLessThan(0.02 * all));
    }
    const down = arranged.calibration.get('layer0.down')!;
    const mean = (bits: number): number => {
      const own = Array.from({ length: 2 * hiddenHalf }, (_, i) => i).filter(
        (i) => i < model.config.hiddenDim && bitsOf(i, 2 * hiddenHalf) === bits,
      );
      return own.reduce((sum, i) => sum + down.products[i * (2 * hiddenHalf + 1)], 0) / own.length;
    };
    expect(mean(6)).toBeGreaterThan(mean(5));
  });
});
