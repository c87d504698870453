/** Which tokenizer a run has: its own from before, one that is given, the teachers', or one made for its text. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { FailureError, UsageError } from '../errors.ts';
import { loadTokenizer, type Tokenizer } from '../model/index.ts';
import type { RunState } from './checkpoint.ts';
import type { DocumentPart } from './documents.ts';
import { outputNames } from './outputs.ts';
import type { TrainOptions } from './run.ts';
import { FIRST_PIECE, type TrainedTokenizer, trainTokenizerOn, writeTokenizer } from './tokenizer-trainer.ts';

/** White space behind the first character: the trainer's encoder looks for pieces between spaces alone. */
const CROSSES_WORDS = /^.+\s/su;

/** A tokenizer as the trainer has its own. @throws UsageError for those that its encoder and llama2.c's file cannot say */
function asTrained({ vocabulary, scores, rules }: Tokenizer, name: string): TrainedTokenizer {
  const decoder = new TextDecoder();
  const learned = vocabulary.slice(FIRST_PIECE).map((piece) => decoder.decode(piece));
  const isOurs =
    rules.algorithm === 'sentencepiece' &&
    rules.space === 'always' &&
    !learned.some((piece) => CROSSES_WORDS.test(piece));
  if (!isOurs)
    throw new UsageError(
      `train: the tokenizer of ${name} has rules that train does not know; take one of train's.`,
    );
  return { pieces: [...vocabulary], scores: Float32Array.from(scores) };
}

/** The one that options name, if any. @throws UsageError where they do not agree */
function givenTokenizer({ tokenizer, teachers = [], grow }: TrainOptions): TrainedTokenizer | undefined {
  const named = [...(grow ? [grow] : []), ...teachers].map(({ name, model }) => {
    if (!model.tokenizer)
      throw new UsageError(`train: ${name} says nothing of its tokenizer; give its model.safetensors.`);
    return { name, trained: asTrained(model.tokenizer, name) };
  });
  if (tokenizer) named.unshift({ name: '--tokenizer', trained: asTrained(tokenizer, '--tokenizer') });
  const [first, ...others] = named;
  const other = others.find(({ trained }) => hashOfTokenizer(trained) !== hashOfTokenizer(first.trained));
  if (other)
    throw new UsageError(
      `train: ${first.name} and ${other.name} have two tokenizers; what they say cannot be compared.`,
    );
  return first?.trained;
}

const hashOfTokenizer = (tokenizer: TrainedTokenizer): string =>
  bytesToHex(sha256(writeTokenizer(tokenizer)));

/**
 * Pieces of the new model's vocabulary before its recipe is made, where they follow from what is given.
 * @throws UsageError where another number is asked for
 */
export function givenVocabulary(options: TrainOptions): number | undefined {
  const pieces = givenTokenizer(options)?.pieces.length;
  if (pieces !== undefined && options.vocabulary !== undefined && options.vocabulary !== pieces)
    throw new UsageError(
      `train: the tokenizer has ${pieces} pieces; leave out --vocab ${options.vocabulary}.`,
    );
  return pieces;
}

/** @throws FailureError where a run that goes on had another tokenizer */
export function chooseTokenizer(
  options: TrainOptions,
  state: RunState,
  parts: () => Iterable<DocumentPart>,
): TrainedTokenizer {
  const { storage, resume } = options;
  const { vocabulary } = state.recipe.shape;
  const { tokenizer: file } = outputNames;
  const kept = resume && state.tokenizerHash && storage.has(file) ? storage.read(file) : undefined;
  const isSame = kept && bytesToHex(sha256(kept)) === state.tokenizerHash;
  const tokenizer = isSame
    ? asTrained(loadTokenizer(kept, vocabulary), file)
    : (givenTokenizer(options) ?? trainTokenizerOn(parts(), vocabulary));
  const hash = hashOfTokenizer(tokenizer);
  if (state.tokenizerHash && state.tokenizerHash !== hash)
    throw new FailureError(
      `train: ${storage.name}/${file} is not there or damaged; name the tokenizer that the run began with.`,
    );
  state.tokenizerHash = hash;
  return tokenizer;
}
