/**
 * A row that has been rounded, made better: unit after unit is rounded once more to where, with all others as they are, it costs least in the
 * products with the activations of a text (coordinate descent, as in QuantEase: Behdin et al. 2023). What feedback.ts rounded last had nothing
 * left to make up for its errors.
 */
import type { Weave, Woven } from './weave.ts';

/** What an error of a row costs: e M e^T. */
export interface Metric {
  /** M, (columns, columns), symmetrical. */
  readonly matrix: Float64Array;
  readonly columns: number;
}

/** Times that all units are gone through. */
const ROUNDS = 2;
/** Columns of a unit at most. */
const MOST = 3;

/** What is solved anew for every unit, kept so that nothing is allocated. */
interface Unit {
  columns: readonly number[];
  /** How many of them are settled. */
  settled: number;
  /** Errors, those that were before and the new ones. */
  before: Float64Array;
  after: Float64Array;
  /** What the errors of all other columns do: M e without those of the unit. */
  others: Float64Array;
}

/** The error that the first column that is not settled should have, if those behind it could then have any. */
function bestError({ columns, settled, after, others }: Unit, { matrix, columns: n }: Metric): number {
  const count = columns.length - settled;
  const a = scratch.a;
  const b = scratch.b;
  for (let i = 0; i < count; i++) {
    const row = columns[settled + i] * n;
    b[i] = others[settled + i];
    for (let j = 0; j < settled; j++) b[i] += matrix[row + columns[j]] * after[j];
    for (let j = 0; j < count; j++) a[i * MOST + j] = matrix[row + columns[settled + j]];
  }
  for (let k = count - 1; k > 0; k--) {
    for (let i = 0; i < k; i++) {
      const factor = a[i * MOST + k] / a[k * MOST + k];
      b[i] -= factor * b[k];
      for (let j = 0; j < k; j++) a[i * MOST + j] -= factor * a[k * MOST + j];
    }
  }
  return -b[0] / a[0];
}
const scratch = { a: new Float64Array(MOST * MOST), b: new Float64Array(MOST) };

/** By how much the cost changes with the new errors of a unit. */
function change({ columns, before, after, others }: Unit, { matrix, columns: n }: Metric): number {
  let sum = 0;
  for (let i = 0; i < columns.length; i++) {
    sum += 2 * others[i] * (after[i] - before[i]);
    for (let j = 0; j < columns.length; j++)
      sum += matrix[columns[i] * n + columns[j]] * (after[i] * after[j] - before[i] * before[j]);
  }
  return sum;
}

/**
 * @param wanted (columns): the row before it was rounded
 * @param woven its bytes, which are changed
 * @param scales (columns): what a weight of one is worth
 * @param units the first columns of the units
 */
export function refine(
  wanted: Float64Array,
  woven: Woven,
  scales: Float64Array,
  units: Int32Array,
  weave: Weave,
  metric: Metric,
): void {
  const { matrix, columns: n } = metric;
  const values = new Int8Array(n);
  weave.read(woven, values);
  const errors = Float64Array.from(wanted, (weight, column) => weight - scales[column] * values[column]);
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += matrix[i * n + j] * errors[j];
    product[i] = sum;
  }
  const target = new Float64Array(n);
  const single = new Int32Array(1);
  const unit: Unit = {
    columns: [],
    settled: 0,
    before: new Float64Array(MOST),
    after: new Float64Array(MOST),
    others: new Float64Array(MOST),
  };
  const aim = (): void => {
    const column = unit.columns[unit.settled];
    target[column] = wanted[column] - bestError(unit, metric);
  };
  const settle = (column: number, value: number): void => {
    unit.after[unit.settled++] = wanted[column] - value;
    if (unit.settled < unit.columns.length) aim();
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const first of units) {
      const columns = weave.unit(first, n);
      unit.columns = columns;
      unit.settled = 0;
      for (let i = 0; i < columns.length; i++) {
        unit.before[i] = errors[columns[i]];
        unit.others[i] = product[columns[i]];
        for (const column of columns) unit.others[i] -= matrix[columns[i] * n + column] * errors[column];
      }
      aim();
      const [from, end] = [weave.byteOf(first), weave.byteOf(first + columns.length)];
      const kept = woven.bytes.slice(from, end);
      single[0] = first;
      weave.round(target, single, scales, woven, settle);
      if (change(unit, metric) >= 0) {
        woven.bytes.set(kept, from);
        continue;
      }
      for (let i = 0; i < columns.length; i++) {
        const difference = unit.after[i] - unit.before[i];
        if (difference === 0) continue;
        errors[columns[i]] = unit.after[i];
        for (let j = 0; j < n; j++) product[j] += matrix[columns[i] * n + j] * difference;
      }
    }
  }
}

/**
 * Scales of a row's groups with which its values cost least: minimises (w - Q s)^T M (w - Q s), where a column of Q has a group's values and
 * zeros elsewhere. @returns undefined where a group has no values
 */
export function bestScales(
  wanted: Float64Array,
  values: Int8Array,
  starts: readonly number[],
  { matrix, columns: n }: Metric,
): Float64Array | undefined {
  const groups = starts.length - 1;
  const groupOf = new Int32Array(n);
  for (let group = 0; group < groups; group++) groupOf.fill(group, starts[group], starts[group + 1]);
  const a = new Float64Array(groups * groups);
  const b = new Float64Array(groups);
  const ofRow = new Float64Array(groups);
  for (let i = 0; i < n; i++) {
    if (values[i] === 0) continue;
    ofRow.fill(0);
    let met = 0;
    for (let j = 0; j < n; j++) {
      const weight = matrix[i * n + j];
      ofRow[groupOf[j]] += weight * values[j];
      met += weight * wanted[j];
    }
    const group = groupOf[i];
    b[group] += values[i] * met;
    for (let other = 0; other < groups; other++) a[group * groups + other] += values[i] * ofRow[other];
  }
  for (let k = 0; k < groups; k++) {
    if (!(a[k * groups + k] > 0)) return undefined;
    for (let i = k + 1; i < groups; i++) {
      const factor = a[i * groups + k] / a[k * groups + k];
      for (let j = k; j < groups; j++) a[i * groups + j] -= factor * a[k * groups + j];
      b[i] -= factor * b[k];
    }
  }
  for (let k = groups - 1; k >= 0; k--) {
    for (let j = k + 1; j < groups; j++) b[k] -= a[k * groups + j] * b[j];
    b[k] /= a[k * groups + k];
  }
  return b;
}
