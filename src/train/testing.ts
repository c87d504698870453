/** For tests of training: a text that can be learned from, and the smallest run that does. */
import type { TrainFilesOptions } from '../node/train.ts';
import { createRandom } from './random.ts';

/** Small stories of made-up words, enough to learn something from. */
export function storyText(stories: number, seed = 5): string {
  const random = createRandom(seed);
  const words = ['sun', 'cat', 'the', 'red', 'dog', 'ran', 'and', 'big', 'hat', 'sat'];
  const story = () => Array.from({ length: 40 }, () => words[Math.floor(random.uniform() * 10)]).join(' ');
  return Array.from({ length: stories }, story).join('.\n<|endoftext|>\n');
}

/** A run that ends by its steps, on a text of {@link storyText}; never reports or saves by the way. */
export const tinyRun = {
  preset: 'tiny',
  vocabulary: 290,
  context: 64,
  batchTokens: 256,
  every: { progress: 1e9, checkpoint: 1e9, sample: 1e9 },
} satisfies Omit<TrainFilesOptions, 'out' | 'text'>;
