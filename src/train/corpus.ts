import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { utf8Length } from '../bytes.ts';
import { UsageError } from '../errors.ts';
import { type Corpus, encodeCorpus } from './batches.ts';
import { createEncoder } from './encoder.ts';
import { documentsOf, type TrainedTokenizer } from './tokenizer-trainer.ts';

/** Below this a text teaches nothing but itself. */
const SMALLEST_TEXT = 10_000;

/** Bytes that surely fit into a string of the engine. */
const LONGEST_TEXT = 2 ** 29 - 24;

/** A text to train on or to measure. */
export interface TextSource {
  /** What messages call it: its path. */
  name: string;
  /** UTF-8; documents parted by lines `<|endoftext|>`. */
  bytes: Uint8Array;
}

export interface TextData {
  documents: string[];
  hash: string;
}

/** The documents of a text. @throws UsageError when it is not UTF-8 or too little */
export function readText({ name, bytes }: TextSource, smallest = SMALLEST_TEXT): TextData {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    // A string holds 512 MB at most; what is longer is no fault of its encoding.
    if ((error as { code?: string }).code === 'ERR_STRING_TOO_LONG' || bytes.length >= LONGEST_TEXT)
      throw new UsageError(`train: ${name} has ${bytes.length} bytes; give at most ${LONGEST_TEXT}.`);
    throw new UsageError(`train: ${name} is not UTF-8 text; convert it first.`);
  }
  const documents = documentsOf(text);
  const size = documents.reduce((sum, document) => sum + utf8Length(document), 0);
  if (size < smallest) {
    throw new UsageError(
      `train: ${name} holds ${size} bytes of text; at least ${smallest} are needed to train a model.`,
    );
  }
  return { documents, hash: bytesToHex(sha256(bytes)) };
}

/** Tokens of a text. @throws UsageError when there are fewer than in one context */
export function prepareCorpus({ documents }: TextData, tokenizer: TrainedTokenizer, context: number): Corpus {
  const corpus = encodeCorpus(documents, createEncoder(tokenizer));
  if (corpus.tokens.length <= context) {
    throw new UsageError(
      `train: the text has ${corpus.tokens.length} tokens, fewer than the context of ${context}; use a smaller --context or more text.`,
    );
  }
  return corpus;
}
