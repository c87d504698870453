/**
 * The feed-forward of an activation that leaves zeros, by hidden units: gates as any matrix, up rows and down columns in int8, each in one
 * run, so that what belongs to a unit that is zero is not brought from memory (device/transformer/units.ts).
 */
import type { Layout } from './layout.ts';
import { inBlocks, type QuantizedMatrix, type Quantizer, type Row, withReadAhead } from './matrix.ts';
import { partGateUp } from './rows.ts';

export interface GateAndUp {
  gateUp: QuantizedMatrix;
  /** Rows one behind the other; where zeros are left out. */
  up?: QuantizedMatrix;
}

/** Gate and up rows apart, from int8 rows that lie one behind the other: their numbers stay what they are together. */
function partInt8({ values, scales, ...same }: QuantizedMatrix, layout: Layout): Required<GateAndUp> {
  const rows = Array.from(scales, (scale, row) => ({
    scale,
    values: values.subarray(row * layout.dim, (row + 1) * layout.dim),
  }));
  const { gate, up } = partGateUp(rows, layout);
  const joined = (part: typeof rows): Int8Array => {
    const whole = new Int8Array(part.length * layout.dim);
    part.forEach((row, i) => void whole.set(row.values, i * layout.dim));
    return whole;
  };
  const matrix = (part: typeof rows, values: Int8Array): QuantizedMatrix => ({
    ...same,
    values: withReadAhead(values),
    scales: Int16Array.from(part, ({ scale }) => scale),
  });
  return { gateUp: matrix(gate, inBlocks(joined(gate), layout.dim)), up: matrix(up, joined(up)) };
}

/** The gate and up rows of a layer called `gateUp` and `up`; `isInt8`: gates have eight bits, too. */
export function packByUnits(
  names: { gateUp: string; up: string },
  rows: readonly Row[],
  layout: Layout,
  quantizer: Quantizer,
  isInt8: boolean,
): Required<GateAndUp> {
  if (isInt8) return partInt8(quantizer(names.gateUp, rows, layout.dim, 'rows'), layout);
  const { gate, up } = partGateUp(rows, layout);
  return {
    gateUp: quantizer(names.gateUp, gate, layout.dim),
    up: quantizer(names.up, up, layout.dim, 'rows'),
  };
}
