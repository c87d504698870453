/** Training: a tokenizer and a llama-style model from text, in WebAssembly SIMD on worker threads. */

export { type Corpus, inMemory, type Segment } from './batches.ts';
export type { RunState, RunStorage } from './checkpoint.ts';
export type { TextSource } from './documents.ts';
export { createEncoder, type Encoder } from './encoder.ts';
export { createEngine, type Engine, initialize, type StartThread, type TrainMachinery } from './engine.ts';
export { type Judge, judge } from './judge.ts';
export { fusesMultiplyAdd, hasRelaxedSimd, type MultiplyAdd, type TrainKernels } from './multiply-add.ts';
export { outputNames } from './outputs.ts';
export { type Preset, presets } from './presets/index.ts';
export { type Finish, progressOf, type Recipe, type RecipeOptions, recipeOf } from './recipe.ts';
export type { Progress, TrainOptions } from './run.ts';
export type { Parts, Scratch } from './scratch.ts';
export { settingsOf } from './settings.ts';
export type { Shape } from './shape.ts';
export type { Teacher } from './teachers.ts';
export { followRun, type ThreadTask } from './thread.ts';
export { documentsOf, type TrainedTokenizer, trainTokenizer, writeTokenizer } from './tokenizer-trainer.ts';
export { type TrainResult, train } from './train.ts';
export { modelOf, writeVersion0, writeVersion1 } from './writer.ts';
