/** Tokenizers: what they are made of, and the tables that the device reads too. */
export {
  CONTROL,
  classRanges,
  IDEOGRAPH,
  KIND_BITS,
  kindsOf,
  LETTER,
  MARK,
  NUMBER,
  PUNCTUATION,
  WHITE,
  WORD,
} from './characters.ts';
export { firstByteToken } from './lookup.ts';
export { type NormalForm, normalTables } from './normal-form.ts';
export {
  type ByteLevelRules,
  hidesFirstSpace,
  NEVER,
  normalFormOf,
  PATTERNS,
  type Pattern,
  type SentencePieceRules,
  SPACES,
  type SpaceInFront,
  type SpecialTokens,
  type TokenizerPieces,
  type TokenizerRules,
  type UnigramRules,
  type WordPieceRules,
} from './pieces.ts';
export { unknownScore } from './unigram.ts';
export { fold, goneKinds, wordKinds, wordOf } from './wordpiece.ts';
