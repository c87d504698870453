/**
 * Float matrices to int4, two weights a byte, as device/kernels/matvec4.ts reads them. A weight's four bits have others below them that
 * belong to a neighbour: each is rounded knowing what they are, so nothing is lost by them.
 */

import { value } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import { INT4_GROUP, type Int4Group } from '../model/index.ts';
import type { Feedback } from './feedback.ts';
import type { QuantizedMatrix, Row } from './matrix.ts';

/** Rows of a block, and of a word: below a word's first row there is nothing. */
const BLOCK = 16;
const WORD = 4;
const CHUNK = 16;
/** Columns of the largest group whose sums always fit a lane: the quantiser sees to it. For larger ones the activations are bounded. */
const LARGEST_SURE_GROUP = 64;
const { ACTIVATION_LIMIT, LANE_LIMIT, LARGEST_SHIFT, READ_AHEAD } = value;
const LARGEST_WORD = 0x7fffffff;
/** Sum of a group's magnitudes with which no sum of products leaves a lane. */
const LARGEST_MAGNITUDE = Math.floor((LANE_LIMIT - 2 ** (LARGEST_SHIFT - 1)) / ACTIVATION_LIMIT);
/** How many times larger than usual a sum may be before it saturates. */
const DEVIATIONS = 6;
/** Mean square of int8 activations where none were seen: 127 is three deviations. */
const USUAL_SQUARE = (127 / 3) ** 2;
/** Units of a group's scale in the row's. */
const SCALES = 128;
/** How much larger than its largest weight asks for a row's unit is: room for what feedback adds. */
const ROOM = 1.15;
/** How much larger than the sum of a group's magnitudes asks for: what rounding adds, at most 8 a weight. */
const ROOM_FOR_SUMS = 1.15;
/** By how much scales grow until a row's sums fit; the last one makes them as large as can be, which always does without feedback. */
const COARSER = [1, 1.2, 1.5, 1e9];
/** Scales that are tried for a group, as shares of the one with which its largest weight is just held. */
const SHARES = Array.from({ length: 14 }, (_, i) => 0.6 + 0.04 * i);

/** Where groups of at most `group` columns begin, and behind the last one the end: as even as whole chunks can be. */
export function groupStarts(columns: number, group: Int4Group = INT4_GROUP): number[] {
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

/** The rounding of a row: its bytes (columns / 2) and its groups' scales. */
interface RoundedRow {
  bytes: Uint8Array<ArrayBuffer>;
  scales: Int8Array;
}

/** x / 16 rounded, half up, to four bits: written so that an engine has few instructions to make of it. */
const nibble = (x: number): number => {
  const rounded = Math.floor(x / 16 + 0.5);
  return rounded < -8 ? -8 : rounded > 7 ? 7 : rounded | 0;
};

/** Error of a group with a scale, rounded to nearest. `weights`: of the columns' errors. */
function groupError(
  row: Float64Array,
  [first, end]: readonly [number, number],
  scale: number,
  below: Uint8Array,
  weights: Float64Array,
): number {
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
}

/** The scale of a group, in units of `unit` / SCALES, with the smallest error; negative ones mirror what can be held. */
function groupScale(
  row: Float64Array,
  range: readonly [number, number],
  unit: number,
  below: Uint8Array,
  weights: Float64Array,
  coarser: number,
): number {
  let largest = 0;
  for (let column = range[0]; column < range[1]; column++) largest = Math.max(largest, Math.abs(row[column]));
  const held = (largest / (8 * 16) / unit) * SCALES;
  let best = { scale: 1, error: Number.POSITIVE_INFINITY };
  let before = 0;
  for (const share of SHARES) {
    const magnitude = Math.min(SCALES - 1, Math.max(1, Math.round(share * coarser * held)));
    if (magnitude === before) continue;
    before = magnitude;
    for (const scale of [magnitude, -magnitude]) {
      const error = groupError(row, range, (scale * unit) / SCALES, below, weights);
      if (error < best.error) best = { scale, error };
    }
  }
  return best.scale;
}

/** Rounds a row, which is changed; `below`: bytes of the row before in its word. */
function roundRow(
  row: Float64Array,
  starts: readonly number[],
  unit: number,
  below: Uint8Array,
  { weights, feedback }: Way,
  coarser: number,
): RoundedRow {
  const bytes = new Uint8Array(row.length / 2);
  const scales = new Int8Array(starts.length - 1);
  const scaleOf = new Float64Array(bytes.length);
  for (let group = 0; group < scales.length; group++) {
    const range = [starts[group], starts[group + 1]] as const;
    scales[group] = groupScale(row, range, unit, below, weights, coarser);
    scaleOf.fill((scales[group] * unit) / SCALES, range[0] / 2, range[1] / 2);
  }
  for (let k = 0; k < bytes.length; k++) {
    const pair = feedback ? feedback.pairs[k] : k;
    const column = 2 * pair;
    const scale = scaleOf[pair];
    const under = below[pair] >> 4;
    const second = nibble(row[column + 1] / scale - under);
    feedback?.add(row, column + 1, row[column + 1] - scale * (16 * second + under));
    const low = second & 15;
    const high = nibble(row[column] / scale - low);
    feedback?.add(row, column, row[column] - scale * (16 * high + low));
    bytes[pair] = (high << 4) | low;
  }
  return { bytes, scales };
}

/** What a byte and the one below it in its word stand for: the first column's weight and the second's, in units of the scale. */
const weightsOf = (byte: number, below: number): readonly [number, number] => [
  (byte << 24) >> 24,
  ((byte << 28) >> 24) | (below >> 4),
];

/** Largest sum of a group's magnitudes. */
function largestMagnitude({ bytes }: RoundedRow, below: Uint8Array, starts: readonly number[]): number {
  let largest = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    let sum = 0;
    for (let pair = starts[group] / 2; pair < starts[group + 1] / 2; pair++)
      for (const weight of weightsOf(bytes[pair], below[pair])) sum += Math.abs(weight);
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** Largest sum of a group's squares. */
function largestSquares({ bytes }: RoundedRow, below: Uint8Array, starts: readonly number[]): number {
  let largest = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    let sum = 0;
    for (let pair = starts[group] / 2; pair < starts[group + 1] / 2; pair++)
      for (const weight of weightsOf(bytes[pair], below[pair])) sum += weight * weight;
    largest = Math.max(largest, sum);
  }
  return largest;
}

/**
 * Root of the mean square of a row's sum of products, or of the largest of its groups' unscaled ones, as if columns had nothing to do
 * with each other.
 */
function usualSum(
  { bytes, scales }: RoundedRow,
  below: Uint8Array,
  starts: readonly number[],
  weights: Float64Array,
): number {
  let ofRow = 0;
  let ofGroup = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    let squares = 0;
    for (let pair = starts[group] / 2; pair < starts[group + 1] / 2; pair++) {
      const [first, second] = weightsOf(bytes[pair], below[pair]);
      squares += first * first * weights[2 * pair] + second * second * weights[2 * pair + 1];
    }
    ofRow += squares * (scales[group] / SCALES) ** 2;
    ofGroup = Math.max(ofGroup, squares);
  }
  return Math.sqrt(Math.max(ofRow, ofGroup));
}

