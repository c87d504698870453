/** The float32 forward pass, sampler and evaluation: the truth everything is compared with. */
export {
  crossEntropy,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  STORY_END,
  splitStories,
} from './evaluate.ts';
export { createReference, type PassObserver, type Reference } from './forward.ts';
export { type GenerateOptions, generate } from './generate.ts';
export { createLens, type Lens, type Likely, type Look, likeliest, softmaxOf } from './lens.ts';
export { type MeasuredPruning, prunedFor } from './pruning.ts';
export { argmax, createRandom, createSampler, type Sampler, type SamplerOptions } from './sampler.ts';
export {
  countWords,
  measureStories,
  realStoriesLike,
  type StoryMeasures,
  type WordCounts,
} from './stories.ts';
