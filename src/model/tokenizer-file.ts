/** Tokenizers in files of their own: llama2.c's tokenizer.bin, Hugging Face's tokenizer.json. */
import { FailureError } from '../errors.ts';
import { readTokenizerJson } from './hugging-face-tokenizer.ts';
import { parseObject } from './json-values.ts';
import { readLlama2cTokenizer, type Tokenizer } from './tokenizer.ts';

/** Reads a tokenizer for a model of so many pieces; what the file is, its bytes say. @throws FailureError */
export function loadTokenizer(bytes: Uint8Array, vocabularySize: number, name = 'tokenizer'): Tokenizer {
  if (bytes[0] !== 0x7b) return readLlama2cTokenizer(bytes, vocabularySize, name);
  const refuse = (what: string): never => {
    throw new FailureError(`${name}: ${what}`);
  };
  const json = parseObject(bytes) ?? refuse('is no JSON object');
  return readTokenizerJson(json, {}, vocabularySize, refuse);
}
