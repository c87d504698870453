import { activations } from '../contract/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError, UsageError } from '../errors.ts';
import { loadTokenizer, writeCheckpoint } from '../model/index.ts';
import { createReference, createSampler, generate } from '../reference/index.ts';
import { type Batches, type Corpus, createBatches, encodeCorpus } from './batches.ts';
import {
  CHECKPOINT_FILE,
  type Checkpoint,
  type CurvePoint,
  loadRunCheckpoint,
  type RunState,
  type RunStorage,
  saveCheckpoint,
} from './checkpoint.ts';
import { conditionForChip } from './condition.ts';
import { prepareCorpus, readText, type TextSource } from './corpus.ts';
import { curveSvg } from './curve.ts';
import { createEncoder } from './encoder.ts';
import { createEngine, type Engine, initialize, type TrainMachinery } from './engine.ts';
import { measure, measuring } from './measure.ts';
import { multiplyAddFor } from './multiply-add.ts';
import { checkFinish, progressOf, type Recipe, type RecipeOptions, recipeOf } from './recipe.ts';
import { settingsOf } from './settings.ts';
import { checkShape, parametersOf, type Shape } from './shape.ts';
import { type TrainedTokenizer, writeTokenizer } from './tokenizer-trainer.ts';
import { modelOf, writeVersion0, writeVersion1 } from './writer.ts';

export interface TrainOptions extends RecipeOptions, TrainMachinery {
  text: TextSource;
  /** Gets the model, its tokenizer, the curve, samples and the checkpoint. */
  storage: RunStorage;
  /** The chip's multiplyAdd, which the finished model is tried in. */
  programs: DevicePrograms;
  /** A second text that is only measured. */
  validation?: TextSource;
  /** Goes on from the checkpoint in `storage`; its recipe counts, of the options only steps and seconds. */
  resume?: boolean;
  /** Stops after the step under way, with everything saved. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  onSample?: (text: string) => void;
  /** Seconds between progress reports, checkpoints and samples. */
  every?: { progress?: number; checkpoint?: number; sample?: number };
}

export interface Progress extends CurvePoint {
  tokensPerSecond: number;
  /** 0 to 1. */
  done: number;
  secondsLeft: number;
}

export interface TrainResult {
  finished: boolean;
  state: RunState;
}

/**
 * Files that a run leaves in its storage: our checkpoint with everything in it; for others' programs llama2.c's version 0, version 1
 * (only of models that these can say: SiLU) and tokenizer; and what it saw on its way.
 */
export const outputNames = {
  checkpoint: 'model.safetensors',
  model: 'model.bin',
  version1: 'model-v1.bin',
  tokenizer: 'tokenizer.bin',
  curve: 'loss.svg',
  samples: 'samples.txt',
} as const;

const SAMPLE_TOKENS = 200;
/** At most so long nobody else gets a turn; a step that takes longer is not interrupted. */
const BREATH_MS = 50;

/** A run in progress. */
interface Run {
  options: TrainOptions;
  state: RunState;
  engine: Engine;
  corpus: Corpus;
  batches: Batches;
  tokenizer: TrainedTokenizer;
  documents: readonly string[];
  validation?: Corpus;
}

