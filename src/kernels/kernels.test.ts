/** Twin and kernel give identical bits: on random inputs of full range here, on real activations in src/quantize. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { value } from '../contract/index.ts';
import type { KernelShape } from '../quantize/index.ts';
import { createKernelMachine, createTwins, DATA } from './testing.ts';

/** stories260K, stories3M, stories15M, and head sizes and odd column counts between. */
const shapes: readonly KernelShape[] = [
  { precision: 'int8', dim: 64, hidden: 176, headSize: 8 },
  { precision: 'int8', dim: 192, hidden: 512, headSize: 32 },
  { precision: 'int8', dim: 288, hidden: 768, headSize: 48 },
  { precision: 'int8', dim: 16, hidden: 48, headSize: 4 },
  { precision: 'int8', dim: 128, hidden: 352, headSize: 64 },
  { precision: 'int8', dim: 80, hidden: 1040, headSize: 6 },
];

interface Call {
  /** Numbers, or places in memory by name. */
  args: (number | string)[];
  /** Bytes of each place that is filled before; the test compares these and the outputs. */
  inputs: Record<string, number>;
  outputs: Record<string, number>;
  hasResult?: boolean;
  /** A kernel that has to run first. */
  before?: { name: string; args: (number | string)[] };
}

const integer = (min: number, max: number) => fc.integer({ min, max });

const tableNumbers = [integer(1 << 14, (1 << 15) - 1), integer(0, 31), integer(1, 15)] as const;

const gatedCall = fc
  .tuple(integer(1, 15), integer(1 << 14, (1 << 15) - 1), integer(0, 31))
  .map(([n, mantissa, shift]) => ({
    args: ['y', 'scale', 'out', 8 * n, mantissa, shift],
    inputs: { y: 32 * n, scale: 32 * n },
    outputs: { out: 32 * n },
  }));

/** A valid call of each kernel: sizes and scalars drawn, memory filled at random. */
const calls: Record<string, (shape: KernelShape) => fc.Arbitrary<Call>> = {
  matvec_dim: ({ dim }) => matvecCall(dim),
  matvec_hidden: ({ hidden }) => matvecCall(hidden),
  normalize: () =>
    fc.tuple(integer(1, 24), integer(0, 24 * 16 * 127 ** 2)).map(([n, bound]) => ({
      args: ['x', 'gain', 'out', 'q', 16 * n, bound],
      inputs: { x: 64 * n, gain: 32 * n },
      outputs: { out: 16 + 32 * n, q: 16 * n },
      hasResult: true,
    })),
  quantize: () =>
    fc.tuple(integer(1, 24), integer(1, 127)).map(([n, limit]) => ({
      args: ['t', 'q', 16 * n, limit],
      inputs: { t: 32 * n },
      outputs: { q: 16 * n },
      hasResult: true,
    })),
  quantize_bounded: () =>
    fc.tuple(integer(1, 24), integer(1, 127), integer(0, 24 * 16 * 127 ** 2)).map(([n, limit, bound]) => ({
      args: ['t', 'q', 16 * n, limit, bound],
      inputs: { t: 32 * n },
      outputs: { q: 16 * n },
      hasResult: true,
    })),
  quantize_wide: () =>
    fc.tuple(integer(1, 24), integer(1, 127), integer(0, 24 * 16 * 127 ** 2)).map(([n, limit, bound]) => ({
      args: ['x', 'q', 16 * n, limit, bound],
      inputs: { x: 64 * n },
      outputs: { q: 16 * n },
      hasResult: true,
    })),
  scale_rows: () =>
    integer(1, 8).map((n) => ({
      args: ['y', 'scale', 16 * n],
      inputs: { y: 32 * n, scale: 32 * n },
      outputs: { y: 32 * n },
    })),
  add_residual: () =>
    fc.tuple(integer(1, 8), integer(1 << 14, (1 << 15) - 1), integer(0, 31)).map(([n, mantissa, shift]) => ({
      args: ['y', 'scale', 'x', 16 * n, mantissa, shift],
      inputs: { y: 32 * n, scale: 32 * n, x: 64 * n },
      outputs: { x: 64 * n },
    })),
  rope: () =>
    integer(1, 12).map((n) => ({
      args: ['y', 'scale', 'angles', 8 * n],
      inputs: { y: 32 * n, scale: 32 * n, angles: 32 * n },
      outputs: { y: 32 * n },
    })),
  scores: ({ headSize }) =>
    integer(1, 100).map((count) => ({
      args: ['q', 'keys', headSize, 'scales', 'out', count],
      inputs: {
        q: headSize,
        keys: 16 * headSize * Math.ceil(count / 16),
        scales: 32 * Math.ceil(count / 16),
      },
      outputs: { out: 32 * Math.ceil(count / 16) },
      hasResult: true,
    })),
  softmax_table: () =>
    fc.tuple(...tableNumbers).map(([mantissa, shift, valueShift]) => ({
      args: ['table', mantissa, shift, valueShift],
      inputs: {},
      outputs: { table: 136 },
    })),
  softmax: () =>
    fc.tuple(integer(1, 16), integer(-32768, 32767), ...tableNumbers).map(([groups, largest, ...table]) => ({
      args: ['scores', 'scales', 'weights', groups, largest, 'table'],
      before: { name: 'softmax_table', args: ['table', ...table] },
      inputs: { scores: 32 * groups, scales: 32 * groups },
      outputs: { weights: 16 * groups, table: 136 },
      hasResult: true,
    })),
  values: ({ headSize }) =>
    fc.tuple(integer(1, 20), integer(0, 2 ** 31 - 1)).map(([groups, reciprocal]) => ({
      args: ['values', 'weights', groups, headSize, 'out', reciprocal],
      inputs: { values: 16 * headSize * groups, weights: 16 * groups },
      outputs: { out: 2 * headSize },
    })),
  swiglu: () => gatedCall,
  reglu: () => gatedCall,
};

