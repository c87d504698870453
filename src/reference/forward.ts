/**
 * The forward pass that everything is compared with: llama2.c's run.c in float32, and runq.c's where the checkpoint is
 * Q8_0. Blueprint (`ModelConfig`), weights (`Model`) and state (the closure below) are three separate things, as there.
 */
import { kvDim, type MatrixName, type Model, matrixShape, NORM_EPSILON, ROPE_THETA } from '../model/index.ts';
import { attend, type LayerCache, rotate } from './attention.ts';
import { matmulGroups, quantizeGroups } from './groups.ts';
import { accumulate, gateAndUp, matmul, rmsnorm } from './math.ts';

export interface Reference {
  /**
   * Logits (vocabulary) after `token` at `position`; positions go up from 0, and going back to an earlier one forgets what came
   * after it. The array is reused by the next call.
   */
  forward(token: number, position: number): Float32Array;
}

/** Sees what happens within a pass; the arrays are reused. */
export interface PassObserver {
  /** Weights (position + 1) that a head of a layer gives the positions. */
  attention?(layer: number, head: number, weights: Float32Array): void;
  /** The residual stream (dim) behind a layer. */
  layer?(layer: number, x: Float32Array): void;
}

/** Multiplies the named matrices of a layer with one vector; quantises that vector once where the checkpoint is Q8_0. */
type Multiply = (x: Float32Array, layer: number, products: Partial<Record<MatrixName, Float32Array>>) => void;

/** A float32 (or Q8_0) decoder with a KV cache for `model.config.context` positions. */
export function createReference(model: Model, observer: PassObserver = {}): Reference {
  const { config, weights } = model;
  const { dim, hiddenDim, context, vocabulary, normEpsilon = NORM_EPSILON, ropeTheta = ROPE_THETA } = config;
  const keyDim = kvDim(config);
  const cache: LayerCache[] = weights.layers.map(() => ({
    keys: new Float32Array(context * keyDim),
    values: new Float32Array(context * keyDim),
  }));
  const x = new Float32Array(dim); // residual stream
  const normed = new Float32Array(dim);
  const q = new Float32Array(dim);
  const attended = new Float32Array(dim);
  const projected = new Float32Array(dim);
  const gate = new Float32Array(hiddenDim);
  const up = new Float32Array(hiddenDim);
  const scores = new Float32Array(context);
  const logits = new Float32Array(vocabulary);
  const multiply = multiplier(model);

  return {
    forward(token, position) {
      if (token < 0 || token >= vocabulary)
        throw new RangeError(`token ${token} is outside the vocabulary of ${vocabulary}`);
      if (position < 0 || position >= context)
        throw new RangeError(`position ${position} is outside the context of ${context}`);
      x.set(weights.tokenEmbedding.subarray(token * dim, (token + 1) * dim));
      weights.layers.forEach((layer, index) => {
        const { keys, values } = cache[index];
        const k = keys.subarray(position * keyDim, (position + 1) * keyDim);
        const v = values.subarray(position * keyDim, (position + 1) * keyDim);
        rmsnorm(normed, x, layer.attentionNorm, normEpsilon);
        multiply(normed, index, { wq: q, wk: k, wv: v });
        rotate(q, k, position, dim / config.heads, ropeTheta);
        attend(attended, q, cache[index], position, config, scores, (head, weights) =>
          observer.attention?.(index, head, weights),
        );
        multiply(attended, index, { wo: projected });
        accumulate(x, projected);

        rmsnorm(normed, x, layer.ffnNorm, normEpsilon);
        multiply(normed, index, { w1: gate, w3: up });
        gateAndUp(config.activation, gate, up);
        multiply(gate, index, { w2: projected });
        accumulate(x, projected);
        observer.layer?.(index, x);
      });
      rmsnorm(x, x, weights.finalNorm, normEpsilon);
      classify(model, x, logits);
      return logits;
    },
  };
}

function multiplier({ config, weights, groups }: Model): Multiply {
  if (!groups) {
    return (x, layer, products) => {
      for (const [name, out] of Object.entries(products) as [MatrixName, Float32Array][]) {
        matmul(out, weights.layers[layer][name], x, ...matrixShape(config, name));
      }
    };
  }
  return (x, layer, products) => {
    const quantized = quantizeGroups(x, groups.groupSize);
    for (const [name, out] of Object.entries(products) as [MatrixName, Float32Array][]) {
      matmulGroups(
        out,
        groups.layers[layer][name],
        quantized,
        ...matrixShape(config, name),
        groups.groupSize,
      );
    }
  };
}

/** Logits (vocabulary) of a normalised residual stream. */
export function classify({ config, weights, groups }: Model, x: Float32Array, logits: Float32Array): void {
  const { vocabulary, dim } = config;
  if (!groups) matmul(logits, weights.classifier, x, vocabulary, dim);
  else
    matmulGroups(
      logits,
      groups.classifier,
      quantizeGroups(x, groups.groupSize),
      vocabulary,
      dim,
      groups.groupSize,
    );
}
