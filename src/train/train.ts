import { UsageError } from '../errors.ts';
import { type Corpus, createBatches, encodeCorpus } from './batches.ts';
import { CHECKPOINT_FILE, type Checkpoint, loadRunCheckpoint, type RunState } from './checkpoint.ts';
import {
  firstDocuments,
  includedParts,
  prepareCorpus,
  type Survey,
  sharedDocuments,
  survey,
  textsOf,
} from './corpus.ts';
import { createEncoder } from './encoder.ts';
import { createEngine, type Engine, type EngineOptions, initialize } from './engine.ts';
import { grow } from './grow.ts';
import { loop } from './loop.ts';
import { multiplyAddFor } from './multiply-add.ts';
import { finish, outputNames } from './outputs.ts';
import {
  checkUnchanged,
  completed,
  type Distillation,
  distillationOf,
  type Recipe,
  recipeOf,
} from './recipe.ts';
import { isOver, type Run, type TrainOptions } from './run.ts';
import { memoryScratch, type Scratch } from './scratch.ts';
import { checkShape, parametersOf } from './shape.ts';
import { hashOf, teach } from './teachers.ts';
import { chooseTokenizer, givenVocabulary } from './tokenizer-choice.ts';
import { writeTokenizer } from './tokenizer-trainer.ts';
import { VALIDATION_DOCUMENTS } from './validate.ts';

export interface TrainResult {
  finished: boolean;
  state: RunState;
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
    await finish(run);
  } finally {
    run.teacher?.close();
    run.corpus.close();
    await engine.close();
  }
  const { steps, seconds } = state.recipe;
  return { finished: isOver(state) || (!steps && !seconds), state };
}

async function start(options: TrainOptions): Promise<Run> {
  const { storage, kernels, startThread, scratch = memoryScratch() } = options;
  const fresh = freshRecipe(options);
  const checkpoint = openCheckpoint(options);
  const grown = checkpoint || !options.grow ? undefined : grow(options.grow, fresh.shape, fresh.seed);
  const texts = textsOf(options.text, checkpoint ? checkpoint.state.separator : options.separator);
  const text = survey(texts);
  const unseenTexts = options.validation && textsOf(options.validation, texts.separator);
  const unseen = unseenTexts && survey(unseenTexts, 1);
  if (checkpoint && checkpoint.state.textHash !== text.hash)
    throw new UsageError(`train: ${texts.name} is not the text that ${storage.name} was trained on.`);
  const state = checkpoint
    ? resumed(checkpoint.state, options)
    : initialState(fresh, text.hash, excludedFrom(text, unseen, options), options);
  const { recipe, multiplyAdd } = state;
  const { threads, batchTokens, distillation, shape } = recipe;
  checkValidation(state, unseen?.hash, options);
  const parts = () => includedParts(texts, state.excluded);
  const tokenizer = chooseTokenizer(options, state, parts);
  const key = corpusKey(state);
  const corpus = prepareCorpus(parts, tokenizer, shape.context, scratch, key);
  const validation =
    unseenTexts && encodeCorpus(firstDocuments(unseenTexts, VALIDATION_DOCUMENTS), createEncoder(tokenizer));
  storage.write(outputNames.tokenizer, writeTokenizer(tokenizer));
  const machinery = { kernels, multiplyAdd, startThread, threads, batchTokens };
  const teacher = distillation && (await consult(distillation, state, corpus, scratch, options, machinery));
  const engine = await createEngine(shape, { ...machinery, top: distillation?.top });
  prepareWeights(engine, recipe, checkpoint, grown);
  return {
    options,
    state,
    engine,
    corpus,
    batches: createBatches(corpus, recipe.packing, recipe.seed, checkpoint?.state.batches),
    tokenizer,
    documents: text.samples,
    validation,
    teacher,
    average: checkpoint?.average ?? (recipe.average ? engine.weights.slice() : undefined),
    best: checkpoint?.best,
    saved: checkpoint?.state.step,
  };
}

/** What the options ask for, teachers included. */
function freshRecipe(options: TrainOptions): Recipe {
  const vocabulary = options.resume ? options.vocabulary : (givenVocabulary(options) ?? options.vocabulary);
  const recipe = recipeOf({ ...options, vocabulary });
  checkShape(recipe.shape);
  const { teachers = [], grow } = options;
  if (teachers.length > 0) recipe.distillation = distillationOf(options, teachers.map(hashOf));
  if (grow) recipe.grownFrom = hashOf(grow);
  return recipe;
}