function matvecCall(columns: number): fc.Arbitrary<Call> {
  return fc.tuple(integer(1, 5), integer(4, value.LARGEST_SHIFT)).map(([n, shift]) => ({
    args: ['weights', 'x', columns, 'y', 16 * n, shift],
    inputs: { weights: 16 * n * columns, x: columns },
    outputs: { y: 32 * n },
  }));
}

/** Bytes of several characters, since extremes matter: uniform, small s16 values, all extreme, all alike. */
function fill(bytes: Uint8Array, random: () => number, style: number): void {
  const words = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
  if (style === 1)
    for (let i = 0; i < words.length; i++) words[i] = (random() - 0.5) * 2 ** (1 + random() * 15);
  if (style === 2) for (let i = 0; i < words.length; i++) words[i] = random() < 0.5 ? -32768 : 32767;
  if (style === 3) bytes.fill(random() < 0.5 ? 0x80 : 0x7f);
}

/** xorshift32: a stream per seed. */
function stream(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Where both sides put things, away from the stack and from the kernels' own constants. */
const FIRST = 0x1000;
const LAST = 0x50000;

function layOut(call: Call): Map<string, number> {
  const places = new Map<string, number>();
  let next = FIRST;
  for (const [name, size] of Object.entries({ ...call.inputs, ...call.outputs })) {
    places.set(name, next);
    next += Math.ceil(size / 16) * 16 + 64;
  }
  expect(next).toBeLessThan(LAST);
  return places;
}

describe.each(shapes)('kernels for dim $dim, hidden $hidden, heads of $headSize', (shape) => {
  const machine = createKernelMachine(shape);
  const twins = createTwins();
  test.each(Object.keys(calls))('%s', (name) => {
    fc.assert(
      fc.property(calls[name](shape), integer(1, 2 ** 31 - 1), integer(0, 3), (call, seed, style) => {
        const places = layOut(call);
        const random = stream(seed);
        machine.memory.fill(0, FIRST, LAST);
        for (const [place, size] of Object.entries(call.inputs)) {
          const at = places.get(place)!;
          fill(machine.memory.subarray(at, at + size), random, style);
        }
        if (name === 'scores') limitQuery(machine.memory.subarray(places.get('q')!), shape.headSize);
        if (name === 'quantize_wide') limitWide(machine.memory, places.get('x')!, call.inputs.x >> 2);
        if (name.startsWith('matvec')) {
          const [weights, x] = ['weights', 'x'].map((place) => {
            const at = places.get(place)!;
            return new Int8Array(machine.memory.buffer, machine.memory.byteOffset + at, call.inputs[place]);
          });
          limitVector(weights, x);
        }
        twins.memory.set(machine.memory.subarray(FIRST, LAST), FIRST);
        const resolve = (base: number, args: Call['args'] = call.args) =>
          args.map((arg) => (typeof arg === 'string' ? base + places.get(arg)! : arg));
        if (call.before) {
          machine.run(call.before.name, resolve(DATA, call.before.args));
          twins.run(call.before.name, resolve(0, call.before.args));
        }
        const { result } = machine.run(name, resolve(DATA));
        const expected = twins.run(name, resolve(0));
        if (call.hasResult) expect(result).toBe(expected);
        for (const [place, size] of Object.entries(call.outputs)) {
          const at = places.get(place)!;
          expect(machine.memory.slice(at, at + size)).toEqual(twins.memory.slice(at, at + size));
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** No more than 2^30. */
function limitWide(memory: Uint8Array, x: number, n: number): void {
  const values = new Int32Array(memory.buffer, memory.byteOffset + x, n);
  for (let i = 0; i < n; i++) values[i] = Math.max(-(2 ** 30), Math.min(2 ** 30, values[i]));
}

/** The same for a matrix in blocks of 16 rows, half a rounding of 2^7 included. */
function limitVector(weights: Int8Array, x: Int8Array): void {
  const squares = new Float64Array(weights.length / x.length);
  weights.forEach((w, i) => {
    squares[16 * Math.floor(i / 16 / x.length) + (i % 16)] += w * w;
  });
  const length = Math.sqrt(squares.reduce((a, b) => Math.max(a, b)));
  while (length * Math.hypot(...x) + 128 > value.LANE_LIMIT)
    x.forEach((v, i) => void (x[i] = Math.trunc(v / 2)));
}

/** The caller's part of the contract: 20-bit sums cannot overflow. */
function limitQuery(query: Uint8Array, headSize: number): void {
  const limit = Math.min(value.ACTIVATION_LIMIT, Math.floor(value.LANE_LIMIT / (128 * headSize)));
  const values = new Int8Array(query.buffer, query.byteOffset, headSize);
  for (let i = 0; i < headSize; i++) values[i] = Math.max(-limit, Math.min(limit, values[i]));
}
