/** The validation text: measured now and then, never trained on. */
import type { CurvePoint } from './checkpoint.ts';
import { measure, measuring } from './measure.ts';
import { progressOf, type Recipe } from './recipe.ts';
import { currentWeights, type Run } from './run.ts';
import { isFinishing, settingsOf } from './settings.ts';

/** Measures over a whole run, evenly spread. */
const MEASURES = 20;
/** Documents that are measured, the first of the text. */
export const VALIDATION_DOCUMENTS = 200;

/** Whether a measure is due after a step that brought a run from one progress to another. */
export const isMeasureDue = (before: number, after: number): boolean =>
  Math.floor(MEASURES * after) > Math.floor(MEASURES * before);

/** Bits per byte of the validation text, of the weights that a run would leave now, rounded as the finish under way rounds. */
export function validationLoss(run: Run): number | undefined {
  const { engine, validation, state } = run;
  if (!validation) return undefined;
  const { recipe, step, seconds } = state;
  const weights = currentWeights(run);
  const trained = weights === engine.weights ? undefined : engine.weights.slice();
  if (trained) engine.weights.set(weights);
  const { bitsPerByte } = measure(engine, validation, recipe.batchTokens, measuring(roundingNow(run)));
  if (trained) engine.weights.set(trained);
  engine.refresh(settingsOf(recipe, step + 1, seconds));
  return bitsPerByte;
}

const roundingNow = ({ state: { recipe, step, seconds } }: Run): Recipe['finish'] =>
  isFinishing(recipe, progressOf(recipe, step, seconds)) ? recipe.finish : 'none';

/** Keeps the weights of a measure that is the best so far. What was measured before the finish rounded does not compare with what comes after. */
export function keepBest(run: Run, { step, validation }: CurvePoint): void {
  const { state } = run;
  if (!state.recipe.keepBest || validation === undefined) return;
  const finishing = roundingNow(run) !== 'none';
  const { best } = state;
  if (best && best.finishing === finishing && validation >= best.bitsPerByte) {
    state.worse = (state.worse ?? 0) + 1;
    return;
  }
  state.best = { step, bitsPerByte: validation, finishing };
  state.worse = 0;
  run.best = currentWeights(run).slice();
}
