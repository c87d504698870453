/** Leaving out hidden units whose gate is zero: kernels and twins agree, and both with the products that leave out nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activeList, offsetOf, structureBytes, value } from '../contract/index.ts';
import type { KernelShape } from '../quantize/index.ts';
import { createKernelMachine, createTwins, DATA } from './testing.ts';

const NUMBERS = structureBytes(activeList);
const at = (word: 'count' | 'columns' | 'shift' | 'units') => offsetOf(activeList, word);
const shapes: readonly KernelShape[] = [
  { precision: 'int8', dim: 64, hidden: 192, headSize: 8 },
  { precision: 'int8', dim: 96, hidden: 64, headSize: 8 },
  { precision: 'int8', dim: 112, hidden: 64, headSize: 8 },
  { precision: 'int8', dim: 192, hidden: 512, headSize: 32 },
];
const [A, B, C, D, E, F, G] = [0x1000, 0x10000, 0x40000, 0x50000, 0x58000, 0x60000, 0x68000];

/** Both sides with the same memory; `run` compares what a kernel and its twin leave in all of it. */
function bench(shape: KernelShape) {
  const machine = createKernelMachine(shape);
  const twins = createTwins();
  const { memory } = twins;
  const view = new DataView(memory.buffer);
  return {
    memory,
    view,
    /** Arguments that are addresses are strings. */
    run(name: Parameters<typeof machine.run>[0], args: readonly (number | string)[]) {
      machine.memory.set(memory);
      const { cycles } = machine.run(
        name,
        args.map((arg) => (typeof arg === 'string' ? DATA + Number(arg) : arg)),
      );
      twins.run(name, args.map(Number));
      const end = G + 0x10000;
      expect(Buffer.compare(machine.memory.subarray(0, end), memory.subarray(0, end)), name).toBe(0);
      return cycles;
    },
  };
}

const random = (seed: number) => {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
};
/** -limit ... limit. */
const signed = (next: () => number, limit: number): number => Math.round((2 * next() - 1) * limit);

/** Drawn activations, small enough for rows of this length, whose sums fit 15 bits when they leave (src/quantize/matrix.ts). */
function withinLanes(drawn: Float64Array, rowLength: number, shift: number): Float64Array {
  const limit = Math.min(value.LANE_LIMIT, 2 ** (14 + shift) - 1) - 2 ** (shift - 1);
  const factor = Math.min(1, limit / rowLength / Math.hypot(...drawn));
  return drawn.map((v) => Math.trunc(v * factor));
}

/** Blocks of 16 rows, column by column. */
function inBlocks(rows: Int8Array, columns: number): Int8Array {
  return rows.map((_, i) => {
    const [block, column, row] = [Math.floor(i / 16 / columns), (i >> 4) % columns, i % 16];
    return rows[(16 * block + row) * columns + column];
  });
}

/** Writes a list of the units that `isActive` says. */
function writeList(
  view: DataView,
  list: number,
  { units, columns, shift }: { units: number; columns: number; shift: number },
  isActive: (unit: number) => boolean,
): number[] {
  const numbers = Array.from({ length: units }, (_, i) => i).filter(isActive);
  for (const [k, unit] of numbers.entries()) view.setUint16(list + NUMBERS + 2 * k, unit, true);
  view.setInt32(list + at('count'), numbers.length, true);
  view.setInt32(list + at('columns'), columns, true);
  view.setInt32(list + at('shift'), shift, true);
  view.setInt32(list + at('units'), units, true);
  return numbers;
}

const arbitrary = fc.record({
  seed: fc.integer(),
  share: fc.constantFrom(0, 0.05, 0.2, 0.5, 0.9, 1),
  limit: fc.constantFrom(1, 20, 127),
});

