/**
 * Float matrices to int4, two weights a byte, as device/kernels/matvec4.ts reads them. A weight's four bits have others below them that
 * belong to a neighbour: each is rounded knowing what they are, so nothing is lost by them.
 */
import { INT4_GROUP, type Int4Group } from '../model/index.ts';
import { quantizeGrouped, type Rounding, roundGrouped } from './grouped.ts';
import type { QuantizedMatrix, Row } from './matrix.ts';
import type { Weave } from './weave.ts';

const CHUNK = 16;

/** Where groups of at most `group` columns begin, and behind the last one the end: as even as whole chunks can be. */
export function groupStarts(columns: number, group: number = INT4_GROUP): number[] {
  let chunks = columns / CHUNK;
  const count = Math.ceil(columns / group);
  const starts = [0];
  for (let left = count; left > 0; left--) {
    const mine = Math.ceil(chunks / left);
    chunks -= mine;
    starts.push(starts[starts.length - 1] + mine * CHUNK);
  }
  return starts;
}

/** x / 16 rounded, half up, to four bits: written so that an engine has few instructions to make of it. */
const nibble = (x: number): number => {
  const rounded = Math.floor(x / 16 + 0.5);
  return rounded < -8 ? -8 : rounded > 7 ? 7 : rounded | 0;
};

export const int4Weave: Weave = {
  starts: groupStarts,
  byteOf: (column) => column >> 1,
  unit: (column) => [column + 1, column],
  error(row, [first, end], scale, below, weights) {
    let error = 0;
    for (let column = first; column < end; column += 2) {
      const under = below[column >> 1] >> 4;
      const second = nibble(row[column + 1] / scale - under);
      const low = second & 15;
      const high = nibble(row[column] / scale - low);
      const errorOfSecond = row[column + 1] - scale * (16 * second + under);
      const errorOfFirst = row[column] - scale * (16 * high + low);
      error +=
        weights[column + 1] * errorOfSecond * errorOfSecond + weights[column] * errorOfFirst * errorOfFirst;
    }
    return error;
  },
  round(row, units, scales, { bytes, below }, settle) {
    for (let k = 0; k < units.length; k++) {
      const column = units[k];
      const scale = scales[column];
      const pair = column >> 1;
      const under = below[pair] >> 4;
      const second = nibble(row[column + 1] / scale - under);
      settle?.(column + 1, scale * (16 * second + under));
      const low = second & 15;
      const high = nibble(row[column] / scale - low);
      settle?.(column, scale * (16 * high + low));
      bytes[pair] = (high << 4) | low;
    }
  },
  read({ bytes, below }, values) {
    for (let pair = 0; pair < bytes.length; pair++) {
      values[2 * pair] = bytes[pair];
      values[2 * pair + 1] = (bytes[pair] << 4) | (below[pair] >> 4);
    }
  },
};

/** How int4 weights are rounded; columns of the largest group, if nothing is said: 64. */
export type Int4Way = Omit<Rounding, 'group'> & { group?: Int4Group };

/**
 * Quantises the rows (a multiple of 16) to `columns` columns each, a multiple of 16, zeros behind the given ones.
 * @throws FailureError for weights that are no finite numbers
 */
export const quantizeInt4 = (
  rows: readonly Row[],
  columns: number,
  { group = INT4_GROUP, ...rounding }: Int4Way = {},
): QuantizedMatrix => quantizeGrouped(rows, columns, int4Weave, { group, ...rounding });

/** The real values (columns) that rows stand for once they are quantised; rows of zeros and padding rows are left out. */
export const roundRows = (
  rows: readonly Row[],
  columns: number,
  { group = INT4_GROUP, ...rounding }: Int4Way,
  take: (index: number, values: Float32Array) => void,
): void => roundGrouped(rows, columns, int4Weave, { group, ...rounding }, take);
