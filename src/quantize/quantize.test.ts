import { describe, expect, test } from 'vitest';
import { value } from '../contract/index.ts';
import { type MatrixName, type Model, type ModelConfig, tablesOf } from '../model/index.ts';
import { loadTinyStories } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createReference, evaluate } from '../reference/index.ts';
import { goldenEvaluation, int8Goldens } from '../testing/shared-files.ts';
import { createHostEngine, ownPrecision, quantize } from './index.ts';
import { type Order, padRows, quantizeMatrix } from './matrix.ts';

/** mulberry32, then a rough normal distribution. */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => uniform() + uniform() + uniform() + uniform() - 2;
}

/** A model with random weights of sizes that give activations of order 1. */
function randomModel(config: ModelConfig, seed: number): Model {
  const next = normal(seed);
  const fill = (length: number, scale: number, offset = 0) =>
    Float32Array.from({ length }, () => offset + scale * next());
  const { dim, hiddenDim, layers, heads, kvHeads, vocabulary, sharedClassifier } = config;
  const cached = (dim / heads) * kvHeads;
  const matrix = (rows: number, columns: number) => fill(rows * columns, 2 / Math.sqrt(columns));
  const tokenEmbedding = fill(vocabulary * dim, 0.5);
  return {
    config,
    format: 'random',
    weights: {
      tokenEmbedding,
      layers: Array.from({ length: layers }, () => ({
        attentionNorm: fill(dim, 0.3, 1),
        wq: matrix(dim, dim),
        wk: matrix(cached, dim),
        wv: matrix(cached, dim),
        wo: matrix(dim, dim),
        ffnNorm: fill(dim, 0.3, 1),
        w1: matrix(hiddenDim, dim),
        w2: matrix(dim, hiddenDim),
        w3: matrix(hiddenDim, dim),
      })),
      finalNorm: fill(dim, 0.3, 1),
      classifier: sharedClassifier ? tokenEmbedding : fill(vocabulary * dim, 0.5),
      ...(config.layerEmbeddings && {
        layerEmbeddings: Array.from({ length: tablesOf(config) }, () => fill(vocabulary * dim, 0.5)),
      }),
    },
  };
}

const config = (
  dim: number,
  heads: number,
  kvHeads: number,
  hiddenDim: number,
  sharedClassifier = true,
): ModelConfig => ({
  dim,
  heads,
  kvHeads,
  hiddenDim,
  layers: 2,
  vocabulary: 300,
  context: 40,
  sharedClassifier,
  activation: 'silu',
});

/** Shapes that are anything but multiples of 16: odd heads, single heads, head sizes 4 to 64. */
const configs = [
  config(64, 8, 4, 172),
  config(48, 3, 3, 100),
  config(60, 5, 1, 77, false),
  config(24, 6, 2, 50),
  config(96, 4, 2, 131),
  config(64, 1, 1, 40),
  config(72, 3, 1, 200, false),
  config(96, 2, 1, 96),
  config(20, 5, 5, 33),
  { ...config(72, 3, 1, 200), layerEmbeddings: true as const },
];

