/** What a training run is while it goes on. */
import type { DevicePrograms } from '../device-programs.ts';
import type { ChatTemplate, Tokenizer } from '../model/index.ts';
import type { Batches, Corpus } from './batches.ts';
import type { CurvePoint, RunState, RunStorage } from './checkpoint.ts';
import type { TextSource } from './documents.ts';
import type { Engine, SoftTargets, TrainMachinery } from './engine.ts';
import { progressOf, type RecipeOptions } from './recipe.ts';
import type { Scratch } from './scratch.ts';
import type { Teacher } from './teachers.ts';
import type { TrainedTokenizer } from './tokenizer-trainer.ts';

export interface TrainOptions extends RecipeOptions, TrainMachinery {
  /** One text or several, as one. */
  text: TextSource | readonly TextSource[];
  /** What parts documents; default: `<|endoftext|>`. */
  separator?: string;
  /** How the text writes conversations: goes into the checkpoint, for those who talk to the model. */
  template?: ChatTemplate;
  /** The model is kept to the words of the text: they go into its checkpoint, and a board says no others. Default: it says any. */
  knownWords?: boolean;
  /** Gets the model, its tokenizer, the curve, samples and the checkpoint. */
  storage: RunStorage;
  /** The chip's arithmetic, which the finished model is tried in. */
  programs: DevicePrograms;
  /** A second text that is only measured. */
  validation?: TextSource;
  /** Models whose predictions are learned from as well, all with one tokenizer, which the new model gets. */
  teachers?: readonly Teacher[];
  /** A smaller model, or one as large, that the new one computes the same as at first; it gets its tokenizer, too. */
  grow?: Teacher;
  /** The new model's tokenizer; default: the teachers', or one made for the text. */
  tokenizer?: Tokenizer;
  /** Where data lie that are made once for a text and then read in parts; default: in memory. */
  scratch?: Scratch;
  /** Goes on from the checkpoint in `storage`; its recipe counts, and only steps, seconds and threads may be others. */
  resume?: boolean;
  /** Stops after the step under way, with everything saved. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Before the first step: how much of the text the teachers have seen. */
  onTeaching?: (done: number) => void;
  onSample?: (text: string) => void;
  /** Gets a sentence for whatever went wrong without ending the run. */
  onProblem?: (text: string) => void;
  /** Seconds between progress reports, checkpoints and samples; between tries to write what a finished run leaves, and of all of them. */
  every?: { progress?: number; checkpoint?: number; sample?: number; retry?: number; giveUp?: number };
}

export interface Progress extends CurvePoint {
  tokensPerSecond: number;
  /** 0 to 1. */
  done: number;
  secondsLeft: number;
}

/** A run in progress. */
export interface Run {
  options: TrainOptions;
  state: RunState;
  engine: Engine;
  corpus: Corpus & { close(): void };
  batches: Batches;
  tokenizer: TrainedTokenizer;
  /** Beginnings of some documents. */
  documents: readonly string[];
  validation?: Corpus;
  /** What the teachers predict at every token. */
  teacher?: SoftTargets & { close(): void };
  /** Running average of the weights, where the recipe asks for it. */
  average?: Float32Array;
  /** Weights of the best measure of the validation text, where the recipe asks for them. */
  best?: Float32Array;
  /** Step of the checkpoint in the storage. */
  saved?: number;
}

/** Whether a run has come to its end: by steps, seconds, or measures that got no better. */
export function isOver({ recipe, step, seconds, worse = 0 }: RunState): boolean {
  return progressOf(recipe, step, seconds) >= 1 || (recipe.patience > 0 && worse >= recipe.patience);
}

/** The weights as they would be used now: their average where there is one. */
export const currentWeights = ({ average, engine }: Run): Float32Array => average ?? engine.weights;

/** The weights that a run leaves. */
export const finalWeights = (run: Run): Float32Array => run.best ?? currentWeights(run);

/**
 * Moves a running average of the weights one step on. Early steps weigh more than the recipe says, so that the beginning is forgotten:
 * 9 / (10 + step) at least.
 */
export function follow(average: Float32Array, weights: Float32Array, decay: number, step: number): void {
  const share = 1 - Math.min(decay, (1 + step) / (10 + step));
  for (let i = 0; i < average.length; i++) average[i] += share * (weights[i] - average[i]);
}
