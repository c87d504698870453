/**
 * A model that computes the same with its columns in another order: those that are multiplied by the largest activations lie where int5 has
 * most bits. The components of the residual stream can have any order, in all matrices alike, and so can the units of each feed-forward.
 */
import type { LayerBiases, LayerWeights, Model } from '../model/index.ts';
import { bitsOf } from './int5.ts';
import { layoutOf } from './layout.ts';
import type { Calibration, Seen } from './types.ts';

/** What lies at a place: (columns), the column that was there before. */
type Order = Int32Array;

export interface Arranged {
  model: Model;
  calibration: Calibration;
}

export function arrange(model: Model, calibration: Calibration): Arranged {
  const { config, weights } = model;
  const layout = layoutOf(config, 0);
  const stream = orderOf(
    [...calibration].filter(([name]) => /(qkv|gateUp|classifier)$/.test(name)).map(([, seen]) => seen),
    config.dim,
    layout.dim,
  );
  const hidden = weights.layers.map((_, layer) =>
    orderOf([calibration.get(`layer${layer}.down`)!], config.hiddenDim, 2 * layout.hiddenHalf),
  );
  const orders = (name: string): Order =>
    name.endsWith('.down') ? hidden[Number(/\d+/.exec(name)![0])] : stream;
  const tokenEmbedding = columnsIn(weights.tokenEmbedding, stream);
  const { groups: _, ...rest } = model;
  return {
    model: {
      ...rest,
      weights: {
        ...weights,
        tokenEmbedding,
        classifier: config.sharedClassifier ? tokenEmbedding : columnsIn(weights.classifier, stream),
        finalNorm: columnsIn(weights.finalNorm, stream),
        layers: weights.layers.map((layer, i) => arrangeLayer(layer, { stream, hidden: hidden[i] })),
        layerEmbeddings: weights.layerEmbeddings?.map((table) => columnsIn(table, stream)),
        biases: weights.biases?.map((biases, i) => arrangeLayer(biases, { stream, hidden: hidden[i] }, true)),
        finalNormBias: weights.finalNormBias && columnsIn(weights.finalNormBias, stream),
        positions: weights.positions && columnsIn(weights.positions, stream),
      },
    },
    calibration: new Map(
      [...calibration].map(([name, seen]) => [
        name,
        name.endsWith('.out') ? seen : seenIn(seen, orders(name)),
      ]),
    ),
  };
}

/** The order of columns, `count` of `padded`, by what these matrices meet in them. */
function orderOf(seen: readonly Seen[], count: number, padded: number): Order {
  const energy = new Float64Array(count);
  for (const { products } of seen) {
    const own = Float64Array.from({ length: count }, (_, i) => products[i * (padded + 1)]);
    const all = own.reduce((a, b) => a + b, 0) || 1;
    own.forEach((x, i) => void (energy[i] += x / all));
  }
  const columns = Array.from({ length: count }, (_, i) => i);
  const places = columns.toSorted((a, b) => bitsOf(b, padded) - bitsOf(a, padded) || a - b);
  const order = new Int32Array(count);
  columns
    .toSorted((a, b) => energy[b] - energy[a] || a - b)
    .forEach((column, i) => void (order[places[i]] = column));
  return order;
}

/** A matrix with its columns, as many as the order has, in this order. */
function columnsIn(matrix: Float32Array, order: Order): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length; row += order.length)
    for (let i = 0; i < order.length; i++) out[row + i] = matrix[row + order[i]];
  return out;
}

function rowsIn(matrix: Float32Array, order: Order): Float32Array {
  const columns = matrix.length / order.length;
  const out = new Float32Array(matrix.length);
  order.forEach((row, i) => void out.set(matrix.subarray(row * columns, (row + 1) * columns), i * columns));
  return out;
}

type Axis = 'stream' | 'hidden';

/** What the rows of a layer's tensors are (of vectors their components), and the columns, where these have an order. */
const AXES: Readonly<Record<keyof LayerWeights, { rows?: Axis; columns?: Axis }>> = {
  attentionNorm: { rows: 'stream' },
  wq: { columns: 'stream' },
  wk: { columns: 'stream' },
  wv: { columns: 'stream' },
  wo: { rows: 'stream' },
  ffnNorm: { rows: 'stream' },
  w1: { rows: 'hidden', columns: 'stream' },
  w2: { rows: 'stream', columns: 'hidden' },
  w3: { rows: 'hidden', columns: 'stream' },
};

/** A layer's tensors; or what is added to their products, which are vectors. */
function arrangeLayer<Tensors extends LayerBiases>(
  tensors: Tensors,
  orders: Readonly<Record<Axis, Order>>,
  areVectors = false,
): Tensors {
  const arranged = (Object.entries(tensors) as [keyof LayerWeights, Float32Array][]).map(([name, tensor]) => {
    const { rows, columns } = AXES[name];
    const inColumns = columns && !areVectors ? columnsIn(tensor, orders[columns]) : tensor;
    return [name, rows ? rowsIn(inColumns, orders[rows]) : inColumns];
  });
  return Object.fromEntries(arranged) as Tensors;
}

/** Products of the columns in another order, of which the lower triangle is read; what is behind them, padding, stays. */
function seenIn({ products, count }: Seen, order: Order): Seen {
  const columns = Math.sqrt(products.length);
  const out = new Float64Array(products.length);
  const at = (i: number): number => (i < order.length ? order[i] : i);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [at(i), at(j)];
      out[i * columns + j] = products[Math.max(a, b) * columns + Math.min(a, b)];
    }
  return { products: out, count };
}
