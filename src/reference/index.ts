/** The float32 forward pass, sampler and evaluation: the truth everything is compared with. */
export {
  crossEntropy,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  STORY_END,
  splitStories,
} from './evaluate.ts';
export { createReference, type Reference } from './forward.ts';
export { type GenerateOptions, generate } from './generate.ts';
export { argmax, createRandom, createSampler, type Sampler, type SamplerOptions } from './sampler.ts';
export {
  countWords,
  measureStories,
  realStoriesLike,
  type StoryMeasures,
  type WordCounts,
} from './stories.ts';
