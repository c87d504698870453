/** What a language model is: config, tensors, tokenizer; one file per checkpoint format. */
export { loadCheckpoint } from './checkpoint.ts';
export { writeOwn as writeCheckpoint } from './checkpoint-own.ts';
export { describeModel, type ModelDescription } from './describe.ts';
export {
  BOS_TOKEN,
  createTokenizer,
  type EncodeOptions,
  EOS_TOKEN,
  FIRST_BYTE_TOKEN,
  loadTokenizer,
  type Tokenizer,
  type TokenizerPieces,
  UNKNOWN_TOKEN,
} from './tokenizer.ts';
export * from './types.ts';
