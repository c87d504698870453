/**
 * What the matrices of a model are multiplied by when it reads a text: sums of products of activations, which say what rounding a weight
 * costs and how others can make up for it (feedback.ts). The model reads in int8, as the chip would.
 */
import type { DevicePrograms } from '../device-programs.ts';
import type { Model } from '../model/index.ts';
import { createHostEngine } from './host.ts';
import { everywhere, isMatrix, packFixed } from './pack.ts';
import { tiedSeen } from './tied.ts';
import type { Calibration, Seen } from './types.ts';

export interface CalibrateOptions {
  programs: DevicePrograms;
  /** Tokens of stories; each begins at position 0 and is cut at the context. */
  stories: readonly (readonly number[])[];
}

/** Reads the stories and sums up what the matrices meet. */
export function calibrate(model: Model, { programs, stories }: CalibrateOptions): Calibration {
  const sums = new Map<string, Sums>();
  const matrixAt = new Map<number, string>();
  let memory: Int8Array | undefined;
  // All columns are read, whatever the activation is.
  const whole = packFixed(model, { precision: 'int8', formats: everywhere('int8'), zeros: 0 });
  const engine = createHostEngine(whole, {
    programs,
    observer: (name, args, run) => {
      // The first half of a matrix's rows begins where it does: each vector is seen once.
      const matrix = name.startsWith('matvec') ? matrixAt.get(args[0]) : undefined;
      if (matrix !== undefined) take(sums, matrix, memory!.subarray(args[1], args[1] + args[2]));
      return run();
    },
  });
  memory = new Int8Array(engine.memory.buffer);
  for (const [name, address] of engine.addresses) if (isMatrix(name)) matrixAt.set(address, name);
  for (const story of stories)
    story.slice(0, model.config.context).forEach((token, position) => void engine.forward(token, position));
  for (const sum of sums.values()) addWaiting(sum);
  const isTied = model.config.sharedClassifier && !model.config.layerEmbeddings;
  if (!isTied) return sums;
  return new Map<string, Seen>([...sums, ['classifier', tiedSeen(model, sums.get('classifier')!)]]);
}

/** Vectors that are summed up together: a sum is then loaded and stored once for all of them. */
const TOGETHER = 8;

interface Sums {
  products: Float64Array;
  count: number;
  /** (columns, TOGETHER) */
  waiting: Float64Array;
}

/** Takes a vector in; every so often those that wait are added. */
function take(sums: Map<string, Sums>, name: string, x: Int8Array): void {
  const n = x.length;
  let sum = sums.get(name);
  if (!sum) {
    sum = { products: new Float64Array(n * n), count: 0, waiting: new Float64Array(n * TOGETHER) };
    sums.set(name, sum);
  }
  const place = sum.count++ % TOGETHER;
  for (let i = 0; i < n; i++) sum.waiting[i * TOGETHER + place] = x[i];
  if (place === TOGETHER - 1) addWaiting(sum);
}

/** Adds the sum of x x^T, its lower triangle. */
function addWaiting({ products, waiting }: Sums): void {
  const n = waiting.length / TOGETHER;
  for (let i = 0; i < n; i++) {
    const at = i * TOGETHER;
    const [a, b, c, d, e, f, g, h] = waiting.subarray(at, at + TOGETHER);
    for (let j = 0, k = 0; j <= i; j++, k += TOGETHER)
      products[i * n + j] +=
        a * waiting[k] +
        b * waiting[k + 1] +
        c * waiting[k + 2] +
        d * waiting[k + 3] +
        e * waiting[k + 4] +
        f * waiting[k + 5] +
        g * waiting[k + 6] +
        h * waiting[k + 7];
  }
  waiting.fill(0);
}
