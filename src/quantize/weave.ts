/**
 * How weights of a few bits share bytes: the format's packer, its kernel and the kernel's twin agree on it. A row's bytes lie one behind
 * the other here; in a block each is one of 16 rows' (grouped.ts).
 */

/** A row's bytes on their way, and those of the row before it in its word: what lies below a weight in a register. */
export interface Woven {
  bytes: Uint8Array;
  below: Uint8Array;
}

/** Takes a column that was rounded and the value that it has now. */
export type Settle = (column: number, value: number) => void;

export interface Weave {
  /** Where groups begin, each of which has a scale, and behind the last one the end: at most `largest` columns, multiples of 16. */
  starts(columns: number, largest: number): number[];
  /** Byte of a row with which the unit begins whose first column this is; of the end: how many there are. */
  byteOf(column: number): number;
  /** Columns of the unit whose first column this is: those that share bytes, in the order in which they are rounded. */
  unit(column: number, columns: number): readonly number[];
  /** Error of a group's columns `first` to `end` with a scale, rounded to nearest; `weights`: of the columns' squared errors. */
  error(
    row: Float64Array,
    range: readonly [number, number],
    scale: number,
    below: Uint8Array,
    weights: Float64Array,
  ): number;
  /** Rounds units, by their first columns and with the scales of these; `settle` is told each column, and may change those to come. */
  round(row: Float64Array, units: Int32Array, scales: Float64Array, woven: Woven, settle?: Settle): void;
  /** What a row's weights are, in units of the scale: (columns). */
  read(woven: Woven, values: Int8Array): void;
}

/** First columns of the units of a row. */
export function unitsOf(columns: number, weave: Weave): number[] {
  const units: number[] = [];
  for (let column = 0; column < columns; column += weave.unit(column, columns).length) units.push(column);
  return units;
}
