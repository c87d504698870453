/** Float matrices to int8 rows with one scale each, as the matrix kernels read them. */

import { value } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import { quantizeRow } from '../model/index.ts';

/** A row of a matrix, or undefined for a padding row. */
export type Row = Float32Array | undefined;

export interface QuantizedMatrix {
  /** Symmetrical: -127...127. (rows / 16, columns, 16), or as {@link Order} says; and {@link READ_AHEAD} zeros. */
  values: Int8Array;
  /** (rows): scale of a row relative to `unit`, in 2^-15. */
  scales: Int16Array;
  /** The kernel's right shift: with it sums of products with int8 activations fit 15 bits; which are sure to, says {@link Sums}. */
  shift: number;
  /** Sum of squares that int8 activations may have: with it every sum fits a lane. */
  bound: number;
  /** Real value of `2 * (sum >> shift) * scales[row] >> 15` for activations of unit 1. */
  unit: number;
}

/** Rows of a block. */
const BLOCK = 16;
const { ACTIVATION_LIMIT, LANE_LIMIT, LARGEST_SHIFT, READ_AHEAD } = value;
const LARGEST_WORD = 0x7fffffff;

/**
 * How large a row's sum of products may become before it saturates: so many times the root of its mean square, if columns had nothing to
 * do with one another and the largest of normally distributed activations is 127; or whatever comes.
 */
export type Sums = number | 'any';

/** Smallest shift >= 1 with which (sum + half) >> shift fits 15 bits; LARGEST_SHIFT always does, as no sum is above LANE_LIMIT. */
function shiftFor(values: Int8Array, columns: number, sums: Sums): number {
  const usual = ACTIVATION_LIMIT / Math.sqrt(2 * Math.log(columns));
  let largest = 0;
  for (let start = 0; start < values.length; start += columns) {
    let magnitude = 0;
    let squares = 0;
    for (let i = start; i < start + columns; i++) {
      magnitude += Math.abs(values[i]);
      squares += values[i] ** 2;
    }
    const most = magnitude * ACTIVATION_LIMIT;
    largest = Math.max(largest, sums === 'any' ? most : Math.min(most, sums * usual * Math.sqrt(squares)));
  }
  let shift = 1;
  while (shift < LARGEST_SHIFT && (largest + 2 ** (shift - 1)) / 2 ** shift >= 16384) shift++;
  return shift;
}

/**
 * By Cauchy and Schwarz no sum of products, whole or in part, is larger than the length of the row times that of the activations:
 * the largest square of the latter with which no sum, rounding included, leaves a lane's range.
 * @throws FailureError where not even vectors of ones are sure to fit
 */
function boundFor(values: Int8Array, columns: number, shift: number): number {
  let largest = 1;
  for (let start = 0; start < values.length; start += columns) {
    let squares = 0;
    for (let i = start; i < start + columns; i++) squares += values[i] ** 2;
    largest = Math.max(largest, squares);
  }
  const bound = Math.floor((LANE_LIMIT - 2 ** (shift - 1)) ** 2 / largest);
  if (bound < columns) {
    throw new FailureError(
      `the model cannot run on the chip: sums over ${columns} columns do not fit the 20 bits of the vector unit's lanes.`,
    );
  }
  return Math.min(bound, LARGEST_WORD);
}

/** How the values of a matrix lie: in blocks of rows, column by column; or for kernels that read some of them, rows or columns one behind the other. */
export type Order = 'blocks' | 'rows' | 'columns';

/** Blocks of rows, column by column. */
export function inBlocks(rows: Int8Array, columns: number): Int8Array {
  const blocks = new Int8Array(rows.length);
  let at = 0;
  for (let block = 0; block < rows.length; block += BLOCK * columns)
    for (let column = 0; column < columns; column++)
      for (let row = 0; row < BLOCK; row++) blocks[at++] = rows[block + row * columns + column];
  return blocks;
}

/** Quantises the matrix of a name. */
export type Quantizer = (
  name: string,
  rows: readonly Row[],
  columns: number,
  order?: Order,
) => QuantizedMatrix;

/** Columns one behind the other. */
function byColumns(rows: Int8Array, columns: number): Int8Array {
  const count = rows.length / columns;
  return rows.map((_, i) => rows[(i % count) * columns + Math.floor(i / count)]);
}

const ORDERS: Readonly<Record<Order, (rows: Int8Array, columns: number) => Int8Array>> = {
  blocks: inBlocks,
  rows: (rows) => rows,
  columns: byColumns,
};

/** With zeros behind, which kernels load beyond the end: it may be the last thing in SRAM. */
export function withReadAhead<Values extends Int8Array | Int16Array>(values: Values): Values {
  const Kind = values.constructor as new (length: number) => Values;
  const padded = new Kind(values.length + READ_AHEAD / values.BYTES_PER_ELEMENT);
  padded.set(values);
  return padded;
}

/** Quantises the rows (a multiple of 16, see {@link padRows}) to `columns` columns each, zeros behind the given ones. */
export function quantizeMatrix(
  rows: readonly Row[],
  columns: number,
  sums: Sums,
  order: Order = 'blocks',
): QuantizedMatrix {
  const plain = new Int8Array(rows.length * columns);
  const scales = rows.map((row, i) => (row ? quantizeRow(row, plain.subarray(i * columns)) : 0));
  const largest = scales.reduce((a, b) => Math.max(a, b), 0) || 1;
  const shift = shiftFor(plain, columns, sums);
  return {
    values: withReadAhead(ORDERS[order](plain, columns)),
    scales: Int16Array.from(scales, (scale) => Math.round((scale / largest) * 32767)),
    shift,
    bound: boundFor(plain, columns, shift),
    unit: (largest / 32767) * 32768 * 2 ** (shift - 1),
  };
}

/** int8 rows in blocks, each with a scale of its own. */
export function quantizeRows(
  rows: readonly Row[],
  columns: number,
): { values: Int8Array; scales: Float64Array } {
  const plain = new Int8Array(rows.length * columns);
  const scales = Float64Array.from(rows, (row, i) =>
    row ? quantizeRow(row, plain.subarray(i * columns)) : 0,
  );
  return { values: inBlocks(plain, columns), scales };
}

/** Rows of a row-major matrix, as views. */
export function rowsOf(matrix: Float32Array, columns: number): Float32Array[] {
  return Array.from({ length: matrix.length / columns }, (_, i) =>
    matrix.subarray(i * columns, (i + 1) * columns),
  );
}

/** Adds padding rows up to `count`. */
export function padRows(rows: readonly Row[], count: number): Row[] {
  return [...rows, ...new Array<undefined>(count - rows.length).fill(undefined)];
}