/** Smallest shift with which sums that are so many times larger than usual still fit 16 bits; what is larger saturates. */
function shiftFor(usual: number): number {
  let shift = 1;
  while (shift < LARGEST_SHIFT && (DEVIATIONS * usual) / 2 ** shift >= 32768) shift++;
  return shift;
}

export interface Rounding {
  /** Columns of the largest group; default: 64. */
  group?: Int4Group;
  /** (columns): mean square of what a column is multiplied by, and so what a squared error of its weights costs; default: all alike. */
  weights?: Float64Array;
  /** Makes up for a weight's error by the weights that are not rounded yet. */
  feedback?: Feedback;
}

/** A rounding with every default filled in. */
type Way = Rounding & Required<Pick<Rounding, 'group' | 'weights'>>;

const wayOf = (columns: number, { group = INT4_GROUP, weights, feedback }: Rounding): Way => ({
  group,
  weights: weights ?? new Float64Array(columns).fill(USUAL_SQUARE),
  feedback,
});

/** The unit that a row asks for: the largest weight fits a byte, and the sum of a group's weights, where it must, a lane. */
function unitOf(row: Row, starts: readonly number[], isSure: boolean): number {
  if (!row) return 0;
  let largest = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    let most = 0;
    let sum = 0;
    for (const weight of row.subarray(starts[group], starts[group + 1])) {
      most = Math.max(most, Math.abs(weight));
      sum += Math.abs(weight);
    }
    largest = Math.max(largest, (ROOM * most) / 128, isSure ? (ROOM_FOR_SUMS * sum) / LARGEST_MAGNITUDE : 0);
  }
  return largest;
}

/** A row whose sums fit a lane, where the quantiser has to see to it. */
function fittingRow(
  row: Float32Array,
  columns: number,
  starts: readonly number[],
  unit: number,
  below: Uint8Array,
  way: Way,
): RoundedRow {
  for (const coarser of COARSER) {
    const work = new Float64Array(columns);
    work.set(row);
    const isLast = coarser === COARSER[COARSER.length - 1];
    const how = isLast ? { ...way, feedback: undefined } : way;
    const rounded = roundRow(work, starts, unit, below, how, coarser);
    if (!isSure(way) || largestMagnitude(rounded, below, starts) <= LARGEST_MAGNITUDE) return rounded;
  }
  throw new Error('int4: sums of a row do not fit');
}

