/** Symmetrical int8 with the scale that makes the largest magnitude 127. Returns the scale. */
export function quantizeRow(row: Float32Array, out: Int8Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  const scale = largest / 127;
  if (scale > 0) for (let i = 0; i < row.length; i++) out[i] = Math.round(row[i] / scale);
  return scale;
}

/** Rows of such bytes as singles. */
export function fromRows(bytes: Uint8Array, scales: Float32Array): Float32Array {
  const columns = bytes.length / scales.length;
  return Float32Array.from(bytes, (byte, i) => ((byte << 24) >> 24) * scales[Math.floor(i / columns)]);
}

/** The other way, `rows` of a matrix. */
export function toRows(matrix: Float32Array, rows: number): { bytes: Int8Array; scales: Float32Array } {
  const columns = matrix.length / rows;
  const bytes = new Int8Array(matrix.length);
  const scales = Float32Array.from({ length: rows }, (_, row) => {
    const from = row * columns;
    return quantizeRow(matrix.subarray(from, from + columns), bytes.subarray(from));
  });
  return { bytes, scales };
}
