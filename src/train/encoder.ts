import type { TrainedTokenizer } from './tokenizer-trainer.ts';

/** Token ids of a document, without BOS; the same ids as llama2.c's encoder gives. `continues`: it is no beginning but goes on at white space. */
export type Encoder = (document: string, continues?: boolean) => number[];

const utf8 = new TextEncoder();
/** No learned piece has white space after its first character, so no merge crosses these chunks. */
const chunkPattern = / ?\S+|\s/gu;
const FIRST_BYTE = 3;
/** Longer runs without a space are cut, so that time stays in proportion to the text. */
const LONGEST_CHUNK = 256;
/** Different chunks that are remembered. */
const MOST_CHUNKS = 1 << 18;

/**
 * A fast encoder for whole corpora: chunks between spaces are merged once and remembered. It is valid for
 * tokenizers of trainTokenizer only, whose pieces keep to that rule.
 */
export function createEncoder(tokenizer: TrainedTokenizer): Encoder {
  const decoder = new TextDecoder();
  const ids = new Map<string, number>();
  tokenizer.pieces.forEach((piece, id) => {
    const text = decoder.decode(piece);
    if (!ids.has(text)) ids.set(text, id);
  });
  const texts = tokenizer.pieces.map((piece) => decoder.decode(piece));
  const merged = mergeTable(texts, ids);
  const cache = new Map<string, number[]>();
  return (document, continues = false) => {
    const out: number[] = [];
    if (document.length === 0) return out;
    for (const { 0: word } of (continues ? document : ` ${document}`).matchAll(chunkPattern)) {
      for (const chunk of word.length > LONGEST_CHUNK ? cut(word) : [word]) {
        let tokens = cache.get(chunk);
        if (!tokens) {
          tokens = mergeChunk(chunk, tokenizer.scores, ids, merged);
          if (cache.size >= MOST_CHUNKS) cache.clear();
          cache.set(chunk, tokens);
        }
        for (const token of tokens) out.push(token);
      }
    }
    return out;
  };
}

/** Pieces of up to {@link LONGEST_CHUNK} UTF-16 units, no character cut. */
function cut(word: string): string[] {
  const characters = [...word];
  const half = LONGEST_CHUNK / 2;
  return Array.from({ length: Math.ceil(characters.length / half) }, (_, i) =>
    characters.slice(i * half, (i + 1) * half).join(''),
  );
}

/** The piece that two tokens make together, or -1; looked up once a pair. */
function mergeTable(texts: readonly string[], ids: ReadonlyMap<string, number>) {
  const known = new Map<number, number>();
  return (left: number, right: number): number => {
    const pair = left * texts.length + right;
    let id = known.get(pair);
    if (id === undefined) known.set(pair, (id = ids.get(texts[left] + texts[right]) ?? -1));
    return id;
  };
}

/** Merges the pair with the best score (of equal ones the first) until none is left. */
function mergeChunk(
  chunk: string,
  scores: Float32Array,
  ids: ReadonlyMap<string, number>,
  merged: (left: number, right: number) => number,
): number[] {
  const tokens: number[] = [];
  for (const character of chunk) {
    const id = ids.get(character);
    if (id !== undefined) tokens.push(id);
    else for (const byte of utf8.encode(character)) tokens.push(byte + FIRST_BYTE);
  }
  const pairs = tokens.slice(1).map((token, i) => merged(tokens[i], token));
  for (;;) {
    let best = -1;
    let top = -1e10;
    for (let i = 0; i < pairs.length; i++) {
      if (pairs[i] >= 0 && scores[pairs[i]] > top) {
        top = scores[pairs[i]];
        best = i;
      }
    }
    if (best < 0) return tokens;
    tokens.splice(best, 2, pairs[best]);
    pairs.splice(best, 1);
    if (best > 0) pairs[best - 1] = merged(tokens[best - 1], tokens[best]);
    if (best < pairs.length) pairs[best] = merged(tokens[best], tokens[best + 1]);
  }
}