/** Takes a row that was rounded: its place, what below it lies, and the real value of a row's unit. */
type TakeRow = (index: number, rounded: RoundedRow, below: Uint8Array, unit: number) => void;

/** Rounds row after row; padding rows are left out. Returns the largest unit and every row's scale in it, s16. */
function roundAll(
  rows: readonly Row[],
  columns: number,
  way: Way,
  take: TakeRow,
): { largest: number; scales: Int16Array } {
  const starts = groupStarts(columns, way.group);
  const units = rows.map((row) => unitOf(row, starts, isSure(way)));
  const most = units.reduce((a, b) => Math.max(a, b), 0);
  if (!Number.isFinite(most)) throw new FailureError('the model holds weights that are no finite numbers.');
  const largest = most || 1;
  const scales = Int16Array.from(units, (unit) => Math.ceil((unit / largest) * 32767));
  const nothing = new Uint8Array(columns / 2);
  let below = nothing;
  rows.forEach((row, index) => {
    if (index % WORD === 0) below = nothing;
    if (!row || scales[index] === 0) {
      below = nothing;
      return;
    }
    const unit = (scales[index] / 32767) * largest;
    const fitting = fittingRow(row, columns, starts, unit, below, way);
    take(index, fitting, below, unit);
    below = fitting.bytes;
  });
  return { largest, scales };
}

const isSure = ({ group }: Way): boolean => group <= LARGEST_SURE_GROUP;

/**
 * Sum of squares that int8 activations may have so that no group's sum, rounding included, leaves a lane: by Cauchy and Schwarz it is no
 * larger than the length of the group's weights times that of the activations. `squares`: of the longest group.
 */
const boundFor = (squares: number, shift: number): number =>
  Math.min(LARGEST_WORD, Math.floor((LANE_LIMIT - 2 ** (shift - 1)) ** 2 / Math.max(1, squares)));

/**
 * Quantises the rows (a multiple of 16) to `columns` columns each, a multiple of 16, zeros behind the given ones.
 * @throws FailureError for weights that are no finite numbers
 */
export function quantizeInt4(
  rows: readonly Row[],
  columns: number,
  rounding: Rounding = {},
): QuantizedMatrix {
  const way = wayOf(columns, rounding);
  const starts = groupStarts(columns, way.group);
  const blockBytes = 8 * columns + 16 * (starts.length - 1);
  const values = new Int8Array((rows.length / BLOCK) * blockBytes + READ_AHEAD);
  let usual = 0;
  let squares = 0;
  const { largest, scales } = roundAll(rows, columns, way, (index, rounded, below) => {
    usual = Math.max(usual, usualSum(rounded, below, starts, way.weights));
    if (!isSure(way)) squares = Math.max(squares, largestSquares(rounded, below, starts));
    putRow(values, rounded, index, starts, blockBytes);
  });
  const shift = shiftFor(usual);
  const bound = isSure(way) ? LARGEST_WORD : boundFor(squares, shift);
  return { values, scales, shift, bound, unit: (largest / 32767) * 32768 * 2 ** shift };
}

/** The real values (columns) that rows stand for once they are quantised; rows of zeros and padding rows are left out. */
export function roundRows(
  rows: readonly Row[],
  columns: number,
  rounding: Rounding,
  take: (index: number, values: Float32Array) => void,
): void {
  const way = wayOf(columns, rounding);
  const starts = groupStarts(columns, way.group);
  const values = new Float32Array(columns);
  roundAll(rows, columns, way, (index, { bytes, scales }, below, unit) => {
    for (let group = 0; group < scales.length; group++) {
      const scale = (scales[group] * unit) / SCALES;
      for (let pair = starts[group] / 2; pair < starts[group + 1] / 2; pair++) {
        const [first, second] = weightsOf(bytes[pair], below[pair]);
        values[2 * pair] = first * scale;
        values[2 * pair + 1] = second * scale;
      }
    }
    take(index, values);
  });
}

/** Where a row's bytes lie: (block, group, pair, 16), and behind a group's pairs its scales. */
function putRow(
  values: Int8Array,
  { bytes, scales }: RoundedRow,
  index: number,
  starts: readonly number[],
  blockBytes: number,
): void {
  const row = index % BLOCK;
  let at = Math.floor(index / BLOCK) * blockBytes + row;
  for (let group = 0; group < scales.length; group++) {
    for (let pair = starts[group] / 2; pair < starts[group + 1] / 2; pair++, at += BLOCK)
      values[at] = bytes[pair];
    values[at] = scales[group];
    at += BLOCK;
  }
}
