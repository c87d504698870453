/** What int4 makes of a model's matrices, as floats: training goes through this rounding, which is the packer's own. */
import { type MatrixName, type ModelConfig, matrixShape } from '../model/index.ts';
import { roundRows } from './int4.ts';
import { type Layout, layoutOf } from './layout.ts';

/** Rounds the matrices of a shape, one at a time. */
export interface Int4Rounding {
  /** Writes what (rows, columns) stand for once they are packed without a calibration. */
  round(name: MatrixName, weights: Float32Array, out: Float32Array): void;
}

export function int4Rounding(config: ModelConfig): Int4Rounding {
  const layout = layoutOf(config, 0);
  const orders = new Map<MatrixName, readonly number[]>();
  return {
    round(name, weights, out) {
      const [rows, columns] = matrixShape(config, name);
      let order = orders.get(name);
      if (!order) orders.set(name, (order = packedOrder(name, config, layout, rows)));
      const row = (index: number) =>
        index < rows ? weights.subarray(index * columns, (index + 1) * columns) : undefined;
      out.fill(0);
      roundRows(
        order.map(row),
        name === 'w2' ? 2 * layout.hiddenHalf : layout.dim,
        { group: config.int4Group },
        (place, values) => out.set(values.subarray(0, columns), order[place] * columns),
      );
    },
  };
}

/** Rows in the order in which they are packed (pack.ts): four make a word. What is no row is padding. */
function packedOrder(name: MatrixName, config: ModelConfig, layout: Layout, rows: number): readonly number[] {
  const padding = rows;
  const all = Array.from({ length: rows }, (_, row) => row);
  if (name !== 'wq' && name !== 'wk') return all;
  const { headSize } = layout;
  const [count, pairs] =
    name === 'wq' ? [config.heads, layout.queryPairs] : [config.kvHeads, layout.keyPairs];
  const padded = (mine: readonly number[]): number[] => [
    ...mine,
    ...new Array<number>(pairs - mine.length).fill(padding),
  ];
  return [0, 1].flatMap((half) => {
    const { first, count: heads } = layout.half(half, count);
    const mine = all.slice(first * headSize, (first + heads) * headSize);
    return [0, 1].flatMap((odd) => padded(mine.filter((_, i) => i % 2 === odd)));
  });
}
