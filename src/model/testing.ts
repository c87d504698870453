/** Makes small checkpoints for tests. */
import { type ModelConfig, parameterCount } from './types.ts';

/** A llama2.c version 0 file whose weights count up by a thousandth. */
export function version0Bytes(config: ModelConfig): Uint8Array {
  const rope = config.context * (config.dim / config.heads);
  const floats = parameterCount(config) + rope;
  const bytes = new Uint8Array(28 + 4 * floats);
  const vocabulary = config.sharedClassifier ? config.vocabulary : -config.vocabulary;
  const { dim, hiddenDim, layers, heads, kvHeads, context } = config;
  new Int32Array(bytes.buffer, 0, 7).set([dim, hiddenDim, layers, heads, kvHeads, vocabulary, context]);
  new Float32Array(bytes.buffer, 28).set(Float32Array.from({ length: floats }, (_, i) => (i % 200) / 1000));
  return bytes;
}
