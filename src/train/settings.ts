import { progressOf, type Recipe, rateFactor } from './recipe.ts';
import type { Settings } from './thread.ts';

/** Steps each side of zero of a row's weights, and whether matrices are int4 instead, of either finish. */
const roundings = {
  none: { levels: 0, int4: 0 },
  int8: { levels: 127, int4: 0 },
  int4: { levels: 127, int4: 1 },
} as const;

/** Whether a run has come to the part that trains through the rounding. */
export const isFinishing = ({ finish, finishShare }: Recipe, progress: number): boolean =>
  finish !== 'none' && progress >= 1 - finishShare;

/** The threads' settings for step `step` (1 is the first) after `elapsed` seconds of training. */
export function settingsOf(recipe: Recipe, step: number, elapsed: number): Settings {
  const progress = progressOf(recipe, step - 1, elapsed);
  const factor = rateFactor(recipe, step, progress);
  const finishing = isFinishing(recipe, progress);
  return {
    matrixRate: recipe.matrixRate * factor,
    embeddingRate: recipe.embeddingRate * factor,
    normRate: recipe.normRate * factor,
    decay: recipe.weightDecay,
    clip: recipe.clip,
    step,
    scale: 0,
    ...roundingSettings(finishing ? recipe.finish : 'none'),
    muon: recipe.optimizer === 'muon' ? 1 : 0,
    dropout: recipe.dropout,
    dropoutKey: keyOf(recipe.seed, step),
    mix: recipe.distillation?.mix ?? 0,
    temperature: recipe.distillation?.temperature ?? 1,
    smoothing: recipe.labelSmoothing,
  };
}

/** Another 32-bit number for every step of every seed. */
function keyOf(seed: number, step: number): number {
  const mixed = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(step, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
}

/** How weights, activations and cache are rounded; int4 is for the layers' matrices, the rest stays int8. */
export function roundingSettings(finish: Recipe['finish']) {
  const { levels, int4 } = roundings[finish];
  const activations = finish === 'none' ? 0 : 127;
  return {
    activationLevels: activations,
    cacheLevels: activations,
    weightLevels: levels,
    int4Matrices: int4,
  };
}
