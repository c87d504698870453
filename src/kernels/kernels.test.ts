/** Twin and kernel give identical bits: on random inputs of full range here, on real activations in src/quantize. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attentionJob, placeFields, structureBytes, value } from '../contract/index.ts';
import { INT4_GROUP } from '../model/index.ts';
import type { KernelShape } from '../quantize/index.ts';
import { createKernelMachine, createTwins, DATA } from './testing.ts';

/** stories260K, stories3M, stories15M, and head sizes and odd column counts between; with them other groups of int4. */
const shapes: readonly KernelShape[] = [
  { precision: 'int8', dim: 64, hidden: 176, headSize: 8 },
  { precision: 'int8', dim: 192, hidden: 512, headSize: 32, int4Group: 32 },
  { precision: 'int8', dim: 288, hidden: 768, headSize: 48 },
  { precision: 'int8', dim: 16, hidden: 48, headSize: 4 },
  { precision: 'int8', dim: 128, hidden: 352, headSize: 64, int4Group: 128 },
  { precision: 'int8', dim: 80, hidden: 1040, headSize: 6 },
];

interface Call {
  /** Numbers, or places in memory by name. */
  args: (number | string)[];
  /** Bytes of each place that is filled before; the test compares these and the outputs. */
  inputs: Record<string, number>;
  outputs: Record<string, number>;
  hasResult?: boolean;
  /** Bytes that the kernel works in. */
  room?: Record<string, number>;
  /** Words of an attention job, but for addresses. */
  job?: Record<string, number>;
}

const integer = (min: number, max: number) => fc.integer({ min, max });