describe.each(shapes)('dim $dim, hidden $hidden', (shape) => {
  const { memory, view, run } = bench(shape);
  const units = shape.hidden / 2;

  it('relu_list finds what reglu leaves', () => {
    fc.assert(
      fc.property(
        arbitrary,
        fc.integer({ min: 1, max: units / 16 }),
        fc.integer({ min: 0, max: 31 }),
        ({ seed, share }, groups, shift) => {
          const next = random(seed);
          const n = 16 * groups;
          for (let i = 0; i < 2 * n; i++) {
            view.setInt16(A + 2 * i, Math.round((next() < share ? 1 : -1) * next() * 32767), true);
            view.setInt16(B + 2 * i, Math.round(next() * 32767), true);
          }
          const mantissa = 16384 + Math.floor(next() * 16384);
          memory.copyWithin(E, A, A + 4 * n);
          run('reglu', [`${E}`, `${B}`, `${C}`, n, mantissa, shift]);
          run('relu_list', [`${A}`, `${B}`, `${D}`, n, mantissa, shift]);
          const count = view.getInt32(D + at('count'), true);
          const listed = Array.from({ length: count }, (_, k) => view.getUint16(D + NUMBERS + 2 * k, true));
          const active = new Map(listed.map((unit) => [unit, view.getInt16(A + 2 * unit, true)]));
          for (let i = 0; i < n; i++) {
            const up = (view.getInt16(E + 2 * (n + i), true) * view.getInt16(B + 2 * (n + i), true)) >> 15;
            expect(view.getInt32(C + 4 * i, true) === (active.get(i) ?? 0) * up, `unit ${i}`).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('matvec_active gives the rows of matvec_dim, scaled and gated', () => {
    fc.assert(
      fc.property(arbitrary, ({ seed, share, limit }) => {
        const next = random(seed);
        const shift = 1 + Math.floor(next() * value.LARGEST_SHIFT);
        const weights = Int8Array.from({ length: units * shape.dim }, () => signed(next, 127));
        const x = withinLanes(
          Float64Array.from({ length: shape.dim }, () => signed(next, limit)),
          127 * Math.sqrt(shape.dim),
          shift,
        );
        new Int8Array(memory.buffer, A).set(x);
        new Int8Array(memory.buffer, B).set(inBlocks(weights, shape.dim));
        new Int8Array(memory.buffer, G).set(weights);
        for (let i = 0; i < units; i++) {
          view.setInt16(D + 0x4000 + 2 * i, signed(next, 32767), true); // gates
          view.setInt16(E + 2 * i, Math.round(next() * 32767), true); // scales
        }
        const numbers = writeList(view, D, { units, columns: shape.dim, shift }, () => next() < share);
        run('matvec_dim', [`${B}`, `${A}`, shape.dim, `${F}`, units, shift]);
        const rows = Array.from({ length: units }, (_, i) => view.getInt16(F + 2 * i, true));
        run('matvec_active', [`${G}`, `${A}`, `${D}`, `${D + 0x4000}`, `${E}`, `${C}`]);
        for (let k = 0; k < units; k++) {
          const unit = numbers[k];
          const up = unit === undefined ? 0 : (rows[unit] * view.getInt16(E + 2 * unit, true)) >> 15;
          const gate = unit === undefined ? 0 : view.getInt16(D + 0x4000 + 2 * unit, true);
          expect(view.getInt32(C + 4 * k, true) === gate * up, `place ${k}`).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('add_columns and read_columns give what matvec_hidden gives for the vector with its zeros, small sums and large', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 3 }), ({ seed, share, limit }, blocks) => {
        const next = random(seed);
        const rows = 16 * blocks;
        const shift = limit === 127 ? value.LARGEST_SHIFT : 3;
        const dense = limit === 127 && next() < 0.3; // all alike: the largest sums there are
        const listBytes = NUMBERS + 2 * units;
        const weights = Int8Array.from({ length: rows * 2 * units }, (_, i) =>
          dense ? (i % 2 ? -127 : 127) : signed(next, 127),
        );
        const drawn = Float64Array.from({ length: 2 * units }, () => (dense ? 127 : signed(next, limit)));
        const values = withinLanes(drawn, 127 * Math.sqrt(2 * units), shift);
        memory.fill(0, A, A + 2 * units);
        memory.fill(0, E, E + 2 * units);
        memory.fill(0, F + 0x2000, F + 0x2000 + 64 * blocks);
        new Int8Array(memory.buffer, B).set(inBlocks(weights, 2 * units));
        for (let unit = 0; unit < 2 * units; unit++)
          for (let row = 0; row < rows; row++)
            view.setInt8(C + unit * rows + row, weights[row * 2 * units + unit]);
        for (let half = 0; half < 2; half++) {
          const list = { units, columns: rows, shift };
          const numbers = writeList(view, D + half * listBytes, list, () => next() < share);
          for (const [k, unit] of numbers.entries()) {
            view.setInt8(A + half * units + k, values[half * units + unit]);
            view.setInt8(E + half * units + unit, values[half * units + unit]);
          }
        }
        run('matvec_hidden', [`${B}`, `${E}`, 2 * units, `${F}`, rows, shift]);
        const sums = `${F + 0x2000}`;
        for (const half of [0, 1]) {
          const columns = C + half * units * rows;
          run('add_columns', [`${columns}`, `${A + half * units}`, `${D + half * listBytes}`, sums, rows]);
        }
        run('read_columns', [sums, `${F + 0x1000}`, rows, shift]);
        expect(
          Buffer.compare(
            memory.subarray(F, F + 2 * rows),
            memory.subarray(F + 0x1000, F + 0x1000 + 2 * rows),
          ),
        ).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
