import { describe, expect, it } from 'vitest';
import { trainMachinery } from '../node/train.ts';
import { GEMM_SCRATCH_BYTES, instantiateKernels } from './kernels.ts';
import { createMemory, keptFloats } from './memory.ts';
import { createRandom } from './random.ts';
import {
  finiteDifferences,
  type Heads,
  slowAttention,
  slowCrossEntropy,
  slowDistillation,
  slowDropout,
  slowGated,
  slowLargest,
  slowMatmul,
  slowOrthogonalize,
  slowRmsnorm,
  slowRope,
  type Vector,
} from './slow.ts';

const { plain, fused } = trainMachinery().kernels;

/** Every operator in both roundings; without relaxed SIMD or the processor's instruction there is one. */
describe.each([
  { multiplyAdd: 'plain', module: plain },
  { multiplyAdd: 'fused', module: fused },
])('$multiplyAdd multiply-add', ({ module }) => {
  if (!module) return it.skip('this engine rounds twice', () => {});
  const memory = createMemory(4 << 20);
  const kernels = instantiateKernels(module, memory);
  const random = createRandom(7);
  const scratch = 1024;
  const attentionScratch = scratch + ((GEMM_SCRATCH_BYTES + 63) & ~63);
  const arena = attentionScratch + (1 << 20);
  kernels.setScratch(scratch);

  let top = arena;
  /** Room for floats, with slack behind that holds garbage, as in a real run. */
  function floats(values: ArrayLike<number>): { at: number; view: Float32Array } {
    const at = top;
    top += (values.length * 4 + 2048 + 63) & ~63;
    new Float32Array(memory.buffer, at, values.length + 512).fill(1e3);
    const view = new Float32Array(memory.buffer, at, values.length);
    view.set(Array.from(values));
    return { at, view };
  }
  function ints(values: ArrayLike<number>): number {
    const { at } = floats(values);
    new Int32Array(memory.buffer, at, values.length).set(Array.from(values));
    return at;
  }
  function normals(length: number, deviation = 1): Vector {
    top = Math.max(top, arena);
    return Float64Array.from({ length }, () => Math.fround(deviation * random.normal()));
  }
  const dot = (a: ArrayLike<number>, b: Vector) => b.reduce((sum, y, i) => sum + a[i] * y, 0);

  function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5) {
    const size = Math.max(1e-3, ...Array.from(expected, Math.abs));
    const worst = Math.max(...Array.from(expected, (y, i) => Math.abs(y - actual[i]) / size));
    expect(worst).toBeLessThan(tolerance);
  }

  describe('matrix product', () => {
    it.each([
      [4, 8, 16],
      [7, 13, 5],
      [130, 20, 9],
      [33, 172, 64],
      [5, 8, 300],
      [1, 1, 1],
    ])('rows %i, columns %i, depth %i: all layouts, with and without adding', (rows, columns, depth) => {
      top = arena;
      const a = normals(rows * depth);
      const b = normals(columns * depth);
      const start = normals(rows * columns);
      const product = slowMatmul(a, b, depth);
      const turn = (x: Vector, height: number) =>
        x.map((_, at) => x[(at % height) * (x.length / height) + Math.floor(at / height)]);
      for (const add of [false, true]) {
        const expected = product.map((y, i) => y + (add ? start[i] : 0));
        for (const [aValues, aRow, aColumn] of [[a, depth, 1] as const, [turn(a, rows), 1, rows] as const]) {
          for (const [bValues, bRow, bColumn] of [
            [b, 1, depth] as const,
            [turn(b, columns), columns, 1] as const,
          ]) {
            const c = floats(start);
            const from = floats(aValues).at;
            const by = floats(bValues).at;
            kernels.gemm(c.at, columns, from, aRow, aColumn, by, bRow, bColumn, rows, columns, depth, add);
            expectClose(c.view, expected);
          }
        }
      }
    });
  });

  describe('gradients against finite differences in double precision', () => {
    it('RMSNorm', () => {
      top = arena;
      const [rows, dim] = [5, 12];
      const x = normals(rows * dim);
      const weight = normals(dim);
      const dOut = normals(rows * dim);
      const out = floats(x);
      const inverses = floats(normals(rows));
      const dx = floats(new Float64Array(rows * dim));
      const dWeight = floats(new Float64Array(dim));
      const [xAt, wAt] = [floats(x).at, floats(weight).at];
      kernels.rmsnormForward(out.at, inverses.at, xAt, wAt, rows, dim);
      expectClose(out.view, slowRmsnorm(x, weight));
      kernels.rmsnormBackward(dx.at, dWeight.at, floats(dOut).at, xAt, inverses.at, wAt, rows, dim);
      expectClose(
        dx.view,
        finiteDifferences((y) => dot(slowRmsnorm(y, weight), dOut), x),
      );
      expectClose(
        dWeight.view,
        finiteDifferences((w) => dot(slowRmsnorm(x, w), dOut), weight),
      );
    });

    it('RoPE, and its inverse', () => {
      top = arena;
      const [rows, dim, headSize] = [6, 16, 8];
      const positions = [0, 1, 5, 17, 100, 511];
      const x = normals(rows * dim);
      const cosines = floats(new Float64Array(512 * headSize));
      const sines = floats(new Float64Array(512 * headSize));
      for (let at = 0; at < 512 * headSize; at++) {
        const i = at % headSize;
        const angle = Math.floor(at / headSize) / 10000 ** ((i - (i % 2)) / headSize);
        cosines.view[at] = Math.cos(angle);
        sines.view[at] = i % 2 ? Math.sin(angle) : -Math.sin(angle);
      }
      const y = floats(x);
      const p = ints(positions);
      kernels.rope(y.at, p, cosines.at, sines.at, rows, dim, headSize, 1);
      expectClose(y.view, slowRope(x, positions, dim, headSize));
      const dOut = normals(rows * dim);
      const dx = floats(dOut);
      kernels.rope(dx.at, p, cosines.at, sines.at, rows, dim, headSize, -1);
      expectClose(
        dx.view,
        finiteDifferences((z) => dot(slowRope(z, positions, dim, headSize), dOut), x),
      );
    });

    it.each([
      { length: 1, heads: 1, kvHeads: 1, headSize: 4 },
      { length: 5, heads: 2, kvHeads: 1, headSize: 12 },
      { length: 19, heads: 4, kvHeads: 2, headSize: 8 },
      { length: 34, heads: 1, kvHeads: 1, headSize: 16 },
      { length: 1, heads: 1, kvHeads: 1, headSize: 4, keeps: true },
      { length: 19, heads: 4, kvHeads: 2, headSize: 8, keeps: true },
      { length: 34, heads: 1, kvHeads: 1, headSize: 4, keeps: true },
    ])('attention %j', ({ keeps, ...shape }: Heads & { keeps?: boolean }) => {
      top = arena;
      const { length, heads, kvHeads, headSize } = shape;
      const q = normals(length * heads * headSize);
      const k = normals(length * kvHeads * headSize);
      const v = normals(k.length);
      const dOut = normals(q.length);
      kernels.setAttentionScratch(attentionScratch, length, headSize);
      const [qAt, kAt, vAt] = [floats(q).at, floats(k).at, floats(v).at];
      const out = floats(q);
      const sums = floats(new Float64Array(heads * length));
      const kept = keeps ? floats(new Float64Array(heads * keptFloats(length)).fill(1e3)) : undefined;
      const keptAt = kept?.at ?? 0;
      const tail = [length, heads, kvHeads, headSize] as const;
      const largest = floats(new Float64Array(kvHeads));
      kernels.attentionForward(out.at, sums.at, largest.at, keptAt, qAt, kAt, vAt, 0, 0, 0, ...tail);
      expectClose(out.view, slowAttention(q, k, v, shape));
      expectClose(largest.view, slowLargest(q, k, shape));
      for (const { at, view } of kept ? [out, kept] : [out]) {
        const behind = new Float32Array(memory.buffer, at + view.byteLength, 4);
        expect([...behind]).toEqual([1e3, 1e3, 1e3, 1e3]);
      }
      const dq = floats(q);
      const dk = floats(new Float64Array(k.length));
      const dv = floats(new Float64Array(k.length));
      const dAt = floats(dOut).at;
      kernels.attentionBackward(dq.at, dk.at, dv.at, dAt, out.at, sums.at, keptAt, qAt, kAt, vAt, ...tail);
      expectClose(
        dq.view,
        finiteDifferences((z) => dot(slowAttention(z, k, v, shape), dOut), q),
      );
      expectClose(
        dk.view,
        finiteDifferences((z) => dot(slowAttention(q, z, v, shape), dOut), k),
      );
      expectClose(
        dv.view,
        finiteDifferences((z) => dot(slowAttention(q, k, z, shape), dOut), v),
      );
    });

    it.each([false, true])('gated feed-forward, ReLU %s', (relu) => {
      top = arena;
      const gate = normals(64, 3);
      const up = normals(64);
      const dOut = normals(64);
      const out = floats(gate);
      const [g, u] = [floats(gate), floats(up)];
      kernels.gatedForward(out.at, g.at, u.at, 64, relu);
      expectClose(out.view, slowGated(gate, up, relu));
      kernels.gatedBackward(floats(dOut).at, g.at, u.at, 64, relu);
      expectClose(
        g.view,
        finiteDifferences((z) => dot(slowGated(z, up, relu), dOut), gate),
      );
      expectClose(
        u.view,
        finiteDifferences((z) => dot(slowGated(gate, z, relu), dOut), up),
      );
    });

    it.each([16, 21])('cross-entropy, vocabulary %i', (vocabulary) => {
      top = arena;
      const rows = 5;
      const stride = 28;
      const targets = Array.from({ length: rows }, (_, i) => (i * 7) % vocabulary);
      const logits = normals(rows * vocabulary, 4);
      const block = floats(new Float64Array(rows * stride));
      const placeOf = (at: number) => Math.floor(at / vocabulary) * stride + (at % vocabulary);
      logits.forEach((y, at) => {
        block.view[placeOf(at)] = y;
      });
      const t = ints(targets);
      const keep = block.view.slice();
      const loss = kernels.crossEntropy(block.at, stride, t, rows, vocabulary, 0);
      expect(loss).toBeCloseTo(slowCrossEntropy(logits, targets, vocabulary), 4);
      block.view.set(keep);
      kernels.crossEntropy(block.at, stride, t, rows, vocabulary, 0.5);
      const expected = finiteDifferences((z) => 0.5 * slowCrossEntropy(z, targets, vocabulary), logits);
      const gradient = () => logits.map((_, at) => block.view[placeOf(at)]);
      expectClose(gradient(), expected);

      // A negative target counts for nothing, and changes nothing of the others.
      const all = block.view.slice();
      block.view.set(keep);
      const silent = ints(targets.map((target, i) => (i === 2 ? -1 : target)));
      kernels.crossEntropy(block.at, stride, silent, rows, vocabulary, 0.5);
      const row = (view: Float32Array, i: number) => view.slice(i * stride, i * stride + vocabulary);
      for (let i = 0; i < rows; i++)
        expect(row(block.view, i)).toEqual(i === 2 ? new Float32Array(vocabulary) : row(all, i));

      // Smoothed labels: for a share of the loss every label is the target, each as much. Nothing is smoothed where there was none.
      kernels.smoothLabels(block.at, stride, silent, rows, vocabulary, 0.5 * 0.1);
      expect(row(block.view, 2)).toEqual(new Float32Array(vocabulary));
      block.view.set(all);
      kernels.smoothLabels(block.at, stride, t, rows, vocabulary, 0.5 * 0.1);
      const everyLabel = Array.from({ length: vocabulary }, (_, label) => targets.map(() => label));
      const meanOfAll = (z: Float64Array) =>
        everyLabel.reduce((sum, labels) => sum + slowCrossEntropy(z, labels, vocabulary), 0) / vocabulary;
      const smoothed = (z: Float64Array) =>
        0.9 * slowCrossEntropy(z, targets, vocabulary) + 0.1 * meanOfAll(z);
      const spread = finiteDifferences((z) => 0.5 * smoothed(z), logits);
      expectClose(gradient(), spread);
    });

    it('embedding', () => {
      top = arena;
      const table = floats(normals(6 * 8));
      const tokens = [3, 0, 3, 5];
      const out = floats(new Float64Array(32));
      const at = ints(tokens);
      kernels.gather(out.at, table.at, at, 4, 8);
      tokens.forEach((token, i) => {
        expect(out.view.slice(i * 8, i * 8 + 8)).toEqual(table.view.slice(token * 8, token * 8 + 8));
      });
      const dOut = normals(32);
      const dTable = floats(new Float64Array(48));
      kernels.scatterAdd(dTable.at, floats(dOut).at, at, 4, 8);
      const pick = (x: Vector) =>
        dot(
          Float64Array.from({ length: 32 }, (_, i) => x[tokens[i >> 3] * 8 + (i % 8)]),
          dOut,
        );
      expectClose(dTable.view, finiteDifferences(pick, new Float64Array(48)));
    });
  });

  describe('rounding and optimiser', () => {
    it('rounds softmax weights as the chip does: s8, each with the scale of its value', () => {
      top = arena;
      const [length, headSize, bound] = [21, 8, 6];
      const [q, k, v] = [normals(length * headSize), normals(length * headSize), normals(length * headSize)];
      kernels.setAttentionScratch(attentionScratch, length, headSize);
      const [out, sums] = [floats(q), floats(normals(length))];
      const [steps, inverses] = [floats(new Float64Array(length)), floats(new Float64Array(length))];
      const values = floats(v).at;
      kernels.valueSteps(steps.at, inverses.at, values, length, 1, headSize, 1, 128 / bound);
      const room = [steps.at, inverses.at, length * 4] as const;
      kernels.attentionForward(
        out.at,
        sums.at,
        floats(new Float64Array(1)).at,
        0,
        floats(q).at,
        floats(k).at,
        values,
        ...room,
        length,
        1,
        1,
        headSize,
      );
      for (let i = 0; i < length; i++) {
        const row = (x: Vector, at: number) => x.subarray(at * headSize, (at + 1) * headSize);
        const scores = Array.from(
          { length: i + 1 },
          (_, j) => dot(row(q, i), row(k, j)) / Math.sqrt(headSize),
        );
        const e = scores.map((y) => Math.exp(y - Math.max(...scores)));
        const step = e.map((_, j) => (Math.max(...row(v, j).map(Math.abs)) * 128) / bound);
        const sum = e.reduce((a, b) => a + b, 0);
        const expected = row(v, 0).map((_, d) =>
          e.reduce(
            (total, y, j) => total + ((Math.round(y * step[j]) / step[j]) * v[j * headSize + d]) / sum,
            0,
          ),
        );
        expectClose(out.view.subarray(i * headSize, (i + 1) * headSize), expected, 1e-4);
      }
    });

    it('cuts at a limit', () => {
      top = arena;
      const x = floats([-20, -16, 3, 17]);
      kernels.clamp(x.at, 4, 16);
      expect([...x.view]).toEqual([-16, -16, 3, 16]);
    });

    it.each([
      [13, 1, 1],
      [13, 0.5, 1],
      [40, 0.7, 2],
      [8, 0.3, 0.5],
    ])('against a teacher: vocabulary %i, mix %f, temperature %f', (vocabulary, mix, temperature) => {
      top = arena;
      const rows = 3;
      const count = 4;
      const z = normals(rows * vocabulary, 3);
      const targets = [1, vocabulary - 1, 2];
      const ids = Array.from({ length: rows }, (_, i) => [i + 4, 2, i === 2 ? 1 : vocabulary - 2, 0]);
      const shares = Array.from({ length: rows }, (_, i) =>
        (i === 1 ? [0.7, 0.2, 0.1, 0] : [0.4, 0.3, 0.15, 0.05]).map(Math.fround),
      );
      const stride = ((vocabulary + 3) & ~3) + 4;
      const logits = floats(new Float64Array(rows * stride));
      for (let i = 0; i < rows; i++)
        logits.view.set(z.subarray(i * vocabulary, (i + 1) * vocabulary), i * stride);
      const room = floats(new Float64Array(stride + count)).at;
      const given = [ints(targets), ints(ids.flat()), floats(shares.flat()).at] as const;
      const loss = kernels.distill(
        logits.at,
        stride,
        ...given,
        count,
        rows,
        vocabulary,
        0.25,
        mix,
        temperature,
        room,
      );
      expect(loss).toBeCloseTo(slowCrossEntropy(z, targets, vocabulary), 4);
      const teacher = { ids, shares, mix, temperature };
      const gradient = finiteDifferences((x) => slowDistillation(x, targets, vocabulary, teacher), z);
      for (let i = 0; i < rows; i++) {
        expectClose(
          logits.view.subarray(i * stride, i * stride + vocabulary),
          gradient.subarray(i * vocabulary, (i + 1) * vocabulary).map((g) => 0.25 * g),
        );
      }
    });

    it('drops what a hash of key and index says, the same ones each time', () => {
      top = arena;
      const x = normals(4000);
      for (const [key, rate] of [
        [1, 0.1],
        [-77777, 0.5],
      ]) {
        const out = floats(x);
        kernels.dropout(out.at, x.length, key, Math.round(rate * 2 ** 31), 1 / (1 - rate));
        expectClose(out.view, slowDropout(x, key, rate), 1e-6);
        const dropped = out.view.filter((y) => y === 0).length;
        expect(Math.abs(dropped / x.length - rate)).toBeLessThan(0.03);
      }
    });

    it('rounds to the nearest of 127 steps of the group, in place too', () => {
      top = arena;
      const x = normals(24);
      x.fill(0, 8, 16);
      const out = floats(x);
      kernels.fakeQuantize(out.at, out.at, 3, 8, 127);
      for (let g = 0; g < 24; g += 8) {
        const scale = Math.max(...x.subarray(g, g + 8).map(Math.abs)) / 127;
        const group = x.subarray(g, g + 8).map((y) => (scale ? Math.round(y / scale) * scale : 0));
        expectClose(out.view.subarray(g, g + 8), group, 1e-6);
      }
    });

    it.each([
      [8, 12],
      [12, 8],
      [8, 8],
    ])('Muon on %i by %i', (rows, columns) => {
      top = arena;
      const count = rows * columns;
      const [w, g, m] = [normals(count), normals(count), normals(count)];
      const weights = floats(w);
      const momentum = floats(m);
      const room = floats(new Float64Array(2 * count + 2 * 144)).at;
      const gradients = floats(g).at;
      kernels.muon(weights.at, gradients, momentum.at, rows, columns, 0.02, 0.95, 0.1, 0.5, room);
      const next = m.map((y, i) => 0.95 * y + 0.05 * 0.5 * g[i]);
      expectClose(momentum.view, next);
      const direction = slowOrthogonalize(
        next.map((y, i) => 0.95 * y + 0.05 * 0.5 * g[i]),
        rows,
        columns,
      );
      expectClose(
        weights.view,
        w.map((y, i) => y * (1 - 0.002) - 0.02 * direction[i]),
      );
    });

    it('AdamW', () => {
      top = arena;
      const [w, g, m] = [normals(16), normals(16), normals(16)];
      const v = normals(16).map(Math.abs);
      const weights = floats(w);
      const args = [0.01, 0.9, 0.99, 1e-8, 0.1, 2, 3, 0.5] as const;
      kernels.adamw(weights.at, floats(g).at, floats(m).at, floats(v).at, 16, ...args);
      const expected = w.map((y, i) => {
        const first = 0.9 * m[i] + 0.1 * 0.5 * g[i];
        const second = 0.99 * v[i] + 0.01 * (0.5 * g[i]) ** 2;
        return y * (1 - 0.001) - (0.01 * first * 2) / (Math.sqrt(second * 3) + 1e-8);
      });
      expectClose(weights.view, expected);
    });
  });
});
