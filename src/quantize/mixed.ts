/**
 * Which matrices get more bits where four are not enough for all: each is measured alone, by how far the distributions of the next token
 * move when the model reads a text with this one as it is in int4, and in int5. All else is float: in int8 the other activations are rounded
 * otherwise then, which moves them further than one matrix does.
 */
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError } from '../errors.ts';
import type { Model } from '../model/index.ts';
import { arrange } from './arrange.ts';
import { createHostEngine } from './host.ts';
import type { QuantizedMatrix } from './matrix.ts';
import { everywhere, type FewBits, type FixedFormat, type Formats, matrixNames, packFixed } from './pack.ts';
import { packFloat } from './pack-f32.ts';
import { withRounded } from './rounded.ts';
import type { Calibration, QuantizedModel } from './types.ts';

/** Bits a weight, scales included, where nothing else is said. */
const BITS = 5.5;
/** Positions that are read for each matrix: the first of so many stories, since one is about few things. */
const STORIES = 4;
const POSITIONS = 40;

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

/** A matrix that gets more bits. */
interface Step {
  name: string;
  to: 'int5' | 'int8';
  /** Bytes that it takes. */
  cost: number;
  /** What it wins, by the bytes that it takes. */
  worth: number;
}

/** What a model's matrices win by more bits than four. */
interface Ranking {
  /** Bytes of the matrices in int4. */
  bytes: number;
  /** From int4 everywhere to int8 everywhere, what wins most for its bytes first. */
  steps: readonly Step[];
  /** The model after these steps. */
  pack(steps: readonly Step[], label: string): QuantizedModel;
}

function rank(given: Model, options: RankOptions): Ranking {
  const { calibration, model } = options.calibration
    ? arrange(given, options.calibration)
    : { ...options, model: given };
  const { config } = model;
  const made = new Map<string, QuantizedMatrix>();
  const pack = (formats: Formats, label = 'mixed'): QuantizedModel =>
    packFixed(model, { precision: 'int4', label, formats, calibration, made });
  const [allFour, allFive, allEight] = (['int4', 'int5', 'int8'] as const).map((format) =>
    pack(everywhere(format)),
  );
  const before = distributions(model, options);
  const names = matrixNames(config);
  let bytes = 0;
  const steps = names.flatMap((name): Step[] => {
    const loss = (format: FewBits): number =>
      meanDivergence(before, distributions(withRounded(model, name, format, calibration), options));
    const [four, five, eight] = [allFour, allFive, allEight].map((packed) => bytesIn(packed, name));
    bytes += four;
    // Of the two steps int5 stays the first.
    const won = Math.max(0, loss('int4') - loss('int5'));
    return [
      { name, to: 'int5', cost: five - four, worth: won / (five - four) },
      { name, to: 'int8', cost: eight - five, worth: (LEFT * won) / (eight - five) },
    ];
  });
  return {
    bytes,
    steps: steps.toSorted((a, b) => b.worth - a.worth),
    pack(taken, label) {
      const formats = new Map(taken.map(({ name, to }) => [name, to]));
      const count = (format: FixedFormat): number =>
        [...formats.values()].filter((to) => to === format).length;
      return pack(
        (name) => formats.get(name) ?? 'int4',
        `${label} (int8: ${count('int8')}, int5: ${count('int5')} of ${names.length} matrices)`,
      );
    },
  };
}

/** What int8 wins over int5, as a share of what int5 wins over int4: squared errors are 1/4 of int4's in two of three columns, and 1/16 in one. */
const LEFT = 0.1875 / (1 - 0.1875);

/** Bytes of a matrix and of its rows' scales. */
const bytesIn = ({ blobs }: QuantizedModel, matrix: string): number =>
  blobs
    .filter(({ name }) => name === matrix || name === `${matrix}Scales`)
    .reduce((sum, { bytes }) => sum + bytes.length, 0);

/**
 * Packs a model whose matrices have the formats with which it loses least for so many bits a weight: from int4 on, the matrix that wins most
 * for the bytes that it takes gets more bits, as long as there is room.
 * @throws FailureError where not even int4 everywhere has so few
 */
export function quantizeMixed(model: Model, options: MixedOptions): QuantizedModel {
  const { bits = BITS } = options;
  const { bytes, steps, pack } = rank(model, options);
  let room = (bits / 8) * weightsOf(model) - bytes;
  if (room < 0)
    throw new FailureError(`mixed precision: int4 has more than ${bits} bits a weight in this model.`);
  const taken: Step[] = [];
  const full = new Set<string>();
  for (const step of steps) {
    if (step.cost > room) full.add(step.name);
    if (full.has(step.name)) continue;
    room -= step.cost;
    taken.push(step);
  }
  return pack(taken, 'mixed');
}

/** Tells which models are as good as `least`, all int4, in what matters to the caller; `some` has both formats. */
export type Judge = (least: QuantizedModel, some: QuantizedModel) => (candidate: QuantizedModel) => boolean;

/** Packs a model in int8 if that does, else with as many of the steps from int4 to int8 as do, those that win most for their bytes first. */
export function quantizeAuto(model: Model, options: RankOptions, judge: Judge): QuantizedModel {
  const { steps, pack } = rank(model, options);
  const first = (count: number): QuantizedModel => pack(steps.slice(0, count), 'auto');
  const does = judge(first(0), first(steps.length >> 1));
  const whole = packFixed(model, { precision: 'int8', formats: everywhere('int8') });
  if (does(whole)) return whole;
  let best: QuantizedModel | undefined;
  let [low, high] = [0, steps.length - 1];
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
function distributions(model: Model, { programs, stories }: RankOptions): Float32Array[] {
  const context = Math.min(POSITIONS, model.config.context);
  const engine = createHostEngine(packFloat(model), { programs, context });
  const found: Float32Array[] = [];
  for (const story of stories.slice(0, STORIES))
    for (const [position, token] of story.slice(0, context).entries()) {
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
