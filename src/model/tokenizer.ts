/** Tokenizers: encoding and decoding by their pieces and rules (tokenizers/), and llama2.c's tokenizer.bin. */
import { FailureError } from '../errors.ts';
import { byteReader } from './bytes.ts';
import { byteLevelEncoder } from './tokenizers/byte-level.ts';
import { byteOfPiece, type Encoder } from './tokenizers/lookup.ts';
import { inNormalForm } from './tokenizers/normal-form.ts';
import { hidesFirstSpace, normalFormOf, type TokenizerPieces } from './tokenizers/pieces.ts';
import { sentencePieceEncoder } from './tokenizers/sentencepiece.ts';
import { unigramEncoder } from './tokenizers/unigram.ts';
import { wordPieceEncoder } from './tokenizers/wordpiece.ts';

/** Tokens of llama2.c: a story begins with BOS, and the next BOS ends it. */
export const BOS_TOKEN = 1;
const LLAMA2C_TOKENS = { start: BOS_TOKEN, end: BOS_TOKEN, unknown: 0 };
/** No piece of any known tokenizer is near this long; above it the file is taken as damaged. */
const LONGEST_PIECE_BYTES = 4096;

export interface EncodeOptions {
  /** Whether the start token comes before the text; default true. */
  bos?: boolean;
}

export interface Tokenizer extends TokenizerPieces {
  /** Token ids of a text; the start token before it unless switched off. */
  encode(text: string | Uint8Array, options?: EncodeOptions): number[];
  /** Bytes that `token` prints after `previous`. */
  decode(previous: number, token: number): Uint8Array;
}

/** Reads llama2.c's tokenizer.bin. The file does not say how many pieces it has: `vocabularySize` comes from the model. */
export function readLlama2cTokenizer(
  bytes: Uint8Array,
  vocabularySize: number,
  name = 'tokenizer',
): Tokenizer {
  const reader = byteReader(bytes, name);
  const maxTokenLength = reader.i32();
  if (maxTokenLength < 1 || maxTokenLength > LONGEST_PIECE_BYTES) {
    throw new FailureError(
      `${name}: says that its longest piece has ${maxTokenLength} bytes; is this a llama2.c tokenizer.bin?`,
    );
  }
  const vocabulary: Uint8Array[] = [];
  const scores = new Float32Array(vocabularySize);
  for (let id = 0; id < vocabularySize; id++) {
    if (reader.remaining === 0) {
      throw new FailureError(
        `${name}: has ${id} pieces and the model ${vocabularySize}; give the tokenizer that the model was trained with`,
      );
    }
    [scores[id]] = reader.floats(1, `the score of piece ${id}`);
    const length = reader.i32();
    if (length < 0 || length > maxTokenLength) {
      throw new FailureError(
        `${name}: piece ${id} claims ${length} bytes where the longest has ${maxTokenLength}; the file is damaged`,
      );
    }
    vocabulary.push(new Uint8Array(reader.int8s(length, `piece ${id}`).buffer));
  }
  if (reader.remaining > 0) {
    throw new FailureError(
      `${name}: has more than the model's ${vocabularySize} pieces (${reader.remaining} bytes left over); give the tokenizer that the model was trained with`,
    );
  }
  return createTokenizer(llama2cPieces(vocabulary, scores, maxTokenLength));
}

/** Pieces and scores of llama2.c's, with its rules: a space goes before the text. */
export function llama2cPieces(
  vocabulary: Uint8Array[],
  scores: Float32Array,
  maxTokenLength = longestOf(vocabulary),
): TokenizerPieces {
  return {
    vocabulary,
    scores,
    maxTokenLength,
    rules: { algorithm: 'sentencepiece', space: 'always' },
    special: LLAMA2C_TOKENS,
  };
}

/** Bytes of the longest piece, at least 1. */
export const longestOf = (vocabulary: readonly Uint8Array[]): number =>
  vocabulary.reduce((longest, { length }) => Math.max(longest, length), 1);

function encoderOf(pieces: TokenizerPieces): Encoder {
  const { rules } = pieces;
  switch (rules.algorithm) {
    case 'sentencepiece':
      return sentencePieceEncoder(pieces, rules);
    case 'byte-level':
      return byteLevelEncoder(pieces, rules);
    case 'wordpiece':
      return wordPieceEncoder(pieces, rules);
    case 'unigram':
      return unigramEncoder(pieces, rules);
  }
}

const SPACE = 0x20;
const utf8 = new TextEncoder();

/** A tokenizer from its pieces. */
export function createTokenizer(pieces: TokenizerPieces): Tokenizer {
  const { vocabulary, scores, maxTokenLength, rules, special } = pieces;
  const { algorithm } = rules;
  let encoder: Encoder | undefined; // made when first used: many tokenizers only decode
  const spellsBytes = algorithm === 'sentencepiece' || algorithm === 'unigram';
  const bytePieces = spellsBytes ? vocabulary.map(byteOfPiece) : [];
  const hidesSpace = hidesFirstSpace(rules);
  const form = normalFormOf(rules);
  return {
    vocabulary,
    scores,
    maxTokenLength,
    rules,
    special,
    encode(text, { bos = true } = {}) {
      encoder ??= encoderOf(pieces);
      const bytes = typeof text === 'string' ? utf8.encode(text) : text;
      const tokens = encoder(form ? inNormalForm(bytes, form) : bytes);
      return bos ? [special.start, ...tokens] : tokens;
    },
    decode(previous, token) {
      const piece = vocabulary[token];
      if (piece === undefined)
        throw new FailureError(`token ${token} is outside the vocabulary of ${vocabulary.length} pieces`);
      const byte = bytePieces[token];
      if (byte !== undefined) return Uint8Array.of(byte);
      return hidesSpace && previous === special.start && piece[0] === SPACE ? piece.subarray(1) : piece;
    },
  };
}

/** The plain data of a tokenizer. */
export function piecesOf({
  vocabulary,
  scores,
  maxTokenLength,
  rules,
  special,
}: TokenizerPieces): TokenizerPieces {
  return { vocabulary, scores, maxTokenLength, rules, special };
}
