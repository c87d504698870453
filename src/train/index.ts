/** Training: a tokenizer and a llama-style model from text, in WebAssembly SIMD on worker threads. */
export { createEncoder, type Encoder } from './encoder.ts';
export { type Finish, presetNames, type Recipe, type RecipeOptions, recipeOf } from './recipe.ts';
export type { Activation, Shape } from './shape.ts';
export { documentsOf, type TrainedTokenizer, trainTokenizer, writeTokenizer } from './tokenizer-trainer.ts';
export { outputNames, type Progress, type TrainOptions, type TrainResult, train } from './train.ts';
export { writeVersion0, writeVersion1 } from './writer.ts';
