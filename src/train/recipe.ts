import { UsageError } from '../errors.ts';
import type { Activation } from '../model/index.ts';
import type { Packing } from './batches.ts';
import { presets, type Shape } from './shape.ts';

/** How the last part of a run rounds: as the chip's int8, as int4 groups of up to 32, or not at all. */
export type Finish = 'int8' | 'int4' | 'none';

/** All that decides what a run does; goes into its checkpoint. */
export interface Recipe {
  shape: Shape;
  /** The run ends after so many steps or seconds of training, whichever comes first; 0: no limit. */
  steps: number;
  seconds: number;
  threads: number;
  seed: number;
  /** Tokens of one step, all threads together. */
  batchTokens: number;
  packing: Packing;
  optimizer: 'muon' | 'adamw';
  matrixRate: number;
  embeddingRate: number;
  normRate: number;
  weightDecay: number;
  /** Largest norm of the gradient. */
  clip: number;
  /** Steps over which the rate rises. */
  warmupSteps: number;
  /** Share of the run over which the rate falls to zero. */
  decayShare: number;
  finish: Finish;
  /** Share of the run, at its end, that trains through the rounding. */
  finishShare: number;
}

export interface RecipeOptions {
  preset?: string;
  vocabulary?: number;
  context?: number;
  activation?: Activation;
  steps?: number;
  seconds?: number;
  threads?: number;
  seed?: number;
  batchTokens?: number;
  packing?: Packing;
  optimizer?: 'muon' | 'adamw';
  finish?: Finish;
  /** Learning rate of the matrices, when the optimiser's own default is not wanted. */
  rate?: number;
}

const rates = {
  muon: { matrixRate: 0.02, embeddingRate: 0.004, normRate: 0.004 },
  adamw: { matrixRate: 0.004, embeddingRate: 0.004, normRate: 0.004 },
} as const;

/** Options with every default filled in. @throws UsageError for an unknown preset or no end of the run */
export function recipeOf(options: RecipeOptions): Recipe {
  const name = options.preset ?? '260k';
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!preset) {
    throw new UsageError(`train: no preset is called ${name}; there are ${Object.keys(presets).join(', ')}.`);
  }
  const optimizer = options.optimizer ?? 'muon';
  const shape = {
    ...preset,
    vocabulary: options.vocabulary ?? preset.vocabulary,
    context: options.context ?? preset.context,
    activation: options.activation ?? preset.activation,
  };
  const threads = options.threads ?? 1;
  return {
    shape,
    steps: options.steps ?? 0,
    seconds: options.seconds ?? (options.steps ? 0 : 3600),
    threads,
    seed: options.seed ?? 1,
    batchTokens: Math.max(options.batchTokens ?? 4096, shape.context),
    packing: options.packing ?? 'documents',
    optimizer,
    ...rates[optimizer],
    ...(options.rate ? { matrixRate: options.rate } : {}),
    weightDecay: 0.05,
    clip: 1,
    warmupSteps: 200,
    decayShare: 0.6,
    finish: options.finish ?? 'int8',
    finishShare: 0.1,
  };
}

/** @throws UsageError for a finish whose models cannot be built */
export function checkFinish({ finish }: Recipe): void {
  if (finish === 'int4') {
    throw new UsageError(
      'train: --finish int4 would train for int4 weights, which no build can make yet; use --finish int8, which is what build makes.',
    );
  }
}

/** Share of a run that is done, 0 to 1. */
export function progressOf({ steps, seconds }: Recipe, step: number, elapsed: number): number {
  return Math.min(1, Math.max(steps ? step / steps : 0, seconds ? elapsed / seconds : 0));
}

/** Factor of the learning rates (warm-up, stable, linear decay: WSD, Hu et al., arXiv:2404.06395). */
export function rateFactor(recipe: Recipe, step: number, progress: number): number {
  const { warmupSteps, decayShare, steps } = recipe;
  const warmup = steps ? Math.min(warmupSteps, Math.ceil(steps / 10)) : warmupSteps;
  return Math.min(1, step / warmup, (1 - progress) / decayShare);
}

export const presetNames: readonly string[] = Object.keys(presets);
