/**
 * Rounding that makes up for its errors (GPTQ: Frantar et al. 2022): what rounding a weight changes in the products with the activations
 * of a text is undone, as far as it can be, by the weights of the row that are still to be rounded.
 */

import type { Metric } from './refine.ts';
import { unitsOf, type Weave } from './weave.ts';

export interface Feedback {
  /**
   * Units, by their first columns, in the order in which they are rounded: those first whose errors cost most, while there are many left to
   * make up for them (weave.ts).
   */
  units: Int32Array;
  /** The sums of products, damped: what errors cost. */
  metric: Metric;
  /** Takes a row, the column that was rounded and by how much it became smaller; changes the columns to come. */
  add(row: Float64Array, column: number, error: number): void;
}

/** Share of the mean of the diagonal that is added to it: activations of a text do not say everything. */
const DAMPING = 0.01;

/** Feedback for activations with these sums of products, of which the lower triangle (columns, columns) is read. */
export function feedbackFor(products: Float64Array, columns: number, weave: Weave): Feedback {
  const columnsOf = (unit: number): readonly number[] => weave.unit(unit, columns);
  const cost = (unit: number): number =>
    columnsOf(unit).reduce((sum, column) => sum + products[column * (columns + 1)], 0) /
    columnsOf(unit).length;
  const units = Int32Array.from(unitsOf(columns, weave).toSorted((a, b) => cost(b) - cost(a) || a - b));
  const order = Int32Array.from([...units].flatMap(columnsOf));
  const place = new Int32Array(columns);
  order.forEach((column, k) => void (place[column] = k));
  const metric = { matrix: damped(products, columns), columns };
  const upper = inverseRoot(metric.matrix, order);
  return {
    units,
    metric,
    add(row, column, error) {
      const k = place[column];
      const from = k * columns;
      const factor = error / upper[from + k];
      for (let j = k + 1; j < columns; j++) row[order[j]] -= factor * upper[from + j];
    },
  };
}

/** Sum of the diagonal of (columns, columns). */
export function traceOf(matrix: Float64Array, columns: number): number {
  let trace = 0;
  for (let i = 0; i < columns; i++) trace += matrix[i * columns + i];
  return trace;
}

/** The whole of a matrix of which the lower triangle is given, and something on the diagonal. */
function damped(products: Float64Array, columns: number): Float64Array {
  const matrix = new Float64Array(columns * columns);
  const damping = (DAMPING * traceOf(products, columns)) / columns || 1;
  for (let i = 0; i < columns; i++)
    for (let j = 0; j <= i; j++) {
      const sum = products[i * columns + j] + (i === j ? damping : 0);
      matrix[i * columns + j] = sum;
      matrix[j * columns + i] = sum;
    }
  return matrix;
}

/** The upper triangular R with R^T R = the inverse of a matrix, its rows and columns in this order. */
function inverseRoot(given: Float64Array, order: Int32Array): Float64Array {
  const columns = order.length;
  const matrix = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < columns; j++) matrix[i * columns + j] = given[order[i] * columns + order[j]];
  return upperRoot(inverse(lowerRoot(matrix, columns), columns), columns);
}

/** L with L L^T = the matrix. */
function lowerRoot(matrix: Float64Array, n: number): Float64Array {
  const root = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= root[i * n + k] * root[j * n + k];
      root[i * n + j] = i === j ? Math.sqrt(sum) : sum / root[j * n + j];
    }
  return root;
}

/** (L L^T)^-1. */
function inverse(root: Float64Array, n: number): Float64Array {
  // Rows of L^-1, then their products.
  const left = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    left[i * n + i] = 1 / root[i * n + i];
    for (let k = 0; k < i; k++) {
      const factor = root[i * n + k] * left[i * n + i];
      for (let j = 0; j <= k; j++) left[i * n + j] -= factor * left[k * n + j];
    }
  }
  const product = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let i = 0; i <= k; i++) {
      const factor = left[k * n + i];
      for (let j = 0; j <= k; j++) product[i * n + j] += factor * left[k * n + j];
    }
  return product;
}

/** R with R^T R = the matrix. */
function upperRoot(matrix: Float64Array, n: number): Float64Array {
  const lower = lowerRoot(matrix, n);
  const upper = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) upper[j * n + i] = lower[i * n + j];
  return upper;
}
