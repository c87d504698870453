/**
 * Float matrices to 5 1/3 bits: three weights in two bytes, as device/kernels/matvec5.ts reads them. Between int4 and int8, for models whose
 * matrices differ in format (mixed.ts).
 *
 * Of three columns the first two are bytes as they lie, five bits of their own and three below that serve the third. That one is the first
 * byte shifted up by five bits, exclusive or the second one shifted up by two: six bits that can be chosen, over two that cannot. Each is
 * rounded knowing what is given, so nothing is lost by it. Columns that are left at a row's end have bytes of their own.
 */
import { value } from '../contract/index.ts';
import { quantizeGrouped, type Rounding, roundGrouped } from './grouped.ts';
import type { QuantizedMatrix, Row } from './matrix.ts';
import type { Settle, Weave, Woven } from './weave.ts';

const { INT5_GROUP } = value;

/** The number with so many bits, sign included, whose multiple of `step` is nearest to x. */
const nearest = (x: number, step: number, bits: number): number => {
  const most = 1 << (bits - 1);
  const rounded = Math.floor(x / step + 0.5);
  return rounded < -most ? -most : rounded > most - 1 ? most - 1 : rounded | 0;
};

/** What lies in the third column's byte already: the high bits of the row before, moved up into this one's low bits. */
const given = (below: Uint8Array, at: number): number => (below[at] >> 3) ^ (below[at + 1] >> 6);

function roundThree(
  row: Float64Array,
  column: number,
  scale: number,
  { bytes, below }: Woven,
  settle: Settle | undefined,
): void {
  const at = (2 * column) / 3;
  const known = given(below, at);
  const lowest = known & 3;
  const high = nearest(row[column + 2] / scale - lowest, 4, 6);
  settle?.(column + 2, scale * (4 * high + lowest));
  const wanted = ((4 * high + lowest) ^ known) & 0xff;
  const ofSecond = (wanted >> 2) & 7;
  const second = 8 * nearest(row[column + 1] / scale - ofSecond, 8, 5) + ofSecond;
  settle?.(column + 1, scale * second);
  const ofFirst = ((wanted >> 5) ^ (second >> 3)) & 7;
  const first = 8 * nearest(row[column] / scale - ofFirst, 8, 5) + ofFirst;
  settle?.(column, scale * first);
  bytes[at] = first;
  bytes[at + 1] = second;
}

function roundSingle(
  row: Float64Array,
  column: number,
  scale: number,
  { bytes }: Woven,
  settle: Settle | undefined,
): void {
  const value = nearest(row[column] / scale, 1, 8);
  settle?.(column, scale * value);
  bytes[singleAt(column, row.length)] = value;
}

/** Whether a column has a byte of its own, at the end of a row of so many. */
const isSingle = (column: number, columns: number): boolean => column >= columns - (columns % 3);

/** Bits of a column's own, in a row of so many. */
export const bitsOf = (column: number, columns: number): number =>
  isSingle(column, columns) ? 8 : column % 3 === 2 ? 6 : 5;

const byteOf = (column: number): number => Math.ceil((2 * column) / 3);

export const int5Weave: Weave = {
  starts: (columns) => [
    ...Array.from({ length: Math.ceil(columns / INT5_GROUP) }, (_, group) => group * INT5_GROUP),
    columns,
  ],
  byteOf,
  unit: (column, columns) => (isSingle(column, columns) ? [column] : [column + 2, column + 1, column]),
  error(row, [first, end], scale, _, weights) {
    let error = 0;
    for (let column = first; column < end; column++) {
      const bits = bitsOf(column, row.length);
      const step = 1 << (8 - bits);
      const off = row[column] - scale * step * nearest(row[column] / scale, step, bits);
      error += weights[column] * off * off;
    }
    return error;
  },
  round(row, units, scales, woven, settle) {
    for (const column of units) {
      const round = isSingle(column, row.length) ? roundSingle : roundThree;
      round(row, column, scales[column], woven, settle);
    }
  },
  read({ bytes, below }, values) {
    const threes = values.length - (values.length % 3);
    for (let column = 0, at = 0; column < threes; column += 3, at += 2) {
      values[column] = bytes[at];
      values[column + 1] = bytes[at + 1];
      values[column + 2] = (bytes[at] << 5) ^ (bytes[at + 1] << 2) ^ given(below, at);
    }
    for (let column = threes; column < values.length; column++)
      values[column] = bytes[singleAt(column, values.length)];
  },
};

/** Byte of a column that has one of its own. */
const singleAt = (column: number, columns: number): number => byteOf(columns) - (columns - column);

/**
 * Quantises the rows (a multiple of 16) to `columns` columns each, a multiple of 16, zeros behind the given ones.
 * @throws FailureError for weights that are no finite numbers
 */
export const quantizeInt5 = (
  rows: readonly Row[],
  columns: number,
  rounding: Omit<Rounding, 'group'> = {},
): QuantizedMatrix => quantizeGrouped(rows, columns, int5Weave, { ...rounding, group: INT5_GROUP });

/** The real values (columns) that rows stand for once they are quantised; rows of zeros and padding rows are left out. */
export const roundToInt5 = (
  rows: readonly Row[],
  columns: number,
  rounding: Omit<Rounding, 'group'>,
  take: (index: number, values: Float32Array) => void,
): void => roundGrouped(rows, columns, int5Weave, { ...rounding, group: INT5_GROUP }, take);
