/** llama2.c's generation loop over any forward pass. */
import type { Tokenizer } from '../model/index.ts';
import type { Reference } from './forward.ts';
import type { Sampler } from './sampler.ts';

export interface GenerateOptions {
  prompt?: string;
  /** Positions at most, the prompt's included. */
  steps: number;
  sampler: Sampler;
}

/** Yields token ids in order, those forced by the prompt included and the first start token not; ends at the start or the end token, as run.c at BOS. */
export function* generate(
  reference: Reference,
  tokenizer: Tokenizer,
  options: GenerateOptions,
): Generator<number> {
  const prompt = tokenizer.encode(options.prompt ?? '');
  const { start, end } = tokenizer.special;
  let token = prompt[0];
  for (let position = 0; position < options.steps; position++) {
    const logits = reference.forward(token, position);
    token = position + 1 < prompt.length ? prompt[position + 1] : options.sampler(logits);
    if (token === start || token === end) return;
    yield token;
  }
}
