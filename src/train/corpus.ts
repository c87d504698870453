import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { type Corpus, encodeCorpus } from './batches.ts';
import { createEncoder } from './encoder.ts';
import { documentsOf, type TrainedTokenizer, trainTokenizer } from './tokenizer-trainer.ts';

/** Below this a text teaches nothing but itself. */
const SMALLEST_TEXT = 10_000;

export interface TextData {
  documents: string[];
  hash: string;
}

/** Reads a text file. @throws UsageError when it is missing, not UTF-8 or too little */
export function readText(path: string, smallest = SMALLEST_TEXT): TextData {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new UsageError(`train: the text ${path} ${reason}.`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`train: ${path} is not UTF-8 text; convert it first.`);
  }
  const documents = documentsOf(text);
  const size = documents.reduce((sum, document) => sum + Buffer.byteLength(document), 0);
  if (size < smallest) {
    throw new UsageError(
      `train: ${path} holds ${size} bytes of text; at least ${smallest} are needed to train a model.`,
    );
  }
  return { documents, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** Tokenizer and tokens of a text. @throws UsageError when the text is shorter than one context */
export function prepareCorpus(
  { documents }: TextData,
  vocabulary: number,
  context: number,
): { tokenizer: TrainedTokenizer; corpus: Corpus } {
  const tokenizer = trainTokenizer(documents, vocabulary);
  const corpus = encodeCorpus(documents, createEncoder(tokenizer));
  if (corpus.tokens.length <= context) {
    throw new UsageError(
      `train: the text has ${corpus.tokens.length} tokens, fewer than the context of ${context}; use a smaller --context or more text.`,
    );
  }
  return { tokenizer, corpus };
}