/**
 * Trains a model on a text. Leaves the files of `outputNames` and a checkpoint in the storage.
 * @throws UsageError for options and texts that cannot work, FailureError for disk and checkpoint trouble
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const run = await start(options);
  const { engine, state } = run;
  try {
    await loop(run);
    finish(run);
  } finally {
    await engine.close();
  }
  const { steps, seconds } = state.recipe;
  const finished = progressOf(state.recipe, state.step, state.seconds) >= 1 || (!steps && !seconds);
  return { finished, state };
}

async function start(options: TrainOptions): Promise<Run> {
  const { storage } = options;
  const fresh = recipeOf(options);
  checkShape(fresh.shape);
  const text = readText(options.text);
  const checkpoint = options.resume
    ? loadRunCheckpoint(storage, ({ recipe }) => parametersOf(recipe.shape).count)
    : undefined;
  if (!checkpoint && storage.has(CHECKPOINT_FILE)) {
    throw new UsageError(
      `train: ${storage.name} already holds a run; go on with --resume, or choose another --out.`,
    );
  }
  if (checkpoint && checkpoint.state.textHash !== text.hash) {
    throw new UsageError(`train: ${options.text.name} is not the text that ${storage.name} was trained on.`);
  }
  const state = checkpoint ? resumed(checkpoint.state, options) : initialState(fresh, text.hash, options);
  const { recipe, multiplyAdd } = state;
  checkFinish(recipe);
  const { tokenizer, corpus } = prepareCorpus(text, recipe.shape.vocabulary, recipe.shape.context);
  const validation = options.validation
    ? encodeCorpus(readText(options.validation, 1).documents, createEncoder(tokenizer))
    : undefined;
  storage.write(outputNames.tokenizer, writeTokenizer(tokenizer));
  const engine = await createEngine(recipe.shape, {
    kernels: options.kernels,
    multiplyAdd,
    startThread: options.startThread,
    threads: recipe.threads,
    batchTokens: recipe.batchTokens,
  });
  prepareWeights(engine, recipe, checkpoint);
  const batches = createBatches(corpus, recipe.packing, recipe.seed, checkpoint?.state.batches);
  return { options, state, engine, corpus, batches, tokenizer, documents: text.documents, validation };
}

function initialState(recipe: Recipe, textHash: string, { kernels }: TrainOptions): RunState {
  const batches = { epoch: 0, cursor: 0, random: [] };
  const multiplyAdd = multiplyAddFor(kernels);
  return { recipe, textHash, step: 0, tokens: 0, seconds: 0, batches, curve: [], multiplyAdd };
}

/** The checkpoint's recipe, with a new end where one was given. */
function resumed(state: RunState, { steps, seconds, threads, kernels }: TrainOptions): RunState {
  const recipe = { ...state.recipe, threads: threads ?? state.recipe.threads };
  if (steps || seconds) Object.assign(recipe, { steps: steps ?? 0, seconds: seconds ?? 0 });
  return { ...state, recipe, multiplyAdd: multiplyAddFor(kernels, state.multiplyAdd ?? 'plain') };
}

