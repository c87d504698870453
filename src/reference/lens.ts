/**
 * Looks inside a pass: what every layer would say if it were the last one (the logit lens, nostalgebraist 2020), and where every head looks.
 */
import type { Model } from '../model/index.ts';
import { classify, createReference, normOf } from './forward.ts';

export interface Look {
  /** Logits (vocabulary) by layer; those of the last one are the model's. */
  layers: Float32Array[];
  /** Weights (position + 1) by layer and head. */
  attention: Float32Array[][];
}

export interface Lens {
  /** As `forward` of a reference: positions go up from 0. What it gives is the caller's. */
  look(token: number, position: number): Look;
}

export function createLens(model: Model): Lens {
  const { config, weights } = model;
  let seen: Look = { layers: [], attention: [] };
  const normed = new Float32Array(config.dim);
  const normalise = normOf(model);
  const reference = createReference(model, {
    attention: (layer, head, given) => {
      (seen.attention[layer] ??= [])[head] = given.slice();
    },
    layer: (_, x) => {
      const logits = new Float32Array(config.vocabulary);
      normalise(normed, x, weights.finalNorm, weights.finalNormBias);
      classify(model, normed, logits);
      seen.layers.push(logits);
    },
  });
  return {
    look(token, position) {
      seen = { layers: [], attention: [] };
      reference.forward(token, position);
      return seen;
    },
  };
}

/** A token and how likely it is. */
export interface Likely {
  id: number;
  probability: number;
}

/** The likeliest tokens of softmax at temperature 1, the likeliest first. */
export function likeliest(logits: Float32Array, count: number): Likely[] {
  const chances = softmaxOf(logits);
  return Array.from(chances, (probability, id) => ({ id, probability }))
    .sort((one, other) => other.probability - one.probability || one.id - other.id)
    .slice(0, count);
}

/** Probabilities (vocabulary) at temperature 1. */
export function softmaxOf(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
