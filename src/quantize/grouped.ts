/**
 * Float matrices to weights of a few bits in groups of columns that share a scale, whatever way they share bytes (weave.ts): scales, units
 * of rows, and sums that fit the vector unit's lanes.
 */
import { value } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import type { Feedback } from './feedback.ts';
import type { QuantizedMatrix, Row } from './matrix.ts';
import { bestScales, refine } from './refine.ts';
import { type Settle, unitsOf, type Weave, type Woven } from './weave.ts';

/** Rows of a block, and of a word: below a word's first row there is nothing. */
const BLOCK = 16;
const WORD = 4;
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

export interface Rounding {
  /** Columns of the largest group. */
  group: number;
  /** (columns): mean square of what a column is multiplied by, and so what a squared error of its weights costs; default: all alike. */
  weights?: Float64Array;
  /** Makes up for a weight's error by the weights that are not rounded yet. */
  feedback?: Feedback;
}

/** A rounding with every default filled in, for rows of so many columns. */
interface Way {
  weave: Weave;
  columns: number;
  starts: readonly number[];
  weights: Float64Array;
  feedback?: Feedback;
  /** First columns of the units in the order in which they are rounded, and as they lie. */
  order: Int32Array;
  natural: Int32Array;
  /** Whether the quantiser sees to it that sums fit. */
  isSure: boolean;
}

function wayOf(columns: number, weave: Weave, { group, weights, feedback }: Rounding): Way {
  const natural = Int32Array.from(unitsOf(columns, weave));
  return {
    weave,
    columns,
    starts: weave.starts(columns, group),
    weights: weights ?? new Float64Array(columns).fill(USUAL_SQUARE),
    feedback,
    order: feedback?.units ?? natural,
    natural,
    isSure: group <= LARGEST_SURE_GROUP,
  };
}

/** The rounding of a row: its bytes, its groups' scales, and what the weights are in units of these. */
interface RoundedRow {
  bytes: Uint8Array;
  scales: Int8Array;
  values: Int8Array;
}

/** The scale of a group, in units of `unit` / SCALES, with the smallest error; negative ones mirror what can be held. */
function groupScale(
  row: Float64Array,
  range: readonly [number, number],
  unit: number,
  below: Uint8Array,
  { weave, weights }: Way,
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
      const error = weave.error(row, range, (scale * unit) / SCALES, below, weights);
      if (error < best.error) best = { scale, error };
    }
  }
  return best.scale;
}

/** Rounds a row, which is changed; `below`: bytes of the row before in its word. */
function roundRow(row: Float64Array, unit: number, below: Uint8Array, way: Way, coarser: number): RoundedRow {
  const { weave, columns, starts, feedback, order, natural } = way;
  const scales = new Int8Array(starts.length - 1);
  const scaleOf = new Float64Array(columns);
  for (let group = 0; group < scales.length; group++) {
    const range = [starts[group], starts[group + 1]] as const;
    scales[group] = groupScale(row, range, unit, below, way, coarser);
    scaleOf.fill((scales[group] * unit) / SCALES, range[0], range[1]);
  }
  const settle: Settle | undefined =
    feedback && ((column, value) => feedback.add(row, column, row[column] - value));
  const woven: Woven = { bytes: new Uint8Array(weave.byteOf(columns)), below };
  const wanted = feedback && row.slice();
  weave.round(row, order, scaleOf, woven, settle);
  const values = new Int8Array(columns);
  if (wanted) {
    const again = () => refine(wanted, woven, scaleOf, natural, weave, feedback.metric);
    again();
    weave.read(woven, values);
    const best = bestScales(wanted, values, starts, feedback.metric);
    best?.forEach((real, group) => {
      const scale = Math.round((real / unit) * SCALES);
      if (scale !== 0 && Math.abs(scale) < SCALES) scales[group] = scale;
      scaleOf.fill((scales[group] * unit) / SCALES, starts[group], starts[group + 1]);
    });
    if (best) again();
  }
  weave.read(woven, values);
  return { bytes: woven.bytes, scales, values };
}

/** Largest sum of a group's magnitudes, or of their squares. */
function largestSum(values: Int8Array, starts: readonly number[], power: 1 | 2): number {
  let largest = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    const end = starts[group + 1];
    let sum = 0;
    for (let column = starts[group]; column < end; column++) {
      const weight = values[column];
      sum += power === 1 ? Math.abs(weight) : weight * weight;
    }
    largest = Math.max(largest, sum);
  }
  return largest;
}

/**
 * Root of the mean square of a row's sum of products, or of the largest of its groups' unscaled ones, as if columns had nothing to do
 * with each other.
 */