/** All that a run's tokens follow from. */
const corpusKey = ({ textHash, tokenizerHash, excluded = [] }: RunState): string =>
  [textHash, tokenizerHash, ...excluded].join(' ');

/** Documents of the validation text are not trained on. @throws UsageError where nothing is left */
function excludedFrom(text: Survey, unseen: Survey | undefined, { onProblem }: TrainOptions): number[] {
  const excluded = unseen ? sharedDocuments(text, unseen) : [];
  if (excluded.length === text.documents)
    throw new UsageError(
      'train: all of the text stands in the --valid text, too; nothing is left to train on.',
    );
  if (excluded.length > 0)
    onProblem?.(
      `train: ${excluded.length} documents stand in the --valid text, too; they are left out of training`,
    );
  return excluded;
}

/** The run to go on with, if one is. @throws UsageError where there is one but none was wanted */
function openCheckpoint({ storage, resume }: TrainOptions): Checkpoint | undefined {
  const checkpoint = resume
    ? loadRunCheckpoint(storage, ({ recipe }) => parametersOf(recipe.shape).count)
    : undefined;
  if (!checkpoint && storage.has(CHECKPOINT_FILE)) {
    throw new UsageError(
      `train: ${storage.name} already holds a run; go on with --resume, or choose another --out.`,
    );
  }
  return checkpoint;
}

/** What the teachers predict on the corpus. @throws UsageError for other teachers than the run began with */
function consult(
  distillation: Distillation,
  state: RunState,
  corpus: Corpus,
  scratch: Scratch,
  { teachers = [], onTeaching }: TrainOptions,
  machinery: EngineOptions,
) {
  if (teachers.length > 0 && teachers.map(hashOf).join() !== distillation.teachers.join())
    throw new UsageError('train: these are not the teachers that the run began with.');
  const { context } = state.recipe.shape;
  const corpusHash = corpusKey(state);
  return teach(distillation, teachers, corpus, {
    ...machinery,
    context,
    corpusHash,
    scratch,
    onProgress: onTeaching,
  });
}

function initialState(
  recipe: Recipe,
  textHash: string,
  excluded: number[],
  { kernels, separator }: TrainOptions,
): RunState {
  const batches = { epoch: 0, cursor: 0, random: [] };
  const multiplyAdd = multiplyAddFor(kernels);
  const counts = { step: 0, tokens: 0, seconds: 0 };
  return { recipe, textHash, separator, excluded, ...counts, batches, curve: [], multiplyAdd };
}

/** The checkpoint's recipe, with a new end where one was given. @throws UsageError where options ask for more */
function resumed(state: RunState, options: TrainOptions): RunState {
  const { steps, seconds, threads, kernels } = options;
  checkUnchanged(completed(state.recipe), options);
  if (options.grow && hashOf(options.grow) !== state.recipe.grownFrom)
    throw new UsageError(`train: the run did not begin with ${options.grow.name}; leave it out.`);
  const recipe = { ...completed(state.recipe), threads: threads ?? state.recipe.threads };
  if (steps || seconds) Object.assign(recipe, { steps: steps ?? 0, seconds: seconds ?? 0 });
  return { ...state, recipe, multiplyAdd: multiplyAddFor(kernels, state.multiplyAdd ?? 'plain') };
}

/** Where the validation text decides which weights are kept, there must be one, and it must stay the same. */
function checkValidation(state: RunState, hash: string | undefined, { validation }: TrainOptions): void {
  if (!state.recipe.keepBest) return;
  if (hash === undefined) {
    throw new UsageError('train: --keep-best and --patience go by a validation text; name one with --valid.');
  }
  if (state.validationHash && state.validationHash !== hash) {
    throw new UsageError(`train: ${validation!.name} is not the text that this run was measured on so far.`);
  }
  state.validationHash = hash;
}

function prepareWeights(
  engine: Engine,
  { seed }: Recipe,
  checkpoint?: Checkpoint,
  grown?: Float32Array,
): void {
  if (!checkpoint) {
    if (grown) engine.weights.set(grown);
    else initialize(engine, seed);
    return;
  }
  engine.weights.set(checkpoint.weights);
  engine.moments.forEach((moment, i) => {
    moment.set(checkpoint.moments[i]);
  });
}
