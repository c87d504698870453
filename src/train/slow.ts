/**
 * The trainer's mathematics in plain TypeScript and double precision, one loop per formula: what the
 * WebAssembly operators are tested against. Matrices are row-major number arrays.
 */
import { parametersOf, type Shape, type Tensor } from './shape.ts';

export type Vector = Float64Array;

export function slowRmsnorm(x: Vector, weight: Vector): Vector {
  const dim = weight.length;
  return x.map((value, at) => {
    const row = at - (at % dim);
    let squares = 0;
    for (let i = 0; i < dim; i++) squares += x[row + i] ** 2;
    return (value * weight[at % dim]) / Math.sqrt(squares / dim + 1e-5);
  });
}

/** (rows, out) = x (rows, in) times w (out, in) transposed. */
export function slowMatmul(x: Vector, w: Vector, inputs: number): Vector {
  const outputs = w.length / inputs;
  const rows = x.length / inputs;
  return Float64Array.from({ length: rows * outputs }, (_, at) => {
    const row = Math.floor(at / outputs) * inputs;
    const column = (at % outputs) * inputs;
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum += x[row + k] * w[column + k];
    return sum;
  });
}

export function slowRope(x: Vector, positions: ArrayLike<number>, dim: number, headSize: number): Vector {
  return x.map((value, at) => {
    const within = (at % dim) % headSize;
    const even = within - (within % 2);
    const angle = positions[Math.floor(at / dim)] / 10000 ** (even / headSize);
    const partner = within % 2 ? x[at - 1] : -x[at + 1];
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

export interface Heads {
  length: number;
  heads: number;
  kvHeads: number;
  headSize: number;
}

/** What position `i` of head `h` scores with each up to it. */
function slowScores(
  q: Vector,
  k: Vector,
  { heads, kvHeads, headSize }: Heads,
  h: number,
  i: number,
): number[] {
  const kvHead = Math.floor(h / (heads / kvHeads)) * headSize;
  const query = i * heads * headSize + h * headSize;
  return Array.from({ length: i + 1 }, (_, j) => {
    let score = 0;
    for (let e = 0; e < headSize; e++) score += q[query + e] * k[j * kvHeads * headSize + kvHead + e];
    return score / Math.sqrt(headSize);
  });
}

/** Causal softmax attention over one segment. */
export function slowAttention(q: Vector, k: Vector, v: Vector, shape: Heads): Vector {
  const { length, heads, kvHeads, headSize } = shape;
  const out = new Float64Array(q.length);
  for (let h = 0; h < heads; h++) {
    const kvHead = Math.floor(h / (heads / kvHeads)) * headSize;
    for (let i = 0; i < length; i++) {
      const query = i * heads * headSize + h * headSize;
      const weights = slowScores(q, k, shape, h, i).map(Math.exp);
      const sum = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, j) => {
        for (let e = 0; e < headSize; e++) {
          out[query + e] += (weight / sum) * v[j * kvHeads * headSize + kvHead + e];
        }
      });
    }
  }
  return out;
}

/** The largest score of each head of keys, or 0. */
export function slowLargest(q: Vector, k: Vector, shape: Heads): Vector {
  const { length, heads, kvHeads } = shape;
  const largest = new Float64Array(kvHeads);
  for (let h = 0; h < heads; h++) {
    const at = Math.floor(h / (heads / kvHeads));
    for (let i = 0; i < length; i++) largest[at] = Math.max(largest[at], ...slowScores(q, k, shape, h, i));
  }
  return largest;
}

export function slowGated(gate: Vector, up: Vector, relu: boolean): Vector {
  return gate.map((g, i) => (relu ? Math.max(g, 0) : g / (1 + Math.exp(-g))) * up[i]);
}

/** Summed cross-entropy in nats. */
export function slowCrossEntropy(logits: Vector, targets: ArrayLike<number>, vocabulary: number): number {
  let loss = 0;
  for (let i = 0; i < targets.length; i++) {
    const row = logits.subarray(i * vocabulary, (i + 1) * vocabulary);
    loss += Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[targets[i]];
  }
  return loss;
}

/** A teacher's largest shares of a distribution, one row a token, and their ids. */
export interface SlowTeacher {
  ids: readonly number[][];
  shares: readonly number[][];
  mix: number;
  temperature: number;
}

/** What wasm/distill.ts minimises, by its formula: the rest of the teacher's distribution is one class. */
export function slowDistillation(
  logits: Vector,
  targets: ArrayLike<number>,
  vocabulary: number,
  { ids, shares, mix, temperature }: SlowTeacher,
): number {
  let soft = 0;
  for (let i = 0; i < targets.length; i++) {
    const warm = logits.subarray(i * vocabulary, (i + 1) * vocabulary).map((z) => Math.exp(z / temperature));
    const sum = warm.reduce((a, b) => a + b, 0);
    const rest = warm.reduce((a, e, id) => a + (ids[i].includes(id) ? 0 : e), 0);
    const restShare = 1 - shares[i].reduce((a, b) => a + b, 0);
    ids[i].forEach((id, k) => {
      soft -= shares[i][k] * Math.log(warm[id] / sum);
    });
    if (restShare > 0) soft -= restShare * Math.log(rest / sum);
  }
  return (1 - mix) * slowCrossEntropy(logits, targets, vocabulary) + mix * temperature ** 2 * soft;
}

export interface SlowBatch {
  tokens: ArrayLike<number>;
  targets: ArrayLike<number>;
  /** Lengths of the segments; positions start at 0 in each. */
  segments: readonly number[];
}

/** lowbias32 by its formula, on one number. */
function hash32(x: number): number {
  const a = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  const b = Math.imul(a ^ (a >>> 15), 0x846ca68b);
  return (b ^ (b >>> 16)) >>> 0;
}

export const slowDropout = (x: Vector, key: number, rate: number): Vector =>
  x.map((value, i) =>
    Math.floor(hash32((key + i) | 0) / 2) < Math.round(rate * 2 ** 31) ? 0 : value / (1 - rate),
  );

/** Mean loss of a whole model on a batch, from its flat parameter vector; `drop` is called where dropout has its sites (dropSites). */
export function slowLoss(
  shape: Shape,
  weights: Vector,
  batch: SlowBatch,
  drop: (x: Vector, site: number) => Vector = (x) => x,
): number {
  const { dim, hiddenDim, heads, kvHeads } = shape;
  const headSize = dim / heads;
  const parameters = parametersOf(shape);
  const of = ({ offset, rows, columns }: Tensor) => weights.subarray(offset, offset + rows * columns);
  const positions = batch.segments.flatMap((length) => Array.from({ length }, (_, i) => i));
  const embedding = of(parameters.embedding);
  let x: Vector = Float64Array.from(
    { length: positions.length * dim },
    (_, at) => embedding[batch.tokens[Math.floor(at / dim)] * dim + (at % dim)],
  );
  const withRows = (x: Vector, behind: number): Vector => {
    const table = parameters.tables[behind];
    if (!table) return x;
    const rows = x.map((_, at) => of(table)[batch.tokens[Math.floor(at / dim)] * dim + (at % dim)]);
    return drop(rows, -2 - behind).map((y, at) => y + x[at]);
  };
  x = withRows(drop(x, 0), 0);
  for (const [i, layer] of parameters.layers.entries()) {
    const normal = slowRmsnorm(x, of(layer.attentionNorm));
    const kvDim = headSize * kvHeads;
    const q = slowRope(slowMatmul(normal, of(layer.wq), dim), positions, dim, headSize);
    const k = slowRope(slowMatmul(normal, of(layer.wk), dim), positions, kvDim, headSize);
    const v = slowMatmul(normal, of(layer.wv), dim);
    const mixed = new Float64Array(q.length);
    let first = 0;
    for (const length of batch.segments) {
      const part = (y: Vector, width: number) => y.subarray(first * width, (first + length) * width);
      const heads4 = { length, heads, kvHeads, headSize };
      mixed.set(slowAttention(part(q, dim), part(k, kvDim), part(v, kvDim), heads4), first * dim);
      first += length;
    }
    x = drop(slowMatmul(mixed, of(layer.wo), dim), 2 * i + 1).map((y, at) => y + x[at]);
    const normal2 = slowRmsnorm(x, of(layer.ffnNorm));
    const gate = slowMatmul(normal2, of(layer.w1), dim);
    const up = slowMatmul(normal2, of(layer.w3), dim);
    const hidden = slowGated(gate, up, shape.activation === 'relu');
    x = drop(slowMatmul(hidden, of(layer.w2), hiddenDim), 2 * i + 2).map((y, at) => y + x[at]);
    x = withRows(x, i + 1);
  }
  const logits = slowMatmul(slowRmsnorm(x, of(parameters.finalNorm)), of(parameters.classifier), dim);
  return slowCrossEntropy(logits, batch.targets, shape.vocabulary) / batch.targets.length;
}

/** Central differences of a scalar function, one entry at a time. */
export function finiteDifferences(f: (x: Vector) => number, at: Vector, step = 1e-5): Vector {
  const x = Float64Array.from(at);
  return at.map((value, i) => {
    x[i] = value + step;
    const up = f(x);
    x[i] = value - step;
    const down = f(x);
    x[i] = value;
    return (up - down) / (2 * step);
  });
}

/** Muon's update direction: five Newton-Schulz steps on a (rows, columns) matrix. */
export function slowOrthogonalize(matrix: Vector, rows: number, columns: number): Vector {
  const norm = Math.sqrt(matrix.reduce((sum, x) => sum + x * x, 0)) + 1e-7;
  let x = matrix.map((value) => value / norm);
  const times = (a: Vector, b: Vector, inner: number) => {
    const width = b.length / inner;
    return Float64Array.from({ length: (a.length / inner) * width }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum += a[Math.floor(at / width) * inner + k] * b[k * width + (at % width)];
      return sum;
    });
  };
  const transposed = () =>
    Float64Array.from({ length: x.length }, (_, at) => x[(at % rows) * columns + Math.floor(at / rows)]);
  for (let round = 0; round < 5; round++) {
    const gram = times(x, transposed(), columns);
    const square = times(gram, gram, rows);
    const poly = gram.map((g, i) => -4.775 * g + 2.0315 * square[i]);
    const change = times(poly, x, rows);
    x = x.map((value, i) => 3.4445 * value + change[i]);
  }
  return x;
}
