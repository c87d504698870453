/** The steps of a training run, and what is told and saved between them. */
import { FailureError } from '../errors.ts';
import { CHECKPOINT_FILE, type CurvePoint, type RunStorage } from './checkpoint.ts';
import { sampleText, saveWhileRunning } from './outputs.ts';
import { contextAt, progressOf } from './recipe.ts';
import { currentWeights, follow, isOver, type Run } from './run.ts';
import { settingsOf } from './settings.ts';
import type { Settings } from './thread.ts';
import { isMeasureDue, keepBest, validationLoss } from './validate.ts';

/** At most so long nobody else gets a turn; a step that takes longer is not interrupted. */
const BREATH_MS = 50;

/** Loss since the last report. */
interface Mean {
  loss: number;
  tokens: number;
  /** Seconds of training at the last report. */
  seconds: number;
}

/** Calls back after so many seconds, again and again. */
function timer(seconds: number, from: number): (now: number) => boolean {
  let last = from;
  return (now) => {
    if (now - last < seconds) return false;
    last = now;
    return true;
  };
}

/** Trains until the run is over or stopped. @throws FailureError when the loss is no number any more */
export async function loop(run: Run): Promise<void> {
  const { options, state, engine } = run;
  const { recipe } = state;
  const { progress = 10, checkpoint = 60, sample = 300 } = options.every ?? {};
  const dueProgress = timer(progress, state.seconds);
  const dueCheckpoint = timer(checkpoint, state.seconds);
  const dueSample = timer(sample, state.seconds);
  const mean: Mean = { loss: 0, tokens: 0, seconds: state.seconds };
  let breath = performance.now();
  let rounded = settingsOf(recipe, state.step + 1, state.seconds);
  engine.refresh(rounded);
  while (!isOver(state) && !options.signal?.aborted) {
    const before = progressOf(recipe, state.step, state.seconds);
    rounded = step(run, mean, rounded);
    const isMeasured = isMeasureDue(before, progressOf(recipe, state.step, state.seconds));
    const isDue = dueProgress(state.seconds);
    if (isDue || (isMeasured && run.validation)) report(run, mean, isMeasured);
    if (dueCheckpoint(state.seconds)) saveWhileRunning(run);
    if (dueSample(state.seconds)) options.onSample?.(sampleText(run, currentWeights(run)));
    if (performance.now() - breath > BREATH_MS) {
      await new Promise((resolve) => setTimeout(resolve)); // lets signals and callers in
      breath = performance.now();
    }
  }
  if (mean.tokens) report(run, mean, false);
}

/** One step; `rounded` are the settings by which the engine's effective weights were made last. Returns those of now. */
function step(run: Run, mean: Mean, rounded: Settings): Settings {
  const { options, state, engine, corpus, batches } = run;
  const { recipe } = state;
  const before = performance.now();
  const settings = settingsOf(recipe, state.step + 1, state.seconds);
  // Where the finish begins, the weights are rounded before the step, as they are after a resumption.
  if (settings.weightLevels !== rounded.weightLevels) engine.refresh(settings);
  const context = contextAt(recipe, progressOf(recipe, state.step, state.seconds));
  const segments = batches.next(recipe.batchTokens, context);
  const { loss, tokens } = engine.step(corpus, segments, settings, run.teacher);
  if (!Number.isFinite(loss)) throw diverged(options.storage, state.step);
  state.step++;
  if (run.average) follow(run.average, engine.weights, recipe.average, state.step);
  state.tokens += tokens;
  state.seconds += (performance.now() - before) / 1000;
  mean.loss += loss * tokens;
  mean.tokens += tokens;
  return settings;
}

function diverged(storage: RunStorage, step: number): FailureError {
  const back = storage.has(CHECKPOINT_FILE) ? 'the checkpoint from before is kept; ' : '';
  return new FailureError(
    `train: the loss is no longer a number at step ${step}; ${back}use a smaller --rate.`,
  );
}

/** Adds a point to the curve, with a measure of the validation text if wanted, and tells the caller; `mean` starts over. */
function report(run: Run, mean: Mean, isMeasured: boolean): void {
  const { state, corpus, options } = run;
  const { step, tokens, seconds, recipe } = state;
  const loss = mean.loss / mean.tokens;
  const bitsPerToken = loss / Math.LN2;
  const bitsPerByte = (bitsPerToken * corpus.tokens.length) / corpus.bytes;
  const point: CurvePoint = { step, tokens, loss, bitsPerByte };
  if (isMeasured) point.validation = validationLoss(run);
  state.curve.push(point);
  keepBest(run, point);
  const done = isOver(state) ? 1 : progressOf(recipe, step, seconds);
  const tokensPerSecond = mean.tokens / Math.max(1e-9, seconds - mean.seconds);
  const secondsLeft = done > 0 ? (seconds * (1 - done)) / done : Number.POSITIVE_INFINITY;
  Object.assign(mean, { loss: 0, tokens: 0, seconds });
  options.onProgress?.({ ...point, tokensPerSecond, done, secondsLeft });
}