function prepareWeights(engine: Engine, { seed }: Recipe, checkpoint?: Checkpoint): void {
  if (!checkpoint) {
    initialize(engine, seed);
    return;
  }
  engine.weights.set(checkpoint.weights);
  engine.moments.forEach((moment, i) => {
    moment.set(checkpoint.moments[i]);
  });
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

async function loop(run: Run): Promise<void> {
  const { options, state, engine, corpus, batches } = run;
  const { recipe } = state;
  const { progress = 10, checkpoint = 60, sample = 300 } = options.every ?? {};
  const dueProgress = timer(progress, state.seconds);
  const dueCheckpoint = timer(checkpoint, state.seconds);
  const dueSample = timer(sample, state.seconds);
  const mean = { loss: 0, tokens: 0, seconds: state.seconds };
  let breath = performance.now();
  engine.refresh(settingsOf(recipe, state.step + 1, state.seconds));
  while (progressOf(recipe, state.step, state.seconds) < 1 && !options.signal?.aborted) {
    const before = performance.now();
    const settings = settingsOf(recipe, state.step + 1, state.seconds);
    const segments = batches.next(recipe.batchTokens, recipe.shape.context);
    const { loss, tokens } = engine.step(corpus, segments, settings);
    if (!Number.isFinite(loss)) throw diverged(options.storage, state.step);
    state.step++;
    state.tokens += tokens;
    state.seconds += (performance.now() - before) / 1000;
    mean.loss += loss * tokens;
    mean.tokens += tokens;
    if (dueProgress(state.seconds)) report(run, mean);
    if (dueCheckpoint(state.seconds)) save(run);
    if (dueSample(state.seconds)) lookAt(run);
    if (performance.now() - breath > BREATH_MS) {
      await new Promise((resolve) => setTimeout(resolve)); // lets signals and callers in
      breath = performance.now();
    }
  }
  if (mean.tokens) report(run, mean);
}

function diverged(storage: RunStorage, step: number): FailureError {
  const back = storage.has(CHECKPOINT_FILE) ? 'the checkpoint from before is kept; ' : '';
  return new FailureError(
    `train: the loss is no longer a number at step ${step}; ${back}use a smaller --rate.`,
  );
}

/** Adds a point to the curve and tells the caller; `mean` starts over. */
function report(run: Run, mean: { loss: number; tokens: number; seconds: number }): void {
  const { state, corpus, options } = run;
  const { step, tokens, seconds, recipe } = state;
  const loss = mean.loss / mean.tokens;
  const bitsPerToken = loss / Math.LN2;
  const bitsPerByte = (bitsPerToken * corpus.tokens.length) / corpus.bytes;
  const point: CurvePoint = { step, tokens, loss, bitsPerByte };
  state.curve.push(point);
  const done = progressOf(recipe, step, seconds);
  const tokensPerSecond = mean.tokens / Math.max(1e-9, seconds - mean.seconds);
  const secondsLeft = done > 0 ? (seconds * (1 - done)) / done : Number.POSITIVE_INFINITY;
  Object.assign(mean, { loss: 0, tokens: 0, seconds });
  options.onProgress?.({ ...point, tokensPerSecond, done, secondsLeft });
}

/** A sample for the caller, and the validation text's figure for the curve. */
function lookAt(run: Run): void {
  const { state, engine, validation, options } = run;
  const last = state.curve.at(-1);
  if (validation && last) {
    last.validation = measure(engine, validation, state.recipe.batchTokens, measuring('none')).bitsPerByte;
    engine.refresh(settingsOf(state.recipe, state.step + 1, state.seconds));
  }
  options.onSample?.(sampleText(run));
}

/** Checkpoint and curve. */
function save(run: Run): void {
  const { options, state, engine, batches } = run;
  const { recipe } = state;
  state.batches = batches.state();
  saveCheckpoint(options.storage, state, engine);
  options.storage.write(outputNames.curve, curveSvg(state.curve, titleOf(recipe.shape)));
}

function titleOf(shape: Shape): string {
  const { dim, layers, heads, kvHeads, hiddenDim, vocabulary } = shape;
  const { count } = parametersOf(shape);
  return `${count.toLocaleString('en')} parameters: dim ${dim}, ${layers} layers, ${heads}/${kvHeads} heads, hidden ${hiddenDim}, vocabulary ${vocabulary}`;
}

function sampleText({ state, engine, tokenizer }: Run): string {
  const { vocabulary, context } = state.recipe.shape;
  const reader = loadTokenizer(writeTokenizer(tokenizer), vocabulary);
  const reference = createReference(modelOf(engine.shape, engine.weights));
  const sampler = createSampler({ temperature: 0.8, topp: 0.9, seed: BigInt(state.step + 1) });
  const bytes: number[] = [];
  let previous = 1;
  const steps = Math.min(SAMPLE_TOKENS, context);
  for (const token of generate(reference, reader, { steps, sampler })) {
    bytes.push(...reader.decode(previous, token));
    previous = token;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** The one that llama2.c's files stand for; they have no word for any other. */
const LLAMA2C_ACTIVATION = 'silu';

/** What the checkpoint says about how it came to be. */
function trainingFacts({ recipe, textHash, step, tokens, curve }: RunState): Record<string, unknown> {
  const { shape: _, threads: __, seconds: ___, ...settings } = recipe;
  const { loss, bitsPerByte, validation } = curve.at(-1) ?? {};
  return { ...settings, step, tokens, textHash, loss, bitsPerByte, validation };
}

/** The model's files; a run that was stopped leaves what it has, too. */
function finish(run: Run): void {
  const { options, state, engine } = run;
  lookAt(run);
  save(run);
  const { shape } = state.recipe;
  const weights = Object.hasOwn(activations, shape.activation)
    ? conditionForChip(shape, engine.weights, run.tokenizer, run.documents, options.programs)
    : engine.weights;
  const tokenizer = loadTokenizer(writeTokenizer(run.tokenizer), shape.vocabulary);
  options.storage.write(
    outputNames.checkpoint,
    writeCheckpoint(modelOf(shape, weights), tokenizer, trainingFacts(state)),
  );
  if (shape.activation === LLAMA2C_ACTIVATION) {
    options.storage.write(outputNames.model, writeVersion0(shape, weights));
    options.storage.write(outputNames.version1, writeVersion1(shape, weights));
  }
  options.storage.write(outputNames.samples, `step ${state.step}\n${sampleText(run)}\n`);
}
