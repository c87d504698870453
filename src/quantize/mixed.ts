/**
 * Which matrices keep eight bits where four are not enough for all: each is measured alone, by how far the distributions of the next token
 * move from the int8 model's when the model reads a text with this one in int4.
 */
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError } from '../errors.ts';
import type { Model } from '../model/index.ts';
import { createHostEngine } from './host.ts';
import { everywhere, type Formats, matrixNames, packFixed } from './pack.ts';
import type { Calibration, QuantizedModel } from './types.ts';

/** Bits a weight, scales included, where nothing else is said. */
const BITS = 5.5;
/** Positions of the text that are read for each matrix. */
const POSITIONS = 160;

export interface RankOptions {
  programs: DevicePrograms;
  /** Tokens of stories; each begins at position 0 and is cut at the context. */
  stories: readonly (readonly number[])[];
  /** What the matrices meet in a text: int4 weights are rounded by it. */
  calibration?: Calibration;
}

export interface MixedOptions extends RankOptions {
  /** Bits a weight at most. */
  bits?: number;
}

/** A model's matrices by what eight bits of them are worth. */
interface Ranking {
  all4: QuantizedModel;
  /** The matrix first whose loss is largest for the bytes that it takes to avoid it. */
  matrices: readonly { name: string; cost: number }[];
  /** The model with these in int8 and the others in int4. */
  pack(kept: ReadonlySet<string>, label: string): QuantizedModel;
}

function rank(model: Model, options: RankOptions): Ranking {
  const { calibration } = options;
  const { config } = model;
  const pack = (formats: Formats, more: { label?: string; zeros?: number } = { zeros: 0 }): QuantizedModel =>
    packFixed(model, { precision: 'int4', label: 'mixed', formats, calibration, ...more });
  const [all8, all4] = [pack(everywhere('int8')), pack(everywhere('int4'))];
  const before = distributions(all8, config.context, options);
  const matrices = matrixNames(config).map((name) => {
    const after = pack((other) => (other === name ? 'int4' : 'int8'));
    const cost = bytesIn(all8, name) - bytesIn(all4, name);
    return { name, cost, loss: meanDivergence(before, distributions(after, config.context, options)) };
  });
  return {
    all4,
    matrices: matrices.toSorted((a, b) => b.loss / b.cost - a.loss / a.cost),
    pack: (kept, label) =>
      pack((name) => (kept.has(name) ? 'int8' : 'int4'), {
        label: `${label} (int8: ${kept.size} of ${matrices.length} matrices)`,
      }),
  };
}

const bytesIn = ({ blobs }: QuantizedModel, matrix: string): number =>
  blobs.find(({ name }) => name === matrix)!.bytes.length;

/**
 * Packs a model whose matrices have the formats with which it loses least for so many bits a weight: from int4 on, the matrix whose loss
 * is largest for the bytes that it takes to avoid it gets eight bits, as long as there is room.
 * @throws FailureError where not even int4 everywhere has so few
 */
export function quantizeMixed(model: Model, options: MixedOptions): QuantizedModel {
  const { bits = BITS } = options;
  const { all4, matrices, pack } = rank(model, options);
  let room = (bits / 8) * weightsOf(model) - matrices.reduce((sum, { name }) => sum + bytesIn(all4, name), 0);
  if (room < 0)
    throw new FailureError(`mixed precision: int4 has more than ${bits} bits a weight in this model.`);
  const kept = new Set<string>();
  for (const { name, cost } of matrices) {
    if (cost > room) continue;
    room -= cost;
    kept.add(name);
  }
  return pack(kept, 'mixed');
}

/** Tells which models are as good as `least`, all int4, in what matters to the caller; `some` has both formats. */
export type Judge = (least: QuantizedModel, some: QuantizedModel) => (candidate: QuantizedModel) => boolean;

/** Packs a model in int8 if that does, else with as many matrices in int8 as do, those that lose most by int4 first. */
export function quantizeAuto(model: Model, options: RankOptions, judge: Judge): QuantizedModel {
  const { all4, matrices, pack } = rank(model, options);
  const first = (count: number): QuantizedModel =>
    pack(new Set(matrices.slice(0, count).map(({ name }) => name)), 'auto');
  const does = judge(all4, first(matrices.length >> 1));
  const whole = packFixed(model, { precision: 'int8', formats: everywhere('int8') });
  if (does(whole)) return whole;
  let best: QuantizedModel | undefined;
  let [low, high] = [0, matrices.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const candidate = first(middle);
    if (does(candidate)) [low, best] = [middle, candidate];
    else high = middle - 1;
  }
  return best ?? first(0);
}

/** Numbers in the matrices, padding left out. */
function weightsOf({ weights }: Model): number {
  const layers = weights.layers.reduce(
    (sum, { wq, wk, wv, wo, w1, w2, w3 }) =>
      sum + [wq, wk, wv, wo, w1, w2, w3].reduce((of, { length }) => of + length, 0),
    0,
  );
  return layers + weights.classifier.length;
}

/** Logarithms of the probabilities of every next token: (positions, vocabulary). */
function distributions(
  model: QuantizedModel,
  context: number,
  { programs, stories }: RankOptions,
): Float32Array[] {
  const engine = createHostEngine(model, { programs });
  const found: Float32Array[] = [];
  for (const story of stories)
    for (const [position, token] of story.slice(0, context).entries()) {
      if (found.length === POSITIONS) return found;
      const logits = engine.forward(token, position);
      let largest = Number.NEGATIVE_INFINITY;
      for (const logit of logits) largest = Math.max(largest, logit);
      let sum = 0;
      for (const logit of logits) sum += Math.exp(logit - largest);
      const total = Math.log(sum) + largest;
      found.push(logits.map((logit) => logit - total));
    }
  return found;
}

/** Kullback and Leibler's, of the second from the first, in nats. */
function meanDivergence(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  let sum = 0;
  before.forEach((row, position) => {
    row.forEach((log, token) => {
      sum += Math.exp(log) * (log - after[position][token]);
    });
  });
  return sum / before.length;
}
