/**
 * The forward pass that everything is compared with: llama2.c's run.c in float32, and runq.c's where the checkpoint is
 * Q8_0; and what other architectures have otherwise (ARCHITECTURES). Blueprint (`ModelConfig`), weights (`Model`) and state (the closure below) are three separate things, as there.
 */
import {
  kvDim,
  type LayerBiases,
  type MatrixName,
  type Model,
  matrixShape,
  NORM_EPSILON,
  ROPE_THETA,
  traitsOf,
} from '../model/index.ts';
import { attend, type LayerCache, rotate } from './attention.ts';
import { matmulGroups, quantizeGroups } from './groups.ts';
import { accumulate, activate, gateAndUp, layernorm, matmul, rmsnorm } from './math.ts';

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
  const { dim, hiddenDim, context, vocabulary, ropeTheta = ROPE_THETA } = config;
  const { rotary, gated } = traitsOf(config);
  const normalise = normOf(model);
  const firstSeen = windowOf(model);
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
      if (weights.positions) accumulate(x, weights.positions.subarray(position * dim, (position + 1) * dim));
      const addRow = (behind: number): void => {
        const table = weights.layerEmbeddings?.[behind];
        if (table) accumulate(x, table.subarray(token * dim, (token + 1) * dim));
      };
      addRow(0);
      weights.layers.forEach((layer, index) => {
        const { keys, values } = cache[index];
        const k = keys.subarray(position * keyDim, (position + 1) * keyDim);
        const v = values.subarray(position * keyDim, (position + 1) * keyDim);
        const biases = weights.biases?.[index];
        normalise(normed, x, layer.attentionNorm, biases?.attentionNorm);
        multiply(normed, index, { wq: q, wk: k, wv: v });
        if (rotary) rotate(q, k, position, dim / config.heads, ropeTheta);
        const seen = { first: firstSeen(index, position), position };
        attend(attended, q, cache[index], seen, config, scores, (head, weights) =>
          observer.attention?.(index, head, weights),
        );
        multiply(attended, index, { wo: projected });
        accumulate(x, projected);

        normalise(normed, x, layer.ffnNorm, biases?.ffnNorm);
        multiply(normed, index, gated ? { w1: gate, w3: up } : { w1: gate });
        if (gated) gateAndUp(config.activation, gate, up);
        else activate(config.activation, gate);
        multiply(gate, index, { w2: projected });
        accumulate(x, projected);
        addRow(index + 1);
        observer.layer?.(index, x);
      });
      normalise(x, x, weights.finalNorm, weights.finalNormBias);
      classify(model, x, logits);
      return logits;
    },
  };
}

/** The norm of the architecture. */
export function normOf({
  config,
}: Model): (out: Float32Array, x: Float32Array, weight: Float32Array, bias?: Float32Array) => void {
  const { normEpsilon = NORM_EPSILON } = config;
  return (out, x, weight, bias) =>
    bias ? layernorm(out, x, weight, bias, normEpsilon) : rmsnorm(out, x, weight, normEpsilon);
}

/** The first position that a layer's attention sees from another. */
function windowOf({ config: { localLayers = [], window = 0 } }: Model) {
  const local = new Set(localLayers);
  return (layer: number, position: number): number =>
    local.has(layer) ? Math.max(0, position - window + 1) : 0;
}

function multiplier(model: Model): Multiply {
  const { config, weights, groups } = model;
  const times = groups ? groupMultiplier(config, groups) : floatMultiplier(model);
  return (x, layer, products) => {
    times(x, layer, products);
    addBiases(weights.biases?.[layer], products);
  };
}

function addBiases(biases: LayerBiases | undefined, products: Parameters<Multiply>[2]): void {
  if (!biases) return;
  for (const [name, out] of Object.entries(products) as [MatrixName, Float32Array][]) {
    const bias = biases[name];
    if (bias) accumulate(out, bias);
  }
}

const floatMultiplier =
  ({ config, weights }: Model): Multiply =>
  (x, layer, products) => {
    for (const [name, out] of Object.entries(products) as [MatrixName, Float32Array][]) {
      matmul(out, weights.layers[layer][name], x, ...matrixShape(config, name));
    }
  };

const groupMultiplier =
  (config: Model['config'], groups: NonNullable<Model['groups']>): Multiply =>
  (x, layer, products) => {
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
