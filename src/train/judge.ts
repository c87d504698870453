/** How well a model predicts texts, with the trainer's vector code: many times as fast as the reference. */
import type { Model, Tokenizer } from '../model/index.ts';
import { BOS, type Corpus, inMemory } from './batches.ts';
import { createEngine, type TrainMachinery } from './engine.ts';
import { measuring } from './measure.ts';
import { flatten } from './teachers.ts';

export interface Judge {
  /** What messages call it. */
  name: string;
  model: Model;
  tokenizer: Tokenizer;
}

/**
 * Bits per byte that a model gives to texts, all together: each from its beginning, as far as the model's context reaches; the bytes
 * beyond are left out.
 * @throws UsageError for a model that the trainer's pass does not compute
 */
export async function judge(
  { name, model, tokenizer }: Judge,
  texts: readonly string[],
  machinery: TrainMachinery,
): Promise<number> {
  const shape = model.config;
  const weights = flatten({ name, model });
  const encoded = texts.map((text) => tokenizer.encode(text, { bos: false }).slice(0, shape.context - 1));
  const engine = await createEngine(shape, { ...machinery, threads: 1, batchTokens: shape.context });
  try {
    engine.weights.set(weights);
    engine.refresh(measuring('none'));
    let nats = 0;
    let bytes = 0;
    for (const tokens of encoded.filter(({ length }) => length > 0)) {
      const corpus: Corpus = {
        tokens: inMemory(Int32Array.of(BOS, ...tokens)),
        starts: Int32Array.of(0, tokens.length + 1),
        bytes: 0,
      };
      nats += engine.loss(corpus, [{ start: 0, length: tokens.length }], measuring('none'));
      tokens.forEach((token, i) => {
        bytes += tokenizer.decode(tokens[i - 1] ?? BOS, token).length;
      });
    }
    return nats / Math.LN2 / bytes;
  } finally {
    await engine.close();
  }
}
