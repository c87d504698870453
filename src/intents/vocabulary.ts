/** The tokenizer of a home's model: pieces from its examples, then the symbols of answers. */
import { createEncoder, type Encoder, type TrainedTokenizer, trainTokenizer } from '../train/index.ts';
import { type Symbols, symbolsOf } from './answer.ts';
import type { Home } from './home.ts';
import type { Example } from './sample.ts';

export interface Vocabulary {
  tokenizer: TrainedTokenizer;
  symbols: Symbols;
  encode: Encoder;
}

/** Sentences from which pieces are learned. */
const SENTENCES = 20_000;

/** `pieces`: how many the sentences are cut into, the 259 for bytes and control included. */
export function createVocabulary(home: Home, next: () => Example, pieces: number): Vocabulary {
  const sentences = Array.from({ length: SENTENCES }, () => next().text);
  return withSymbols(home, trainTokenizer(sentences, pieces));
}

export function withSymbols(home: Home, learned: TrainedTokenizer): Vocabulary {
  const symbols = symbolsOf(home, learned.pieces.length);
  const names = symbols.names.map((name) => new TextEncoder().encode(name));
  const scores = new Float32Array(learned.pieces.length + names.length).fill(-1e9);
  scores.set(learned.scores);
  return {
    tokenizer: { pieces: [...learned.pieces, ...names], scores },
    symbols,
    encode: createEncoder(learned),
  };
}
