/** Training on examples that never come twice. */
import {
  type Corpus,
  createEngine,
  type Encoder,
  type Engine,
  initialize,
  inMemory,
  progressOf,
  type Recipe,
  type Segment,
  settingsOf,
  type TrainMachinery,
} from '../train/index.ts';
import { answerTokens, type Symbols } from './answer.ts';
import type { Example } from './sample.ts';

const BOS = 1;
/** At most so long nobody else gets a turn. */
const BREATH_MS = 200;
const PROGRESS_SECONDS = 10;

export interface LearnOptions extends TrainMachinery {
  recipe: Recipe;
  symbols: Symbols;
  encode: Encoder;
  next: () => Example;
  signal?: AbortSignal;
  /** Weights to begin with, of the same shape. */
  from?: Float32Array;
  onProgress?: (progress: LearnProgress, weights: Float32Array) => void;
}

export interface LearnProgress {
  step: number;
  tokens: number;
  /** Nats a token of the answers, since the last report. */
  loss: number;
  tokensPerSecond: number;
  /** 0 to 1. */
  done: number;
  secondsLeft: number;
}

/** A sentence and its answer as tokens; `read`: how many of them are given, the separator included. */
function documentOf(example: Example, symbols: Symbols, encode: Encoder): { tokens: number[]; read: number } {
  const sentence = encode(example.text);
  return { tokens: [BOS, ...sentence, ...answerTokens(example, symbols, encode)], read: sentence.length + 2 };
}

/** Weights of a model that answers. */
export async function learn(options: LearnOptions): Promise<Float32Array> {
  const { recipe, kernels, startThread } = options;
  const { threads, batchTokens } = recipe;
  const engine = await createEngine(recipe.shape, { kernels, startThread, threads, batchTokens });
  try {
    initialize(engine, recipe.seed);
    if (options.from) engine.weights.set(options.from);
    await loop(engine, options);
    return engine.weights.slice();
  } finally {
    await engine.close();
  }
}

async function loop(engine: Engine, { recipe, signal, onProgress, ...source }: LearnOptions): Promise<void> {
  let [step, tokens, seconds] = [0, 0, 0];
  let since = { loss: 0, steps: 0, tokens: 0, seconds: 0 };
  let breath = performance.now();
  engine.refresh(settingsOf(recipe, 1, 0));
  while (progressOf(recipe, step, seconds) < 1 && !signal?.aborted) {
    const before = performance.now();
    const { corpus, segments } = nextBatch(source, recipe.batchTokens, recipe.shape.context);
    const result = engine.step(corpus, segments, settingsOf(recipe, step + 1, seconds));
    step++;
    tokens += result.tokens;
    seconds += (performance.now() - before) / 1000;
    since.loss += result.loss;
    since.steps++;
    const done = progressOf(recipe, step, seconds);
    if (seconds - since.seconds >= PROGRESS_SECONDS || done >= 1) {
      onProgress?.(
        {
          step,
          tokens,
          loss: since.loss / since.steps,
          tokensPerSecond: (tokens - since.tokens) / (seconds - since.seconds),
          done,
          secondsLeft: (seconds * (1 - done)) / done,
        },
        engine.weights,
      );
      since = { loss: 0, steps: 0, tokens, seconds };
    }
    if (performance.now() - breath > BREATH_MS) {
      await new Promise((resolve) => setTimeout(resolve)); // lets signals and callers in
      breath = performance.now();
    }
  }
}

type Source = Pick<LearnOptions, 'symbols' | 'encode' | 'next'>;

/** Examples of at most `most` tokens together; one that is longer than the context is left out. */
function nextBatch(
  { symbols, encode, next }: Source,
  most: number,
  context: number,
): { corpus: Corpus; segments: Segment[] } {
  const tokens = new Int32Array(most + 1);
  const learned = new Uint8Array(most + 1);
  const segments: Segment[] = [];
  const starts = [0];
  for (let at = 0; ; ) {
    const { tokens: all, read } = documentOf(next(), symbols, encode);
    if (all.length > context) continue;
    if (at + all.length > most) {
      return {
        corpus: { tokens: inMemory(tokens), learned, starts: Int32Array.from(starts), bytes: 0 },
        segments,
      };
    }
    tokens.set(all, at);
    learned.fill(1, at + read, at + all.length);
    // The last token's target is not asked for.
    segments.push({ start: at, length: all.length - 1 });
    at += all.length;
    starts.push(at);
  }
}