function usualSum({ values, scales }: RoundedRow, { starts, weights }: Way): number {
  let ofRow = 0;
  let ofGroup = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    let squares = 0;
    for (let column = starts[group]; column < starts[group + 1]; column++)
      squares += values[column] * values[column] * weights[column];
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

/** The unit that a row asks for: the largest weight fits a byte, and the sum of a group's weights, where it must, a lane. */
function unitOf(row: Row, { starts, isSure }: Way): number {
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
function fittingRow(row: Float32Array, unit: number, below: Uint8Array, way: Way): RoundedRow {
  for (const coarser of COARSER) {
    const work = new Float64Array(way.columns);
    work.set(row);
    const isLast = coarser === COARSER[COARSER.length - 1];
    const how = isLast ? { ...way, feedback: undefined, order: way.natural } : way;
    const rounded = roundRow(work, unit, below, how, coarser);
    if (!way.isSure || largestSum(rounded.values, way.starts, 1) <= LARGEST_MAGNITUDE) return rounded;
  }
  throw new Error('sums of a row of few bits do not fit');
}

/** Takes a row that was rounded: its place, and the real value of a row's unit. */
type TakeRow = (index: number, rounded: RoundedRow, unit: number) => void;

/** Rounds row after row; padding rows are left out. Returns the largest unit and every row's scale in it, s16. */
function roundAll(rows: readonly Row[], way: Way, take: TakeRow): { largest: number; scales: Int16Array } {
  const units = rows.map((row) => unitOf(row, way));
  const most = units.reduce((a, b) => Math.max(a, b), 0);
  if (!Number.isFinite(most)) throw new FailureError('the model holds weights that are no finite numbers.');
  const largest = most || 1;
  const scales = Int16Array.from(units, (unit) => Math.ceil((unit / largest) * 32767));
  const nothing = new Uint8Array(way.weave.byteOf(way.columns));
  let below: Uint8Array = nothing;
  rows.forEach((row, index) => {
    if (index % WORD === 0) below = nothing;
    if (!row || scales[index] === 0) {
      below = nothing;
      return;
    }
    const unit = (scales[index] / 32767) * largest;
    const fitting = fittingRow(row, unit, below, way);
    take(index, fitting, unit);
    below = fitting.bytes;
  });
  return { largest, scales };
}

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
export function quantizeGrouped(
  rows: readonly Row[],
  columns: number,
  weave: Weave,
  rounding: Rounding,
): QuantizedMatrix {
  const way = wayOf(columns, weave, rounding);
  const { starts, isSure } = way;
  const blockBytes = BLOCK * (weave.byteOf(columns) + starts.length - 1);
  const values = new Int8Array((rows.length / BLOCK) * blockBytes + READ_AHEAD);
  let usual = 0;
  let squares = 0;
  const { largest, scales } = roundAll(rows, way, (index, rounded) => {
    usual = Math.max(usual, usualSum(rounded, way));
    if (!isSure) squares = Math.max(squares, largestSum(rounded.values, starts, 2));
    putRow(values, rounded, index, way, blockBytes);
  });
  const shift = shiftFor(usual);
  const bound = isSure ? LARGEST_WORD : boundFor(squares, shift);
  return { values, scales, shift, bound, unit: (largest / 32767) * 32768 * 2 ** shift };
}

/** The real values (columns) that rows stand for once they are quantised; rows of zeros and padding rows are left out. */
export function roundGrouped(
  rows: readonly Row[],
  columns: number,
  weave: Weave,
  rounding: Rounding,
  take: (index: number, values: Float32Array) => void,
): void {
  const way = wayOf(columns, weave, rounding);
  const { starts } = way;
  const real = new Float32Array(columns);
  roundAll(rows, way, (index, { scales, values }, unit) => {
    for (let group = 0; group < scales.length; group++) {
      const scale = (scales[group] * unit) / SCALES;
      for (let column = starts[group]; column < starts[group + 1]; column++)
        real[column] = values[column] * scale;
    }
    take(index, real);
  });
}

/** Where a row's bytes lie: (block, group, byte, 16), and behind a group's bytes its scales. */
function putRow(
  values: Int8Array,
  { bytes, scales }: RoundedRow,
  index: number,
  { weave, starts }: Way,
  blockBytes: number,
): void {
  let at = Math.floor(index / BLOCK) * blockBytes + (index % BLOCK);
  for (let group = 0; group < scales.length; group++) {
    for (let byte = weave.byteOf(starts[group]); byte < weave.byteOf(starts[group + 1]); byte++, at += BLOCK)
      values[at] = bytes[byte];
    values[at] = scales[group];
    at += BLOCK;
  }
}
