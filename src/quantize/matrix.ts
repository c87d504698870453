/** Float matrices to int8 rows with one scale each, as the matrix kernels read them. */

/** A row of a matrix, or undefined for a padding row. */
export type Row = Float32Array | undefined;

export interface QuantizedMatrix {
  /** (rows, columns), row-major, symmetrical: -127...127; and {@link READ_AHEAD} zeros. */
  values: Int8Array;
  /** (rows): scale of a row relative to `unit`, in 2^-15. */
  scales: Int16Array;
  /** The kernel's right shift: with it every sum of products with int8 activations fits 16 bits. */
  shift: number;
  /** Real value of `(sum >> shift) * scales[row] >> 15` for activations of unit 1. */
  unit: number;
}

/** Bytes behind the last row that the matrix kernel loads and does not use. */
const READ_AHEAD = 32;
/** Largest magnitude of an int8 activation. */
const ACTIVATION_LIMIT = 127;

/** Symmetrical int8 with the scale that makes the largest magnitude 127. Returns the scale. */
export function quantizeRow(row: Float32Array, out: Int8Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  const scale = largest / 127;
  if (scale > 0) for (let i = 0; i < row.length; i++) out[i] = Math.round(row[i] / scale);
  return scale;
}

/** Smallest shift >= 1 for which (sum + half) >> shift of every row fits 16 bits, whatever the activations are. */
function shiftFor(values: Int8Array, columns: number): number {
  let largest = 0;
  for (let start = 0; start < values.length; start += columns) {
    let magnitude = 0;
    for (let i = start; i < start + columns; i++) magnitude += Math.abs(values[i]);
    largest = Math.max(largest, magnitude * ACTIVATION_LIMIT);
  }
  let shift = 1;
  while ((largest + 2 ** (shift - 1)) / 2 ** shift >= 32768) shift++;
  return shift;
}

/** Quantises the rows to `columns` columns each (zeros behind the given ones). */
export function quantizeMatrix(rows: readonly Row[], columns: number): QuantizedMatrix {
  const values = new Int8Array(rows.length * columns + READ_AHEAD);
  const scales = rows.map((row, i) => (row ? quantizeRow(row, values.subarray(i * columns)) : 0));
  const largest = scales.reduce((a, b) => Math.max(a, b), 0) || 1;
  const shift = shiftFor(values.subarray(0, rows.length * columns), columns);
  return {
    values,
    scales: Int16Array.from(scales, (scale) => Math.round((scale / largest) * 32767)),
    shift,
    unit: (largest / 32767) * 32768 * 2 ** shift,
  };
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
