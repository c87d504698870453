/** What a run leaves in its storage, and what it does where that cannot be written. */
import { activations } from '../contract/index.ts';
import { FailureError, messageOf } from '../errors.ts';
import { loadTokenizer, writeCheckpoint } from '../model/index.ts';
import { createReference, createSampler, generate } from '../reference/index.ts';
import { type RunState, saveCheckpoint } from './checkpoint.ts';
import { conditionForChip } from './condition.ts';
import { curveSvg } from './curve.ts';
import { finalWeights, type Run } from './run.ts';
import { parametersOf, type Shape } from './shape.ts';
import { writeTokenizer } from './tokenizer-trainer.ts';
import { validationLoss } from './validate.ts';
import { wordsOf } from './words.ts';
import { modelOf, writeVersion0, writeVersion1 } from './writer.ts';

/**
 * Files that a run leaves in its storage: our checkpoint with everything in it; for others' programs llama2.c's version 0, version 1
 * (only of models that these can say: SiLU, no per-layer embeddings) and tokenizer; and what it saw on its way.
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
/** Seconds between tries to write what a finished run leaves, and until it gives up. */
const RETRY = 10;
const GIVE_UP = 3600;

/** Checkpoint and curve; if they cannot be written, the run goes on and tells so. */
export function saveWhileRunning(run: Run): void {
  try {
    save(run);
  } catch (error) {
    const kept =
      run.saved === undefined ? 'there is no checkpoint yet' : `the checkpoint of step ${run.saved} is kept`;
    run.options.onProblem?.(`${reasonOf(error)}; the run goes on and will try again; ${kept}`);
  }
}

/** Writes the model's files; a run that was stopped leaves what it has, too. What cannot be written is tried again. */
export async function finish(run: Run): Promise<void> {
  const { options, state } = run;
  const last = state.curve.at(-1);
  if (last && last.validation === undefined) last.validation = validationLoss(run);
  const weights = finalWeights(run);
  const sample = sampleText(run, weights);
  options.onSample?.(sample);
  await insist(run, () => save(run));
  const files = modelFiles(run, weights);
  await insist(run, () => {
    for (const [name, content] of files) options.storage.write(name, content);
    options.storage.write(outputNames.samples, `step ${state.step}\n${sample}\n`);
  });
}

function save(run: Run): void {
  const { options, state, engine, batches, average, best } = run;
  const { recipe } = state;
  state.batches = batches.state();
  const { weights, moments } = engine;
  saveCheckpoint(options.storage, state, { weights, moments, average, best });
  run.saved = state.step;
  options.storage.write(outputNames.curve, curveSvg(state.curve, titleOf(recipe.shape)));
}

const reasonOf = (error: unknown): string => messageOf(error).replace(/\.$/, '');

/** Writes at last: the state is in memory, so a disk that is full gets time to be made room on. @throws FailureError when that takes too long */
async function insist({ options, saved, state }: Run, write: () => void): Promise<void> {
  const { retry = RETRY, giveUp = GIVE_UP } = options.every ?? {};
  for (let waited = 0; ; waited += retry) {
    try {
      return write();
    } catch (error) {
      if (waited >= giveUp) {
        const rest = saved === state.step ? '--resume writes the model once that is mended' : lost(saved);
        throw new FailureError(`${reasonOf(error)}; ${rest}.`);
      }
      const wait = 'nothing is lost as long as this process runs';
      options.onProblem?.(`${reasonOf(error)}; ${wait}: the next try is in ${retry} seconds`);
      await new Promise((resolve) => setTimeout(resolve, 1000 * retry));
    }
  }
}

const lost = (saved: number | undefined): string =>
  saved === undefined ? 'the run is lost' : `--resume goes on from step ${saved}`;

function titleOf(shape: Shape): string {
  const { dim, layers, heads, kvHeads, hiddenDim, vocabulary } = shape;
  const { count } = parametersOf(shape);
  return `${count.toLocaleString('en')} parameters: dim ${dim}, ${layers} layers, ${heads}/${kvHeads} heads, hidden ${hiddenDim}, vocabulary ${vocabulary}`;
}

/** A text that weights make up. */
export function sampleText({ state, engine, tokenizer }: Run, weights: Float32Array): string {
  const { vocabulary, context } = state.recipe.shape;
  const reader = loadTokenizer(writeTokenizer(tokenizer), vocabulary);
  const reference = createReference(modelOf(engine.shape, weights));
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
function trainingFacts(state: RunState): Record<string, unknown> {
  const { recipe, textHash, step, tokens, curve, best } = state;
  const { shape: _, threads: __, seconds: ___, ...settings } = recipe;
  const { loss, bitsPerByte, validation } = curve.at(-1) ?? {};
  return { ...settings, step, tokens, textHash, loss, bitsPerByte, validation, best };
}

/** Name and content of every file that the model is in. */
function modelFiles(run: Run, trained: Float32Array): [string, Uint8Array][] {
  const { options, state } = run;
  const { shape } = state.recipe;
  const weights = Object.hasOwn(activations, shape.activation)
    ? conditionForChip(shape, trained, run.tokenizer, run.documents, options.programs)
    : trained;
  const tokenizer = loadTokenizer(writeTokenizer(run.tokenizer), shape.vocabulary);
  const { template } = options;
  const words = options.knownWords ? wordsOf(run.corpus, tokenizer) : undefined;
  const model = { ...modelOf(shape, weights), ...(template && { template }), ...(words && { words }) };
  const own = writeCheckpoint(model, tokenizer, trainingFacts(state));
  if (shape.activation !== LLAMA2C_ACTIVATION || shape.layerEmbeddings)
    return [[outputNames.checkpoint, own]];
  return [
    [outputNames.checkpoint, own],
    [outputNames.model, writeVersion0(shape, weights)],
    [outputNames.version1, writeVersion1(shape, weights)],
  ];
}
