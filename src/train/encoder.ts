import type { TrainedTokenizer } from './tokenizer-trainer.ts';

/** Token ids of a document, without BOS; the same ids as llama2.c's encoder gives. */
export type Encoder = (document: string) => number[];

const utf8 = new TextEncoder();
/** No learned piece has white space after its first character, so no merge crosses these chunks. */
const chunkPattern = / ?\S+|\s/gu;
const FIRST_BYTE = 3;

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
  const cache = new Map<string, number[]>();
  return (document) => {
    const out: number[] = [];
    if (document.length === 0) return out;
    for (const chunk of ` ${document}`.match(chunkPattern) ?? []) {
      let tokens = cache.get(chunk);
      if (!tokens) cache.set(chunk, (tokens = mergeChunk(chunk, texts, tokenizer.scores, ids)));
      for (const token of tokens) out.push(token);
    }
    return out;
  };
}

function mergeChunk(
  chunk: string,
  texts: readonly string[],
  scores: Float32Array,
  ids: ReadonlyMap<string, number>,
): number[] {
  const tokens: number[] = [];
  for (const character of chunk) {
    const id = ids.get(character);
    if (id !== undefined) tokens.push(id);
    else for (const byte of utf8.encode(character)) tokens.push(byte + FIRST_BYTE);
  }
  for (;;) {
    let best = -1;
    let bestId = -1;
    let top = -1e10;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const id = ids.get(texts[tokens[i]] + texts[tokens[i + 1]]);
      if (id !== undefined && scores[id] > top) {
        top = scores[id];
        best = i;
        bestId = id;
      }
    }
    if (best < 0) return tokens;
    tokens.splice(best, 2, bestId);
  }
}
