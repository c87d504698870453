/** A smaller vocabulary: the pieces that some text uses and what spells the rest; a model keeps those rows of its tables. */

import { latin1 } from '../bytes.ts';
import { renumbered, tokensIn } from './chat-template.ts';
import { createTokenizer, longestOf, piecesOf, type Tokenizer } from './tokenizer.ts';
import { charactersOf } from './tokenizers/characters.ts';
import { byteOfPiece, lookupOf } from './tokenizers/lookup.ts';
import { mergePairs } from './tokenizers/merge.ts';
import type { GroupTensor, GroupWeights, Model } from './types.ts';

export interface Pruned {
  model: Model;
  tokenizer: Tokenizer;
  /** The old ids of the pieces, in their order: a piece's new id is its place. */
  kept: number[];
}

/**
 * Keeps the pieces that `texts` use, those that lead to them by merging, single characters and bytes, special tokens. The texts are cut
 * as before; others may take more tokens.
 */
export function pruneVocabulary(model: Model, tokenizer: Tokenizer, texts: readonly string[]): Pruned {
  const keep = new Set<number>([...Object.values(tokenizer.special), ...tokensIn(model.template)]);
  for (const text of texts) for (const token of tokenizer.encode(text)) keep.add(token);
  tokenizer.vocabulary.forEach((piece, id) => {
    if (spellsTheRest(piece)) keep.add(id);
  });
  const waysTo = mergeWays(tokenizer);
  for (const id of [...keep]) for (const part of waysTo(id)) keep.add(part);
  const kept = [...keep].sort((a, b) => a - b);
  const pieces = piecesOf(tokenizer);
  const vocabulary = kept.map((id) => pieces.vocabulary[id]);
  const place = (id: number): number => kept.indexOf(id);
  const { start, end, unknown } = pieces.special;
  return {
    model: {
      ...withRows(model, kept),
      words: undefined, // they are cut otherwise now
      ...(model.template ? { template: renumbered(model.template, place) } : {}),
    },
    tokenizer: createTokenizer({
      ...pieces,
      vocabulary,
      scores: Float32Array.from(kept, (id) => pieces.scores[id]),
      maxTokenLength: longestOf(vocabulary),
      special: { start: place(start), end: place(end), unknown: place(unknown) },
    }),
    kept,
  };
}

/** A byte, a character, or one with the space that it prints before it. */
const spellsTheRest = (piece: Uint8Array): boolean => {
  if (byteOfPiece(piece) !== undefined || piece.length === 1) return true;
  const characters = charactersOf(piece).length;
  return characters === 1 || (characters === 2 && piece[0] === 0x20);
};

/** The pieces that byte-pair merging makes on the way to one; none for tokenizers that look pieces up whole. */
function mergeWays(tokenizer: Tokenizer): (id: number) => number[] {
  const { algorithm } = tokenizer.rules;
  if (algorithm === 'wordpiece' || algorithm === 'unigram') return () => [];
  const { ids, merged } = lookupOf(tokenizer);
  const { vocabulary, scores } = tokenizer;
  return (id) => {
    const piece = vocabulary[id];
    const parts =
      algorithm === 'byte-level'
        ? Array.from(piece, (byte) => String.fromCharCode(byte))
        : charactersOf(piece).map(({ start, end }) => latin1(piece.subarray(start, end)));
    const tokens = parts.flatMap((part) => ids.get(part) ?? []);
    if (tokens.length < parts.length) return []; // a byte piece, or one that no merge makes
    const ways = [...tokens];
    mergePairs(tokens, merged, scores, (made) => ways.push(made));
    return ways;
  };
}

/** The model with those rows of its embedding and classifier. */
function withRows(model: Model, rows: readonly number[]): Model {
  const { config, weights, groups } = model;
  const { dim } = config;
  const pick = <T extends Float32Array | Int8Array>(from: T, columns: number): T => {
    const out = from.slice(0, rows.length * columns) as T;
    rows.forEach((row, i) => {
      out.set(from.subarray(row * columns, (row + 1) * columns), i * columns);
    });
    return out;
  };
  const pickGroups = ({ values, scales }: GroupTensor, groupSize: number): GroupTensor => ({
    values: pick(values, dim),
    scales: pick(scales, dim / groupSize),
  });
  const tokenEmbedding = pick(weights.tokenEmbedding, dim);
  const fewer = ({ groupSize, layers, ...tables }: GroupWeights): GroupWeights => {
    const embedding = pickGroups(tables.tokenEmbedding, groupSize);
    const isShared = tables.classifier === tables.tokenEmbedding;
    return {
      groupSize,
      layers,
      tokenEmbedding: embedding,
      classifier: isShared ? embedding : pickGroups(tables.classifier, groupSize),
    };
  };
  return {
    ...model,
    config: { ...config, vocabulary: rows.length },
    weights: {
      ...weights,
      tokenEmbedding,
      classifier: config.sharedClassifier ? tokenEmbedding : pick(weights.classifier, dim),
      ...(weights.layerEmbeddings && {
        layerEmbeddings: weights.layerEmbeddings.map((table) => pick(table, dim)),
      }),
    },
    ...(groups ? { groups: fewer(groups) } : {}),
  };
}
