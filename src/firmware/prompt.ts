/** What a prompt may be for a model: the console's own rules are the contract's. */
import { checkPromptText } from '../contract/index.ts';
import { UsageError } from '../errors.ts';
import type { Tokenizer } from '../model/index.ts';

export interface PromptRoom {
  tokenizer: Tokenizer;
  /** Positions of the image. */
  context: number;
}

/**
 * Refuses a prompt that the context does not hold, and more tokens than it has.
 * @param tokens positions asked for, the prompt's included
 * @throws UsageError
 */
export function checkStory(
  prompt: string,
  tokens: number | undefined,
  { tokenizer, context }: PromptRoom,
): void {
  checkPromptText(prompt);
  const encoded = tokenizer.encode(prompt);
  if (encoded.includes(tokenizer.special.unknown, 1))
    throw new UsageError(
      `the model's vocabulary has no piece for ${strangers(prompt, tokenizer)} of the prompt, and none for single bytes; leave it out`,
    );
  const needed = encoded.length;
  if (needed > context)
    throw new UsageError(
      `the prompt has ${needed} tokens and the context of this image holds ${context}; give a shorter prompt or a larger --context`,
    );
  if (tokens !== undefined && tokens > context)
    throw new UsageError(
      `${tokens} tokens are asked for and the context of this image holds ${context}; give --tokens ${context} at most, or a larger --context`,
    );
}

/** The characters that no piece stands for, as `"é", "ß"`; else the words. */
function strangers(prompt: string, tokenizer: Tokenizer): string {
  const isUnknown = (text: string): boolean => tokenizer.encode(text).includes(tokenizer.special.unknown, 1);
  const unknown = [...new Set([' ', ...prompt])].filter(isUnknown);
  const named = unknown.length > 0 ? unknown : prompt.split(/\s+/).filter(isUnknown);
  return named.map((text) => JSON.stringify(text)).join(', ');
}
