/** A model that is kept to a few words. */
import { knownWords } from '../grammar/index.ts';
import { type QuantizedModel, quantize } from '../quantize/index.ts';
import { smallModel } from './testing.ts';

/** So few that every story would say others. */
export const FEW_WORDS =
  'Once upon a time there was a little girl named Lily. She had a big red ball and a dog. They liked to play in the park. ' +
  'One day the dog was sad. "What is it?" asked Lily. He said he wanted to go home. She gave him her ball, and they were happy.';

/** The small model, which knows the words of a text. */
export function knowing(text: string): QuantizedModel {
  const { model, tokenizer } = smallModel();
  return quantize({ ...model, words: knownWords([text], tokenizer) });
}
