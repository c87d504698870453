/** Many stories from the device program on this machine. */

import { checkPromptText, type StoryOptions, storyLines } from '../contract/index.ts';
import type { Tokenizer } from '../model/index.ts';
import type { HostProgram } from './host.ts';

export interface ToldStory {
  seed: number;
  text: string;
  /** Its tokens, the prompt's included and the start token not. */
  tokens: number;
  /** Whether the model closed it; otherwise tokens or context were used up. */
  ended: boolean;
}

/** Tells the story of a seed with settings and prompt. @throws UsageError for a prompt that no console takes */
export function tellStory(
  host: HostProgram,
  tokenizer: Tokenizer,
  options: Omit<StoryOptions, 'seed'> & { seed: number },
): ToldStory {
  const { prompt = '', seed } = options;
  checkPromptText(prompt);
  for (const line of [...storyLines(options), prompt]) {
    host.type(`${line}\r`);
    host.settle();
  }
  const tokens = [...host.tokens];
  const bytes = tokens.flatMap((token, i) => [
    ...tokenizer.decode(tokens[i - 1] ?? tokenizer.special.start, token),
  ]);
  const text = new TextDecoder().decode(Uint8Array.from(bytes)).trim();
  return { seed, text, tokens: tokens.length, ended: host.status.ending === 'finished' };
}
