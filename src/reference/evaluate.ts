/**
 * How well a model predicts text: nats per token and bits per byte (summed loss in bits over UTF-8 bytes). A story is BOS, then its
 * tokens, no EOS, cut so that BOS and tokens fill `context` positions; every token after BOS is predicted.
 */
import type { Tokenizer } from '../model/index.ts';
import type { Reference } from './forward.ts';

/** Line that ends a story in the TinyStories files. */
export const STORY_END = '<|endoftext|>';

export interface Evaluation {
  stories: number;
  /** Predicted tokens. */
  tokens: number;
  /** UTF-8 bytes of the stories, what the context cut off included. */
  bytes: number;
  natsPerToken: number;
  /** Over all of `bytes`, the figure that is usually quoted; it flatters where stories are cut. */
  bitsPerByte: number;
  /** Over the bytes of the predicted tokens alone. */
  bitsPerPredictedByte: number;
}

/** Stories of a text file; a file without end marks is one story. */
export function splitStories(text: string): string[] {
  return text
    .split(STORY_END)
    .map((story) => story.trim())
    .filter((story) => story.length > 0);
}

/** -ln softmax(logits)[target], in double precision. */
export function crossEntropy(logits: Float32Array, target: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i] > max) max = logits[i];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - max);
  return Math.log(sum) + max - logits[target];
}

export interface EvaluateOptions {
  /** Positions that a model sees at once. */
  context: number;
  /** `story`: each story once, cut at `context`. `windows`: non-overlapping windows of `context` tokens, each begun with BOS. */
  mode?: 'story' | 'windows';
  onProgress?: (done: number, total: number) => void;
}

/** Evaluates a forward pass on stories. */
export function evaluate(
  { forward }: Reference,
  tokenizer: Tokenizer,
  stories: readonly string[],
  { context, mode = 'story', onProgress }: EvaluateOptions,
): Evaluation {
  const total = { tokens: 0, bytes: 0, predictedBytes: 0, nats: 0 };
  stories.forEach((story, index) => {
    const [bos, ...tokens] = tokenizer.encode(story);
    const end = mode === 'story' ? Math.min(tokens.length, context - 1) : tokens.length;
    let previous = bos;
    total.bytes += new TextEncoder().encode(story).length;
    for (let at = 0; at < end; at++) {
      const position = at % context;
      if (position === 0) previous = bos;
      const target = tokens[at];
      total.nats += crossEntropy(forward(previous, position), target);
      total.predictedBytes += tokenizer.decode(at === 0 ? bos : -1, target).length;
      total.tokens++;
      previous = target;
    }
    onProgress?.(index + 1, stories.length);
  });
  return {
    stories: stories.length,
    tokens: total.tokens,
    bytes: total.bytes,
    natsPerToken: total.nats / total.tokens,
    bitsPerByte: total.nats / Math.LN2 / total.bytes,
    bitsPerPredictedByte: total.nats / Math.LN2 / total.predictedBytes,
  };
}
