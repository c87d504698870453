import { utf8Length } from '../bytes.ts';
import type { Encoder } from './encoder.ts';
import { createRandom, type Random } from './random.ts';

export const BOS = 1;

/** A tokenised corpus: documents one after the other, each with BOS before it. */
export interface Corpus {
  tokens: Uint16Array | Int32Array;
  /** Start of every document, and the end of the last. */
  starts: Int32Array;
  /** UTF-8 bytes of the documents. */
  bytes: number;
}

export function encodeCorpus(documents: readonly string[], encode: Encoder): Corpus {
  const parts = documents.map((document) => [BOS, ...encode(document)]);
  const starts = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => {
    starts[i + 1] = starts[i] + part.length;
  });
  const tokens = new Int32Array(starts[parts.length]);
  parts.forEach((part, i) => {
    tokens.set(part, starts[i]);
  });
  const bytes = documents.reduce((sum, document) => sum + utf8Length(document), 0);
  return { tokens, starts, bytes };
}

/** A stretch of the corpus, at positions 0 and up; its targets are the tokens one further on. */
export interface Segment {
  start: number;
  length: number;
}

/** How documents become training sequences. */
export type Packing = 'documents' | 'windows';

/** Endless source of segments, reshuffled every epoch; its state goes into checkpoints. */
export interface Batches {
  /** Segments of at least one and together at most `tokens` tokens. */
  next(tokens: number, context: number): Segment[];
  state(): BatchState;
}

export interface BatchState {
  epoch: number;
  cursor: number;
  random: number[];
  /** Longest sequence that the cursor counts in; absent before there was a choice. */
  context?: number;
}

/**
 * `documents`: every document is a segment of its own (cut into contexts when longer), as the model meets it
 * when it tells a story. `windows`: the corpus as one stream of shuffled documents, cut every `context` tokens.
 */
export function createBatches(corpus: Corpus, packing: Packing, seed: number, resume?: BatchState): Batches {
  const count = corpus.starts.length - 1;
  let epoch = resume?.epoch ?? 0;
  let cursor = resume?.cursor ?? 0;
  let random = createRandom(resume ? Uint32Array.from(resume.random) : seed);
  let before = Array.from(random.state);
  let pending: Segment[] = [];
  const order = new Int32Array(count);
  const stream = packing === 'windows' ? corpus.tokens : undefined;

  const shuffle = () => {
    before = Array.from(random.state);
    for (let i = 0; i < count; i++) order[i] = i;
    random.shuffle(order);
  };
  const refill = (context: number) => {
    pending = stream
      ? windowSegments(corpus.tokens.length, context, random)
      : documentSegments(corpus, context, order);
  };
  let builtFor = 0;
  const build = (context: number) => {
    shuffle();
    refill(context);
    builtFor = context;
  };
  if (resume?.context) build(resume.context);
  const prepare = (context: number) => {
    if (builtFor === context && cursor < pending.length) return;
    if (builtFor !== 0 && cursor >= pending.length) {
      epoch++;
      cursor = 0;
    } else if (builtFor !== 0) {
      random = createRandom(Uint32Array.from(before));
      cursor = 0;
    }
    build(context);
  };
  return {
    next(tokens, context) {
      const out: Segment[] = [];
      for (let total = 0; ; ) {
        prepare(context);
        const segment = pending[cursor];
        if (out.length && total + segment.length > tokens) return out;
        out.push(segment);
        total += segment.length;
        cursor++;
      }
    },
    state: () => ({ epoch, cursor, random: before, context: builtFor }),
  };
}

/** All tokens of the documents in an order (their own where none is given), cut into contexts. */
export function documentSegments(corpus: Corpus, context: number, order?: Int32Array): Segment[] {
  const segments: Segment[] = [];
  for (const document of order ?? Array.from({ length: corpus.starts.length - 1 }, (_, i) => i)) {
    const end = corpus.starts[document + 1];
    for (let start = corpus.starts[document]; start < end; start += context) {
      segments.push({ start, length: Math.min(context, end - start) });
    }
  }
  return segments;
}

function windowSegments(total: number, context: number, random: Random): Segment[] {
  const shift = Math.floor(random.uniform() * Math.min(context, total - context));
  const count = Math.floor((total - shift) / context);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  random.shuffle(order);
  return Array.from(order, (i) => ({ start: shift + i * context, length: context }));
}

/**
 * Shares segments among `count` parts with room for `capacity` tokens: the costliest first, each to the least
 * loaded part (ties: the lower one). The parts come out costliest first.
 */
export function share(
  segments: readonly Segment[],
  count: number,
  quadratic: number,
  capacity: number,
): Segment[][] {
  const parts = Array.from({ length: count }, () => ({ cost: 0, tokens: 0, segments: [] as Segment[] }));
  const byLength = [...segments].sort((a, b) => b.length - a.length || a.start - b.start);
  for (const segment of byLength) {
    const part = parts
      .filter(({ tokens }) => tokens + segment.length <= capacity)
      .reduce((least, p) => (p.cost < least.cost ? p : least));
    part.segments.push(segment);
    part.tokens += segment.length;
    part.cost += segment.length * (1 + quadratic * segment.length);
  }
  return parts.sort((a, b) => b.cost - a.cost).map(({ segments }) => segments);
}