const factor = [integer(1 << 14, (1 << 15) - 1), integer(0, 31)] as const;

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
  matvec4_dim: ({ dim, int4Group }) => groupedCall(dim, int4BlockBytes(dim, int4Group)),
  matvec4_hidden: ({ hidden, int4Group }) => groupedCall(hidden, int4BlockBytes(hidden, int4Group)),
  matvec5_dim: ({ dim }) => groupedCall(dim, int5BlockBytes(dim)),
  matvec5_hidden: ({ hidden }) => groupedCall(hidden, int5BlockBytes(hidden)),
  normalize: () =>
    fc.tuple(integer(1, 24), integer(0, 24 * 16 * 127 ** 2)).map(([n, bound]) => ({
      args: ['x', 'gain', 'out', 'q', 16 * n, bound],
      inputs: { x: 64 * n, gain: 32 * n },
      outputs: { out: 16 + 32 * n, q: 16 * n },
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
  largest_s16: () =>
    integer(1, 24).map((n) => ({
      args: ['t', 16 * n],
      inputs: { t: 32 * n },
      outputs: {},
      hasResult: true,
    })),
  quantize_by: () =>
    fc.tuple(integer(1, 8), ...factor).map(([n, ...by]) => ({
      args: ['t', 'q', 16 * n, ...by],
      inputs: { t: 32 * n },
      outputs: { q: 16 * n },
    })),
  quantize_rows: () =>
    fc.tuple(integer(1, 8), ...factor).map(([n, ...by]) => ({
      args: ['y', 'scale', 'q', 16 * n, ...by],
      inputs: { y: 32 * n, scale: 32 * n },
      outputs: { q: 16 * n },
    })),
  rescale_keys: () =>
    fc.tuple(integer(1, 24), integer(0, 127)).map(([n, by]) => ({
      args: ['k', 16 * n, by],
      inputs: { k: 16 * n },
      outputs: { k: 16 * n },
    })),
  add_residual: () =>
    fc.tuple(integer(1, 8), integer(1 << 14, (1 << 15) - 1), integer(0, 31)).map(([n, mantissa, shift]) => ({
      args: ['y', 'scale', 'x', 16 * n, mantissa, shift],
      inputs: { y: 32 * n, scale: 32 * n, x: 64 * n },
      outputs: { x: 64 * n },
    })),
  add_row: () =>
    fc.tuple(integer(1, 8), ...factor).map(([n, ...by]) => ({
      args: ['row', 'x', 16 * n, ...by],
      inputs: { row: 16 * n, x: 64 * n },
      outputs: { x: 64 * n },
    })),
  set_row: () =>
    fc.tuple(integer(1, 8), ...factor).map(([n, ...by]) => ({
      args: ['row', 'x', 16 * n, ...by],
      inputs: { row: 16 * n },
      outputs: { x: 64 * n },
    })),
  bias_rows: () =>
    fc.tuple(integer(1, 8), ...factor).map(([n, ...by]) => ({
      args: ['y', 'scale', 'bias', 16 * n, ...by],
      inputs: { y: 32 * n, scale: 32 * n, bias: 32 * n },
      outputs: { y: 32 * n },
    })),
  gelu: () =>
    integer(1, 12).map((n) => ({
      args: ['y', 'out', 16 * n],
      inputs: { y: 32 * n },
      outputs: { out: 32 * n },
    })),
  rope: () =>
    integer(1, 12).map((n) => ({
      args: ['y', 'scale', 'angles', 'out', 8 * n],
      inputs: { y: 32 * n, scale: 32 * n, angles: 32 * n },
      outputs: { out: 32 * n },
    })),
  attention: ({ headSize }) =>
    fc
      .record({
        positions: integer(1, 220),
        kvHeads: integer(1, 2),
        share: integer(1, 3),
        skipped: integer(0, 2),
        shift: integer(0, 16),
      })
      .map(({ positions, kvHeads, share, skipped, shift }) => {
        const heads = kvHeads * share;
        const first = Math.min(skipped, heads - 1);
        const cache = 16 * headSize * Math.ceil(positions / 16);
        const odd = Math.ceil((heads * headSize) / 2 / 8) * 8;
        return {
          args: ['queries', 'keys', 'out', heads - first, positions, 'job'],
          inputs: { queries: 2 * odd, keys: kvHeads * cache, values: kvHeads * cache + 48 * headSize },
          outputs: { out: 2 * headSize * (heads - first), lifts: 2 * (heads - first) },
          room: { scores: 16 * Math.ceil(positions / 16) },
          job: { headSize, odd, stride: cache, kvHeads, heads, ahead: (first * kvHeads) % heads, shift },
        };
      }),
  swiglu: () => gatedCall,
  reglu: () => gatedCall,
};

function matvecCall(columns: number): fc.Arbitrary<Call> {
  return fc.tuple(integer(1, 5), integer(1, value.LARGEST_SHIFT)).map(([n, shift]) => ({
    args: ['weights', 'x', columns, 'y', 16 * n, shift],
    inputs: { weights: 16 * n * columns, x: columns },
    outputs: { y: 32 * n },
  }));
}

function groupedCall(columns: number, blockBytes: number): fc.Arbitrary<Call> {
  return fc.tuple(integer(1, 3), integer(1, value.LARGEST_SHIFT)).map(([n, shift]) => ({
    args: ['weights', 'x', columns, 'y', 16 * n, shift],
    inputs: { weights: n * blockBytes, x: columns },
    outputs: { y: 32 * n },
  }));
}

const int4BlockBytes = (columns: number, group = INT4_GROUP): number =>
  8 * columns + 16 * Math.ceil(columns / group);

const int5BlockBytes = (columns: number): number =>
  16 * (Math.ceil((2 * columns) / 3) + Math.ceil(columns / value.INT5_GROUP));

/** Bytes of several characters, since extremes matter: uniform, small s16 values, all extreme, all alike, s32 values of one size. */
function fill(bytes: Uint8Array, random: () => number, style: number): void {
  const words = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
  if (style === 1)
    for (let i = 0; i < words.length; i++) words[i] = (random() - 0.5) * 2 ** (1 + random() * 15);
  if (style === 2) for (let i = 0; i < words.length; i++) words[i] = random() < 0.5 ? -32768 : 32767;
  if (style === 3) bytes.fill(random() < 0.5 ? 0x80 : 0x7f);
  if (style === 4) {
    const values = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const size = 2 ** (1 + random() * 31);
    for (let i = 0; i < values.length; i++) values[i] = (random() - 0.5) * size;
  }
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
/** Bytes between two places, and what they hold: whoever reads or writes there is noticed. */
const GAP = 64;
const BEYOND = 0x55;

/** Kernels that say whether the sum of the squares of their q is above a bound, their last argument. */
const BOUNDED = new Set(['normalize', 'quantize_bounded', 'quantize_wide']);

function layOut(call: Call): Map<string, number> {
  const places = new Map<string, number>();
  let next = FIRST;
  const job = call.job ? { job: structureBytes(attentionJob) } : {};
  for (const [name, size] of Object.entries({ ...call.inputs, ...call.outputs, ...call.room, ...job })) {
    places.set(name, next);
    next += Math.ceil(size / 16) * 16 + GAP;
  }
  expect(next).toBeLessThan(LAST);
  return places;
}

describe.each(shapes)('kernels for dim $dim, hidden $hidden, heads of $headSize', (shape) => {
  const machine = createKernelMachine(shape);
  const twins = createTwins(shape.int4Group);
  test.each(Object.keys(calls))('%s', (name) => {
    fc.assert(
      fc.property(calls[name](shape), integer(1, 2 ** 31 - 1), integer(0, 4), (call, seed, style) => {
        const places = layOut(call);
        const random = stream(seed);
        machine.memory.fill(BEYOND, FIRST, LAST);
        for (const [place, size] of Object.entries(call.inputs)) {
          const at = places.get(place)!;
          fill(machine.memory.subarray(at, at + size), random, style);
        }
        if (name === 'quantize_wide') limitWide(machine.memory, places.get('x')!, call.inputs.x >> 2);
        if (name.startsWith('matvec')) {
          const [weights, x] = ['weights', 'x'].map((place) => {
            const at = places.get(place)!;
            return new Int8Array(machine.memory.buffer, machine.memory.byteOffset + at, call.inputs[place]);
          });
          if (name.startsWith('matvec4')) limitVector4(x, shape.int4Group);
          else if (name.startsWith('matvec5')) limitVector4(x, 64);
          else limitVector(weights, x, Number(call.args[5]));
        }
        if (name === 'attention') {
          limitQuery(machine.memory, places.get('queries')!, call.inputs.queries, shape);
          fillLifts(machine.memory, places.get('lifts')!, call.outputs.lifts, random);
        }
        twins.memory.set(machine.memory.subarray(FIRST, LAST), FIRST);
        const resolve = (base: number, args: Call['args'] = call.args) =>
          args.map((arg) => (typeof arg === 'string' ? base + places.get(arg)! : arg));
        if (call.job) {
          writeJob(machine.memory, places, call.job, DATA);
          writeJob(twins.memory, places, call.job, 0);
        }
        const { result } = machine.run(name, resolve(DATA));
        const expected = twins.run(name, resolve(0));
        if (call.hasResult) expect(result).toBe(expected);
        for (const [place, size] of Object.entries(call.outputs)) {
          const at = places.get(place)!;
          expect(machine.memory.slice(at, at + size)).toEqual(twins.memory.slice(at, at + size));
          // Nothing behind it is touched.
          const end = at + 16 * Math.ceil(size / 16);
          for (const { memory } of [machine, twins])
            expect(memory.subarray(end, end + GAP).some((byte) => byte !== BEYOND)).toBe(false);
        }
        if (!BOUNDED.has(name)) return;
        // At the bound itself nothing is held back.
        const at = places.get('q')!;
        const q = new Int8Array(twins.memory.slice(at, at + call.outputs.q).buffer);
        const squares = q.reduce((sum, v) => sum + v * v, 0);
        for (const bound of [squares, squares - 1]) {
          const args = [...call.args.slice(0, -1), bound];
          const largest = twins.run(name, resolve(0, args))!;
          expect(machine.run(name, resolve(DATA, args)).result).toBe(largest);
          expect(largest > 0).toBe(bound === squares);
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

/** The same for a matrix in blocks of 16 rows: sums fit their lanes, and 15 bits when they leave, rounding included. */
function limitVector(weights: Int8Array, x: Int8Array, shift: number): void {
  const limit = Math.min(value.LANE_LIMIT, 2 ** (14 + shift) - 1) - 2 ** (shift - 1);
  const squares = new Float64Array(weights.length / x.length);
  weights.forEach((w, i) => {
    squares[16 * Math.floor(i / 16 / x.length) + (i % 16)] += w * w;
  });
  const length = Math.sqrt(squares.reduce((a, b) => Math.max(a, b)));
  while (length * Math.hypot(...x) > limit) x.forEach((v, i) => void (x[i] = Math.trunc(v / 2)));
}

/** For int4: sums of a group's columns fit 20 bits, whatever the weights are. */
function limitVector4(x: Int8Array, group = INT4_GROUP): void {
  const limit = value.LANE_LIMIT - 128;
  const magnitude = (at: number): number =>
    x.subarray(at, at + group).reduce((sum, v) => sum + 128 * Math.abs(v), 0);
  for (let at = 0; at < x.length; at += 16)
    while (magnitude(at) > limit)
      x.subarray(at, at + group).forEach((v, i) => void (x[at + i] = Math.trunc(v / 2)));
}

/** The caller's part of the contract: 20-bit sums cannot overflow. */
function limitQuery(memory: Uint8Array, at: number, bytes: number, { headSize }: KernelShape): void {
  const limit = Math.min(value.ACTIVATION_LIMIT, Math.floor(value.LANE_LIMIT / (128 * headSize)));
  const values = new Int8Array(memory.buffer, memory.byteOffset + at, bytes);
  values.forEach((x, i) => {
    values[i] = Math.max(-limit, Math.min(limit, x));
  });
}

/** Any lifts that a head may have had. */
function fillLifts(memory: Uint8Array, at: number, bytes: number, random: () => number): void {
  const lifts = new Int16Array(memory.buffer, memory.byteOffset + at, bytes / 2);
  lifts.forEach((_, i) => {
    lifts[i] = random() < 0.3 ? 0 : value.HIGHEST_LIFT * (2 * random() - 1);
  });
}

/** An attention job at the place `job`, for places that begin at `base`. */
function writeJob(
  memory: Uint8Array,
  places: ReadonlyMap<string, number>,
  words: Record<string, number>,
  base: number,
): void {
  const view = new DataView(memory.buffer, memory.byteOffset + places.get('job')!);
  const all = {
    ...words,
    scores: base + places.get('scores')!,
    lifts: base + places.get('lifts')!,
    values: places.get('values')! - places.get('keys')!,
  };
  for (const { name, offset } of placeFields(attentionJob))
    view.setInt32(offset, all[name as keyof typeof all], true);
}
