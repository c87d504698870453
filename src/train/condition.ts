import type { DevicePrograms } from '../device-programs.ts';
import { loadTokenizer, type Tokenizer } from '../model/index.ts';
import { createHostEngine, type HostEngine, quantize } from '../quantize/index.ts';
import { crossEntropy } from '../reference/index.ts';
import { parametersOf, type Shape } from './shape.ts';
import { type TrainedTokenizer, writeTokenizer } from './tokenizer-trainer.ts';
import { modelOf } from './writer.ts';

/**
 * RMSNorm forgets the size of what it norms, so a model stays the same function when everything that writes to
 * the residual stream is multiplied by one number. The chip's fixed-point stream does notice: its additions
 * saturate when a single hidden unit is very large, as happens at the first token of a story.
 */
export function scaleResidual(shape: Shape, weights: Float32Array, factor: number): Float32Array {
  const out = weights.slice();
  const { embedding, finalNorm, layers, tables } = parametersOf(shape);
  const multiply = ({ offset, rows, columns }: typeof embedding, by: number) => {
    for (let i = offset; i < offset + rows * columns; i++) out[i] *= by;
  };
  multiply(embedding, factor);
  for (const { wo, w2 } of layers) {
    multiply(wo, factor);
    multiply(w2, factor);
  }
  for (const table of tables) multiply(table, factor);
  if (shape.sharedClassifier) multiply(finalNorm, 1 / factor);
  return out;
}

/** Powers of two change no other bit of a weight; smaller ones would wear out the embedding's integer units. */
const FACTORS = [1, 1 / 2, 1 / 4, 1 / 8];
const DOCUMENTS = 4;
const TOKENS = 96;

/** The weights with the residual stream scaled as suits the chip's int8 program best, tried on a few documents. */
export function conditionForChip(
  shape: Shape,
  weights: Float32Array,
  trained: TrainedTokenizer,
  documents: readonly string[],
  programs: DevicePrograms,
): Float32Array {
  const tokenizer = loadTokenizer(writeTokenizer(trained), shape.vocabulary);
  const context = Math.min(TOKENS, shape.context);
  const tried = FACTORS.map((factor) => {
    const scaled = scaleResidual(shape, weights, factor);
    const engine = createHostEngine(quantize(modelOf(shape, scaled)), { programs, context });
    return { scaled, loss: lossOf(engine, tokenizer, documents.slice(0, DOCUMENTS), context) };
  });
  return tried.reduce((best, next) => (next.loss < best.loss * 0.9995 ? next : best)).scaled;
}

/** Summed loss in nats of a quantised model, computed as the chip does, on the documents' first `length` tokens. */
function lossOf(
  { forward }: HostEngine,
  tokenizer: Tokenizer,
  documents: readonly string[],
  length: number,
): number {
  let loss = 0;
  for (const document of documents) {
    const tokens = tokenizer.encode(document).slice(0, length);
    for (let i = 0; i + 1 < tokens.length; i++) loss += crossEntropy(forward(tokens[i], i), tokens[i + 1]);
  }
  return loss;
}
