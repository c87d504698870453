/** A rollout in words, step by step on stderr. */
import type { RolloutStep } from '../serial/index.ts';
import { FIXED_QUESTION } from './fixed-question.ts';

/** What boards with a new image are asked, its length left out. */
export const ROLLOUT_QUESTION = { ...FIXED_QUESTION, seed: 1n } as const;

/** Length of their story, where nothing else is said. */
export const ROLLOUT_TOKENS = 48;

const WORDS: Readonly<Record<RolloutStep, string>> = {
  asking: 'is asked whether it runs',
  writing: 'is written',
  checking: 'is asked for the story that the simulator tells',
  renewed: 'has the new image and tells that story',
  'going back': 'gets its old image back',
  'is back': 'runs its old image',
};

export const sayStep = (board: string, step: RolloutStep): void => {
  process.stderr.write(`${board} ${WORDS[step]}\n`);
};
