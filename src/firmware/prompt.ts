/** What a prompt may be: looked at before anything is simulated or sent, since the console would cut it, obey it or beep. */
import { UsageError } from '../errors.ts';
import type { Tokenizer } from '../model/index.ts';

/** Longest line that the console takes, in bytes. */
export const LINE_BYTES = 512;

/** Refuses what the console's line cannot hold as it is. @throws UsageError */
export function checkPromptText(prompt: string): void {
  const bytes = new TextEncoder().encode(prompt);
  const control = bytes.find((byte) => byte < 0x20 || byte === 0x7f);
  if (control === 0x0a || control === 0x0d)
    throw new UsageError(
      'the prompt has a line break, and the console of a board takes one line: write a space instead',
    );
  if (control !== undefined)
    throw new UsageError(
      `the prompt holds the control character 0x${control.toString(16).padStart(2, '0')}, which the console of a board takes for a key; leave it out`,
    );
  if (prompt.startsWith('/'))
    throw new UsageError(
      'the prompt begins with "/", which the console of a board takes for a command; begin with something else',
    );
  if (bytes.length > LINE_BYTES)
    throw new UsageError(
      `the prompt has ${bytes.length} bytes, and the console of a board takes a line of ${LINE_BYTES}; give a shorter one`,
    );
}

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