/** Root mean square of the difference over that of the reference. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let square = 0;
  expected.forEach((value, i) => {
    difference += (actual[i] - value) ** 2;
    square += value ** 2;
  });
  return Math.sqrt(difference / square);
}

describe.each(configs)('dim $dim, $heads heads, $kvHeads cached, hidden $hiddenDim', (shape) => {
  const model = randomModel(shape, 7);
  const run = (precision: 'int8' | 'f32') => {
    const engine = createHostEngine(quantize(model, { precision }), { programs });
    const reference = createReference(model);
    let sum = 0;
    for (let position = 0; position < shape.context; position++) {
      const token = (position * 37) % shape.vocabulary;
      const expected = reference.forward(token, position);
      sum += relativeError(engine.forward(token, position), expected);
    }
    return sum / shape.context;
  };
  test('int8 stays close to the float reference', () => expect(run('int8')).toBeLessThan(0.12));
  test('the float build is the float reference', () => expect(run('f32')).toBeLessThan(1e-4));
});

test.each([
  [config(60, 8, 4, 50), '8 heads do not divide'],
  [config(30, 2, 2, 50), 'even length'],
  [config(64, 8, 3, 50), 'share 3 key and value heads'],
  [{ ...config(2048, 16, 8, 16), layers: 0 }, 'more than the 2032'],
])('a shape that the kernels cannot take is refused in a sentence', (shape, message) => {
  const model = { ...randomModel(config(16, 2, 2, 16), 1), config: shape };
  expect(() => quantize(model)).toThrow(message);
});

test('a row of zeros, a row of one number and rows far apart in size keep their bounds', () => {
  const rows = [
    new Float32Array(16),
    new Float32Array(16).fill(1e-20),
    new Float32Array(16).fill(-3),
    undefined,
  ];
  const { values, scales, shift, bound } = quantizeMatrix(padRows(rows, 16), 16, 'any');
  const row = (index: number) => Array.from({ length: 16 }, (_, column) => values[16 * column + index]);
  expect(row(0)).toEqual(new Array(16).fill(0));
  expect(row(2)).toEqual(new Array(16).fill(-127));
  expect([...scales.subarray(0, 4)]).toEqual([0, 0, 32767, 0]);
  expect((16 * 127 * 127 + 2 ** (shift - 1)) / 2 ** shift).toBeLessThan(16384);
  expect(bound).toBeGreaterThan(16 * 127 ** 2); // any vector of 16 fits
});

test('rows or columns that some kernel reads one by one lie one behind the other', () => {
  const rows = Array.from({ length: 32 }, (_, i) => new Float32Array(16).fill(i + 1).fill(0, 0, 8));
  const valuesIn = (order: Order) => [...quantizeMatrix(rows, 16, 'any', order).values];
  const half = new Array(8).fill(0);
  const whole = new Array(8).fill(127);
  const row = [...half, ...whole];
  const column = [...whole, ...whole, ...whole, ...whole];
  const ahead = new Array(value.READ_AHEAD).fill(0);
  expect(valuesIn('rows')).toEqual([...rows.flatMap(() => row), ...ahead]);
  expect(valuesIn('columns')).toEqual([
    ...new Array(8 * 32).fill(0),
    ...half.flatMap(() => column),
    ...ahead,
  ]);
  const block = [...new Array(128).fill(0), ...new Array(128).fill(127)];
  expect(valuesIn('blocks')).toEqual([...block, ...block, ...ahead]);
});

test('the bound keeps the longest row within the lanes, and no more than that', () => {
  const row = new Float32Array(176).fill(1);
  const { bound, shift } = quantizeMatrix(padRows([row], 16), 176, 'any');
  const largest = Math.sqrt(bound * 176 * 127 ** 2) + 2 ** (shift - 1);
  expect(largest).toBeLessThanOrEqual(value.LANE_LIMIT);
  expect(largest).toBeGreaterThan(0.999 * value.LANE_LIMIT);
  expect(() => quantizeMatrix(padRows([new Float32Array(5000).fill(1)], 16), 5008, 'any')).toThrow(
    'sums over 5008 columns do not fit the 20 bits',
  );
});

test('int8 costs our own tinystories what it always did, under half a percent of bits per byte', () => {
  const { model, tokenizer } = loadTinyStories();
  const texts = int8Goldens().map(({ text }) => text);
  const { int8, float32 } = goldenEvaluation();
  const engine = createHostEngine(quantize(model), { programs });
  const { bitsPerByte } = evaluate(engine, tokenizer, texts, { context: model.config.context });
  expect(bitsPerByte).toBeCloseTo(int8.bitsPerByte, 5);
  expect(bitsPerByte / float32.bitsPerByte).toBeLessThan(1.005);
});

test('matrices that a model names stay int8 where its layers are int4', () => {
  const { model } = loadTinyStories();
  const bytesOf = (int8Matrices?: readonly MatrixName[]): Map<string, number> => {
    const config = { ...model.config, int8Matrices };
    const { blobs } = quantize({ ...model, config }, { precision: 'int4' });
    return new Map(blobs.map(({ name, bytes }) => [name, bytes.length]));
  };
  const [all, some] = [bytesOf(), bytesOf(['wo', 'w2'])];
  const larger = [...all.keys()].filter((name) => some.get(name)! > 1.8 * all.get(name)!);
  const layers = Array.from({ length: model.config.layers }, (_, layer) => `layer${layer}`);
  expect(larger.sort()).toEqual(layers.flatMap((layer) => [`${layer}.down`, `${layer}.out`]));
  expect([...some].filter(([name, bytes]) => bytes !== all.get(name)).length).toBe(larger.length);
});

test('a model is packed as its training ended, where nothing else is said', () => {
  const { model } = loadTinyStories();
  const trained = (finish?: string): Model => ({ ...model, training: finish ? { finish } : undefined });
  for (const [finish, precision] of [
    ['int4', 'int4'],
    ['int8', 'int8'],
    ['none', 'int8'],
    [undefined, 'int8'],
  ] as const) {
    expect(ownPrecision(trained(finish))).toBe(precision);
    expect(quantize(trained(finish)).label).toBe(precision);
    expect(quantize(trained(finish), { precision: 'int8' }).label).toBe('int8');
  }
});
