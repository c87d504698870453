import { UsageError } from '../errors.ts';
import type { Activation } from '../model/index.ts';
import type { Packing } from './batches.ts';
import { presets } from './presets/index.ts';
import type { Shape } from './shape.ts';

/** How the last part of a run rounds: as the chip's int8, as its int4 (embedding and classifier int8), or not at all. */
export type Finish = 'int8' | 'int4' | 'none';

/** All that decides what a run does; goes into its checkpoint. */
export interface Recipe extends Regularization {
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
  /** Largest norm of the gradient. */
  clip: number;
  /** Steps over which the rate rises. */
  warmupSteps: number;
  /** Share of the run over which the rate falls to zero. */
  decayShare: number;
  finish: Finish;
  /** Share of the run, at its end, that trains through the rounding. */
  finishShare: number;
  /** Share of the run, at its beginning, whose sequences are short: a quarter of the context, then a half. */
  shortShare: number;
  /** What is learned from other models, and how. */
  distillation?: Distillation;
  /** SHA-256 of the weights of the smaller model that the run began with, where it did. */
  grownFrom?: string;
}

/** What keeps a model from learning its text by heart, or the noise of its last steps. */
export interface Regularization {
  /** Decoupled decay of matrices and embedding; a step takes away rate times this. */
  weightDecay: number;
  /** Share of the embedding, and of what attention and feed-forward add to the residual stream, that is dropped. */
  dropout: number;
  /** Share of the text's labels that is spread over the vocabulary. */
  labelSmoothing: number;
  /** A step's weight in the running average of the weights is 1 minus this; 0: the weights as they are. */
  average: number;
  /** Whether the weights that did best on the validation text are the ones that count; since the finish began, where there is one. */
  keepBest: boolean;
  /** The run ends after so many measures without a better one; 0: it does not. */
  patience: number;
}

/** How a student learns from teachers; in its recipe. */
export interface Distillation {
  /** SHA-256 of each teacher's weights. */
  teachers: string[];
  /** By which the logits of both are divided before they are compared. */
  temperature: number;
  /** Weight of the teachers in the loss, against the text's. */
  mix: number;
  /** Shares of a token that are kept. */
  top: number;
}

type Sizes = Partial<
  Pick<Shape, 'dim' | 'layers' | 'heads' | 'kvHeads' | 'hiddenDim' | 'vocabulary' | 'context' | 'int4Group'>
> & { layerEmbeddings?: boolean };

export interface RecipeOptions extends Sizes, Partial<Regularization> {
  preset?: string;
  activation?: Activation;
  steps?: number;
  seconds?: number;
  threads?: number;
  seed?: number;
  batchTokens?: number;
  packing?: Packing;
  optimizer?: 'muon' | 'adamw';
  warmupSteps?: number;
  decayShare?: number;
  finish?: Finish;
  finishShare?: number;
  shortShare?: number;
  /** Where there are teachers: by which logits are divided, the teachers' weight in the loss, shares of a token that are kept. */
  temperature?: number;
  teacherWeight?: number;
  teacherTop?: number;
  /** Learning rate of the matrices, when the optimiser's own default is not wanted; those of embedding and norms change with it. */
  rate?: number;
}

/** What a recipe says where neither options nor, in a run from before there was the choice, its checkpoint do. */
const defaults = {
  weightDecay: 0.05,
  warmupSteps: 200,
  decayShare: 0.6,
  finishShare: 0.1,
  shortShare: 0,
  dropout: 0,
  labelSmoothing: 0,
  average: 0,
  keepBest: false,
  patience: 0,
} satisfies Partial<Recipe>;

/** Share of a run that trains through int4, where nothing else is said: more is lost by it than by int8, and takes longer to come back. */
const INT4_SHARE = 0.2;

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
  const { layerEmbeddings: usual, ...sizes } = preset.shape;
  const { layerEmbeddings = usual } = options;
  const choices = [...Object.keys(sizes), 'int4Group'] as Exclude<keyof RecipeOptions, 'layerEmbeddings'>[];
  const shape = { ...sizes, ...given(options, choices), ...(layerEmbeddings && { layerEmbeddings }) };
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
    ...ratesOf(optimizer, options.rate),
    clip: 1,
    finish: options.finish ?? 'int8',
    ...defaults,
    ...(options.finish === 'int4' ? { finishShare: INT4_SHARE } : {}),
    ...given(options, Object.keys(defaults) as (keyof typeof defaults)[]),
    keepBest: options.keepBest || Boolean(options.patience),
  };
}

/** The optimiser's rates, all in the proportion in which that of the matrices is another. */
function ratesOf(optimizer: keyof typeof rates, matrixRate: number = rates[optimizer].matrixRate) {
  const { matrixRate: usual, embeddingRate, normRate } = rates[optimizer];
  const factor = matrixRate / usual;
  return { matrixRate, embeddingRate: embeddingRate * factor, normRate: normRate * factor };
}

/** How a run with such teachers learns from them. */
export const distillationOf = (options: RecipeOptions, teachers: string[]): Distillation => ({
  teachers,
  temperature: options.temperature ?? 1,
  mix: options.teacherWeight ?? 0.5,
  top: options.teacherTop ?? 16,
});

/** Those of the named options that were given. */
function given<Name extends keyof RecipeOptions>(options: RecipeOptions, names: readonly Name[]) {
  const entries = names.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Pick<RecipeOptions, Name>>;
}

/** What a run that goes on must not be asked to do otherwise. */
const FIXED = [
  ...([
    'dim',
    'layers',
    'heads',
    'kvHeads',
    'hiddenDim',
    'vocabulary',
    'context',
    'activation',
    'int4Group',
    'layerEmbeddings',
  ] as const),
  ...(['seed', 'packing', 'optimizer', 'finish', 'rate'] as const),
  ...(['temperature', 'teacherWeight', 'teacherTop'] as const),
  ...(Object.keys(defaults) as (keyof typeof defaults)[]),
] satisfies (keyof RecipeOptions)[];

/** @throws UsageError for options that say something else than the recipe that a run began with */
export function checkUnchanged(recipe: Recipe, options: RecipeOptions): void {
  const { temperature, mix: teacherWeight, top: teacherTop } = recipe.distillation ?? {};
  const says = {
    ...recipe,
    ...recipe.shape,
    layerEmbeddings: recipe.shape.layerEmbeddings ?? false,
    rate: recipe.matrixRate,
    temperature,
    teacherWeight,
    teacherTop,
  };
  const wrong = FIXED.filter((name) => options[name] !== undefined && options[name] !== says[name]);
  if (wrong.length === 0) return;
  const list = wrong.map((name) => `${name} is ${says[name]}, not ${options[name]}`);
  throw new UsageError(`train: the run cannot go on otherwise than it began: ${list.join('; ')}.`);
}

/** A checkpoint's recipe, from before some of the choices as well. */
export const completed = (recipe: Recipe): Recipe => ({ ...defaults, ...recipe });

/** The longest sequence of a step. */
export function contextAt({ shape: { context }, shortShare }: Recipe, progress: number): number {
  if (progress >= shortShare) return context;
  return Math.max(1, context >> (progress < shortShare / 2 ? 2 : 1));
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
