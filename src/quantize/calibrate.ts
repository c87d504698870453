/**
 * What the matrices of a model are multiplied by when it reads a text: sums of products of activations, which say what rounding a weight
 * costs and how others can make up for it (feedback.ts). The model reads in int8, as the chip would.
 */
import type { DevicePrograms } from '../device-programs.ts';
import type { Model } from '../model/index.ts';
import { createHostEngine } from './host.ts';
import { everywhere, packFixed } from './pack.ts';
import type { Calibration } from './types.ts';

export interface CalibrateOptions {
  programs: DevicePrograms;
  /** Tokens of stories; each begins at position 0 and is cut at the context. */
  stories: readonly (readonly number[])[];
}

const MATRIX = /^(classifier|layer\d+\.(qkv|out|gateUp|down))$/;

/** Reads the stories and sums up what the matrices meet. */
export function calibrate(model: Model, { programs, stories }: CalibrateOptions): Calibration {
  const sums = new Map<string, Float64Array>();
  const matrixAt = new Map<number, string>();
  let memory: Int8Array | undefined;
  // All columns are read, whatever the activation is.
  const whole = packFixed(model, { precision: 'int8', formats: everywhere('int8'), zeros: 0 });
  const engine = createHostEngine(whole, {
    programs,
    observer: (name, args, run) => {
      // The first half of a matrix's rows begins where it does: each vector is seen once.
      const matrix = name.startsWith('matvec') ? matrixAt.get(args[0]) : undefined;
      if (matrix !== undefined) addProducts(sums, matrix, memory!.subarray(args[1], args[1] + args[2]));
      return run();
    },
  });
  memory = new Int8Array(engine.memory.buffer);
  for (const [name, address] of engine.addresses) if (MATRIX.test(name)) matrixAt.set(address, name);
  for (const story of stories)
    story.slice(0, model.config.context).forEach((token, position) => void engine.forward(token, position));
  return sums;
}

/** Adds x x^T, its lower triangle. */
function addProducts(sums: Map<string, Float64Array>, name: string, x: Int8Array): void {
  const n = x.length;
  let sum = sums.get(name);
  if (!sum) sums.set(name, (sum = new Float64Array(n * n)));
  for (let i = 0; i < n; i++) {
    const factor = x[i];
    if (factor === 0) continue;
    const row = i * n;
    for (let j = 0; j <= i; j++) sum[row + j] += factor * x[j];
  }
}
