import type { Corpus, Segment } from './batches.ts';
import type { Engine } from './engine.ts';
import { roundingSettings } from './settings.ts';
import type { Settings } from './thread.ts';

export interface Measurement {
  tokens: number;
  natsPerToken: number;
  /** Summed loss in bits over the UTF-8 bytes of the documents, what the context cut off included. */
  bitsPerByte: number;
}

/** Documents one by one at full context: BOS, then the document, no EOS. */
function wholeDocuments(corpus: Corpus, context: number): Segment[] {
  return Array.from({ length: corpus.starts.length - 1 }, (_, i) => {
    const start = corpus.starts[i];
    return { start, length: Math.min(context, corpus.starts[i + 1] - start) - 1 };
  }).filter(({ length }) => length > 0);
}

/** How well the engine's weights predict a corpus; `batchTokens` is what the engine was created for. */
export function measure(
  engine: Engine,
  corpus: Corpus,
  batchTokens: number,
  settings: Settings,
): Measurement {
  engine.refresh(settings);
  const segments = wholeDocuments(corpus, engine.shape.context);
  let nats = 0;
  let group: Segment[] = [];
  let held = 0;
  const flush = () => {
    if (group.length) nats += engine.loss(corpus, group, settings);
    group = [];
    held = 0;
  };
  for (const segment of segments) {
    if (held + segment.length > batchTokens) flush();
    group.push(segment);
    held += segment.length;
  }
  flush();
  const tokens = segments.reduce((sum, { length }) => sum + length, 0);
  return { tokens, natsPerToken: nats / tokens, bitsPerByte: nats / Math.LN2 / corpus.bytes };
}

/** Settings that only measure: no rates, with the rounding of a finish. */
export function measuring(finish: 'none' | 'int8' | 'int4'): Settings {
  return {
    matrixRate: 0,
    embeddingRate: 0,
    normRate: 0,
    decay: 0,
    clip: 0,
    step: 1,
    scale: 0,
    muon: 0,
    dropout: 0,
    dropoutKey: 0,
    mix: 0,
    temperature: 1,
    smoothing: 0,
    ...roundingSettings(finish),
  };
}
