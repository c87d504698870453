/** What a language model is: config, tensors, tokenizer; one file per checkpoint format. */

export {
  type ChatTemplate,
  chatTemplateFrom,
  checkTurns,
  ROLES,
  type Role,
  renderTurns,
  TEMPLATES,
  type TemplateParts,
  type Turn,
} from './chat-template.ts';
export { loadCheckpoint, loadCheckpointFolder } from './checkpoint.ts';
export { writeOwn as writeCheckpoint } from './checkpoint-own.ts';
export { describeModel, describeTokenizer, type ModelDescription } from './describe.ts';
export {
  CONFIG_FILE,
  INDEX_FILE,
  type ReadFile,
  shardsOf,
  TEMPLATE_FILE,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from './hugging-face.ts';
export {
  type Files,
  loadFolder,
  type OpenedModel,
  openTogether,
  tokenizerBeside,
  withoutEnding,
} from './open.ts';
export { type Pruned, pruneVocabulary } from './prune-vocabulary.ts';
export { quantizeRow } from './rows.ts';
export {
  BOS_TOKEN,
  createTokenizer,
  type EncodeOptions,
  llama2cPieces,
  piecesOf,
  type Tokenizer,
} from './tokenizer.ts';
export { loadTokenizer } from './tokenizer-file.ts';
export * from './tokenizers/index.ts';
export * from './types.ts';
