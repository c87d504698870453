/** The words that a story may be made of (src/grammar/words.ts). Few of them are read for a token, so they stay in flash. */
import { FailureError } from '../errors.ts';
import { areWords } from '../grammar/index.ts';
import type { Model } from '../model/index.ts';
import { blob } from './record.ts';
import type { Blob, QuantizedModel } from './types.ts';

/** Name of the blob; its address is `config.knownWords`. */
export const KNOWN_WORDS = 'knownWords';

/** None for a model that may say any. @throws FailureError for what is no list of words */
export function packKnownWords({ words, config }: Model): Blob[] {
  if (!words) return [];
  if (!areWords(words, config.vocabulary))
    throw new FailureError("the model's known words are damaged; fetch or train it again.");
  return [blob(KNOWN_WORDS, words, 'flash')];
}

/** Whether a packed model is kept to known words. */
export const knowsWords = ({ blobs }: Pick<QuantizedModel, 'blobs'>): boolean =>
  blobs.some(({ name }) => name === KNOWN_WORDS);
