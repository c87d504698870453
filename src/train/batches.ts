import { utf8Length } from '../bytes.ts';
import type { Encoder } from './encoder.ts';
import { createRandom, type Random } from './random.ts';

export const BOS = 1;

/** Token ids that may be too many for memory. */
export interface TokenSource {
  length: number;
  /** Copies those from `start` on; behind the last stands BOS. */
  copy(start: number, to: Int32Array): void;
}

export const inMemory = (ids: Int32Array): TokenSource => ({
  length: ids.length,
  copy(start, to) {
    const part = ids.subarray(start, start + to.length);
    to.set(part);
    to.fill(BOS, part.length);
  },
});

/** A tokenised corpus: documents one after the other, each with BOS before it. */
export interface Corpus {
  tokens: TokenSource;
  /** Start of every document, and the end of the last. */
  starts: Int32Array;
  /** UTF-8 bytes of the documents. */
  bytes: number;
  /** 1 for tokens that are learned; the others are only read. Default: all. */
  learned?: Uint8Array;
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
  return { tokens: inMemory(tokens), starts, bytes };
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
  let pending: Segments = new Int32Array(0);
  const order = new Int32Array(count);
  const stream = packing === 'windows' ? corpus.tokens : undefined;

  const shuffle = () => {
    before = Array.from(random.state);
    for (let i = 0; i < count; i++) order[i] = i;
    random.shuffle(order);
  };
  const refill = (context: number) => {
    pending = stream
      ? windowsInDisorder(corpus.tokens.length, context, random)
      : documentsInOrder(corpus, context, order);
  };
  let builtFor = 0;
  const build = (context: number) => {
    shuffle();
    refill(context);
    builtFor = context;
  };
  if (resume?.context) build(resume.context);
  const prepare = (context: number) => {
    if (builtFor === context && 2 * cursor < pending.length) return;
    if (builtFor !== 0 && 2 * cursor >= pending.length) {
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
        const segment = { start: pending[2 * cursor], length: pending[2 * cursor + 1] };
        if (out.length && total + segment.length > tokens) return out;
        out.push(segment);
        total += segment.length;
        cursor++;
      }
    },
    state: () => ({ epoch, cursor, random: before, context: builtFor }),
  };
}

/** Start and length of many segments, one behind the other: 8 bytes each. */
type Segments = Int32Array;

/** All tokens of the documents in an order (their own where none is given), cut into contexts. */
export function* documentSegments(
  { starts }: Corpus,
  context: number,
  order?: Int32Array,
): Generator<Segment> {
  for (let i = 0; i + 1 < starts.length; i++) {
    const document = order ? order[i] : i;
    const end = starts[document + 1];
    for (let start = starts[document]; start < end; start += context) {
      yield { start, length: Math.min(context, end - start) };
    }
  }
}

function documentsInOrder(corpus: Corpus, context: number, order: Int32Array): Segments {
  const { starts } = corpus;
  let count = 0;
  for (let i = 0; i + 1 < starts.length; i++) count += Math.ceil((starts[i + 1] - starts[i]) / context);
  const segments = new Int32Array(2 * count);
  let at = 0;
  for (const { start, length } of documentSegments(corpus, context, order)) {
    segments[at++] = start;
    segments[at++] = length;
  }
  return segments;
}

function windowsInDisorder(total: number, context: number, random: Random): Segments {
  const shift = Math.floor(random.uniform() * Math.min(context, total - context));
  const order = Int32Array.from({ length: Math.floor((total - shift) / context) }, (_, i) => i);
  random.shuffle(order);
  const segments = new Int32Array(2 * order.length);
  order.forEach((window, i) => {
    segments[2 * i] = shift + window * context;
    segments[2 * i + 1] = context;
  });
  return segments;
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
