/** One training step of one thread: forward and backward pass over a chunk of the batch. */

import { addBranch, addRows, branchGradient, type Drop, type Dropping, dropping, sites } from './drop.ts';
import type { Kernels } from './kernels.ts';
import { keptFloats, type LayerBuffers, type Layout, LOGIT_ROWS } from './memory.ts';
import { bindOperators, type Chunk, type Operators } from './pass-operators.ts';
import type { LayerTensors, Shape } from './shape.ts';

/** How the forward pass rounds, so that training sees the chip's arithmetic; 0 levels: not at all. */
export interface Rounding {
  /** Steps each side of zero for the inputs of every matrix (127: int8), one scale a token; gates are cut, too. */
  activations: number;
  /**
   * The same for queries, keys and values: one scale a token for the heads of either core (half of them). The
   * softmax's weights are then rounded to s8 as well, each together with the scale of its value.
   */
  cache: number;
}

/** How a pass that trains differs from one that only asks for the loss. */
export interface Training extends Dropping {
  /** Weight of one token in the mean loss. */
  scale: number;
  /** Weight of the chunk's teacher in the loss, and the temperature of both distributions. */
  mix: number;
  temperature: number;
  /** Share of the text's labels that is spread over the vocabulary; the loss is told without. */
  smoothing: number;
}

/** The chip's gate saturates there (device/kernels/swiglu.ts); the gradient passes as if it did not. */
const GATE_LIMIT = 16;

/** Forward and backward pass of one thread. */
export interface Pass {
  /**
   * Runs the tokens of a chunk. Without `training` it asks for the loss alone; with it gradients are added to the chunk's gradient
   * vector. Returns the summed loss in nats.
   */
  run(chunk: number, rounding: Rounding, training?: Training): number;
  /** Runs the tokens of a chunk and leaves the exponentials of their logits, each row in a unit of its own. */
  predict(chunk: number): void;
}

/** Binds thread `index` of a run to its buffers. Weights are read from `layout.effective`. */
export function createPass(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  shape: Shape,
  layout: Layout,
  index: number,
): Pass {
  const ops = bindOperators(kernels, memory, shape, layout, index);
  return {
    run(number, rounding, training) {
      const chunk = ops.chunk(number);
      ops.clear(chunk.scores, shape.layers * shape.kvHeads);
      if (chunk.count === 0) return 0;
      const drop = dropping(ops, number, chunk.count, training);
      forward(ops, chunk, rounding, drop);
      const loss = head(ops, chunk, training);
      if (training) backward(ops, chunk, drop);
      return loss;
    },
    predict(number) {
      const chunk = ops.chunk(number);
      if (chunk.count === 0) return;
      forward(ops, chunk, { activations: 0, cache: 0 });
      const rowFloats = layout.logitStride;
      head(ops, chunk, undefined, (first, rows) =>
        ops.copy(chunk.predictions + first * rowFloats * 4, ops.buffers.logits, rows * rowFloats),
      );
    },
  };
}

/** From tokens to the normed vectors that the classifier reads. */
function forward(ops: Operators, chunk: Chunk, rounding: Rounding, drop?: Drop): void {
  const { kernels, buffers, parameters, weight, shape } = ops;
  const { layers, output, outputNormal, outputInverse } = buffers;
  const n = chunk.count;
  kernels.gather(layers[0].input, weight(parameters.embedding), chunk.tokens, n, shape.dim);
  drop?.(layers[0].input, sites.embedding);
  const addTable = (x: number, behind: number) => {
    const table = parameters.tables[behind];
    if (table) addRows(ops, chunk, x, table, drop && ((at) => drop(at, sites.table(behind))));
  };
  addTable(layers[0].input, 0);
  parameters.layers.forEach((w, i) => {
    const b = layers[i];
    const dropAt = (site: number) => drop && ((at: number) => drop(at, site));
    forwardAttention(ops, chunk, w, b, rounding, chunk.scores + 4 * i * shape.kvHeads);
    addBranch(ops, b.middle, b.input, b.mixedRounded, w.wo, n, dropAt(sites.attention(i)));
    forwardFeedForward(ops, n, w, b, rounding);
    const x = layers[i + 1]?.input ?? output;
    addBranch(ops, x, b.middle, b.hidden, w.w2, n, dropAt(sites.feedForward(i)));
    addTable(x, i + 1);
  });
  kernels.rmsnormForward(outputNormal, outputInverse, output, weight(parameters.finalNorm), n, shape.dim);
  ops.round(outputNormal, n, shape.dim, rounding.activations);
}

function forwardAttention(
  ops: Operators,
  chunk: Chunk,
  w: LayerTensors,
  b: LayerBuffers,
  { activations, cache }: Rounding,
  largest: number,
): void {
  const { kernels, layout, headSize, kvDim, queryGroup, cacheGroup, multiply, round } = ops;
  const { dim, heads, kvHeads } = ops.shape;
  const { valueSteps, valueInverses } = ops.buffers;
  const n = chunk.count;
  kernels.rmsnormForward(b.normal1, b.inverse1, b.input, ops.weight(w.attentionNorm), n, dim);
  round(b.normal1, n, dim, activations);
  multiply(b.q, b.normal1, w.wq, n);
  multiply(b.k, b.normal1, w.wk, n);
  multiply(b.v, b.normal1, w.wv, n);
  kernels.rope(b.q, chunk.positions, layout.cosines, layout.sines, n, dim, headSize, 1);
  kernels.rope(b.k, chunk.positions, layout.cosines, layout.sines, n, kvDim, headSize, 1);
  round(b.q, (n * dim) / queryGroup, queryGroup, cache);
  round(b.k, (n * kvDim) / cacheGroup, cacheGroup, cache);
  round(b.v, (n * kvDim) / cacheGroup, cacheGroup, cache);
  if (cache) {
    const factor = 128 / valueBound(ops, w);
    const shared = cacheGroup / headSize;
    kernels.valueSteps(valueSteps, valueInverses, b.v, n, kvHeads, headSize, shared, factor);
  }
  let { kept } = b;
  chunk.eachSegment((first, length) => {
    const row = first * dim * 4;
    const kvRow = first * kvDim * 4;
    kernels.attentionForward(
      b.mixed + row,
      b.sums + first * heads * 4,
      largest,
      kept,
      b.q + row,
      b.k + kvRow,
      b.v + kvRow,
      cache ? valueSteps + first * 4 : 0,
      valueInverses + first * 4,
      n * 4,
      length,
      heads,
      kvHeads,
      headSize,
    );
    if (kept) kept += 4 * heads * keptFloats(length);
  });
  ops.copy(b.mixedRounded, b.mixed, n * dim);
  round(b.mixedRounded, n, dim, activations);
}

function forwardFeedForward(
  ops: Operators,
  n: number,
  w: LayerTensors,
  b: LayerBuffers,
  { activations }: Rounding,
): void {
  const { kernels, multiply, round, relu } = ops;
  const { dim, hiddenDim } = ops.shape;
  kernels.rmsnormForward(b.normal2, b.inverse2, b.middle, ops.weight(w.ffnNorm), n, dim);
  round(b.normal2, n, dim, activations);
  multiply(b.gate, b.normal2, w.w1, n);
  multiply(b.up, b.normal2, w.w3, n);
  if (activations && !relu) kernels.clamp(b.gate, n * hiddenDim, GATE_LIMIT);
  kernels.gatedForward(b.hidden, b.gate, b.up, n * hiddenDim, relu);
  round(b.hidden, n, hiddenDim, activations);
}

/**
 * What no value of a layer can exceed, by Cauchy and Schwarz: the chip's unit for the scales in its value cache
 * (src/quantize/pack.ts).
 */
function valueBound({ weights, shape: { dim } }: Operators, { wv, attentionNorm }: LayerTensors): number {
  const gain = attentionNorm.offset;
  let largest = 0;
  for (let at = wv.offset; at < wv.offset + wv.rows * dim; at += dim) {
    let squares = 0;
    for (let j = 0; j < dim; j++) squares += (weights[at + j] * weights[gain + j]) ** 2;
    largest = Math.max(largest, squares);
  }
  return Math.sqrt(dim * largest);
}

/** Classifier and loss in blocks of rows; in training also their gradients, into dNormal, else `visit` sees the exponentials of a block. */
function head(
  ops: Operators,
  chunk: Chunk,
  training?: Training,
  visit?: (first: number, rows: number) => void,
): number {
  const { kernels, buffers, layout } = ops;
  const { dim, vocabulary } = ops.shape;
  const { classifier } = ops.parameters;
  const stride = layout.logitStride;
  const w = ops.weight(classifier);
  let loss = 0;
  for (let first = 0; first < chunk.count; first += LOGIT_ROWS) {
    const rows = Math.min(LOGIT_ROWS, chunk.count - first);
    const x = buffers.outputNormal + first * dim * 4;
    kernels.gemm(buffers.logits, stride, x, dim, 1, w, 1, dim, rows, vocabulary, dim, false);
    loss += training?.mix
      ? teacherLoss(ops, chunk, first, rows, training)
      : kernels.crossEntropy(
          buffers.logits,
          stride,
          chunk.targets + first * 4,
          rows,
          vocabulary,
          training?.scale ?? 0,
        );
    visit?.(first, rows);
    if (!training) continue;
    const smoothed = training.scale * (1 - training.mix) * training.smoothing;
    if (smoothed)
      kernels.smoothLabels(buffers.logits, stride, chunk.targets + first * 4, rows, vocabulary, smoothed);
    const dx = buffers.dNormal + first * dim * 4;
    kernels.gemm(dx, dim, buffers.logits, stride, 1, w, dim, 1, rows, dim, vocabulary, false);
    const dW = chunk.gradient(classifier);
    kernels.gemm(dW, dim, buffers.logits, 1, stride, x, dim, 1, vocabulary, dim, rows, true);
  }
  return loss;
}

/** The loss of a block of rows against text and teacher, and their gradients. */
function teacherLoss(
  { kernels, buffers, layout, shape }: Operators,
  chunk: Chunk,
  first: number,
  rows: number,
  { scale, mix, temperature }: Training,
): number {
  const { logitStride, top } = layout;
  return kernels.distill(
    buffers.logits,
    logitStride,
    chunk.targets + first * 4,
    chunk.teacherIds + first * top * 4,
    chunk.teacherShares + first * top * 4,
    top,
    rows,
    shape.vocabulary,
    scale,
    mix,
    temperature,
    buffers.warmLogits,
  );
}

/** From dNormal, the gradient of the classifier's input, to the gradients of all weights before it. */
function backward(ops: Operators, chunk: Chunk, drop?: Drop): void {
  const { kernels, buffers, parameters, shape } = ops;
  const { layers, dx, dNormal, output, outputInverse } = buffers;
  const n = chunk.count;
  const norm = ops.weight(parameters.finalNorm);
  ops.clear(dx, n * shape.dim);
  const dNorm = chunk.gradient(parameters.finalNorm);
  kernels.rmsnormBackward(dx, dNorm, dNormal, output, outputInverse, norm, n, shape.dim);
  const tableGradient = (behind: number) => {
    const table = parameters.tables[behind];
    if (!table) return;
    const ofRows = branchGradient(ops, n, sites.table(behind), drop);
    kernels.scatterAdd(chunk.gradient(table), ofRows, chunk.tokens, n, shape.dim);
  };
  for (let i = layers.length - 1; i >= 0; i--) {
    const w = parameters.layers[i];
    tableGradient(i + 1);
    const afterFeedForward = branchGradient(ops, n, sites.feedForward(i), drop);
    backwardFeedForward(ops, chunk, w, layers[i], afterFeedForward);
    const afterAttention = branchGradient(ops, n, sites.attention(i), drop);
    backwardAttention(ops, chunk, w, layers[i], afterAttention);
  }
  tableGradient(0);
  drop?.(dx, sites.embedding);
  kernels.scatterAdd(chunk.gradient(parameters.embedding), dx, chunk.tokens, n, shape.dim);
}

/** Turns dx, the gradient of the layer's output (dBranch: of what w2 gave), into that of what the feed-forward part reads. */
function backwardFeedForward(
  ops: Operators,
  chunk: Chunk,
  w: LayerTensors,
  b: LayerBuffers,
  dBranch: number,
): void {
  const { kernels, multiplyBack, relu } = ops;
  const { dim, hiddenDim } = ops.shape;
  const { dx, dNormal, dHidden } = ops.buffers;
  const n = chunk.count;
  chunk.multiplyWeights(w.w2, dBranch, b.hidden);
  multiplyBack(dHidden, dBranch, w.w2, n, false);
  kernels.gatedBackward(dHidden, b.gate, b.up, n * hiddenDim, relu);
  chunk.multiplyWeights(w.w1, b.gate, b.normal2);
  chunk.multiplyWeights(w.w3, b.up, b.normal2);
  multiplyBack(dNormal, b.gate, w.w1, n, false);
  multiplyBack(dNormal, b.up, w.w3, n, true);
  const norm = ops.weight(w.ffnNorm);
  kernels.rmsnormBackward(dx, chunk.gradient(w.ffnNorm), dNormal, b.middle, b.inverse2, norm, n, dim);
}

/** Turns dx from there (dBranch: of what wo gave) into the gradient of the layer's input. */
function backwardAttention(
  ops: Operators,
  chunk: Chunk,
  w: LayerTensors,
  b: LayerBuffers,
  dBranch: number,
): void {
  const { kernels, layout, headSize, kvDim, multiplyBack } = ops;
  const { dim, heads, kvHeads } = ops.shape;
  const { dx, dNormal, dq, dk, dv } = ops.buffers;
  const n = chunk.count;
  chunk.multiplyWeights(w.wo, dBranch, b.mixedRounded);
  multiplyBack(dNormal, dBranch, w.wo, n, false);
  ops.clear(dk, n * kvDim);
  ops.clear(dv, n * kvDim);
  let { kept } = b;
  chunk.eachSegment((first, length) => {
    const row = first * dim * 4;
    const kvRow = first * kvDim * 4;
    kernels.attentionBackward(
      dq + row,
      dk + kvRow,
      dv + kvRow,
      dNormal + row,
      b.mixed + row,
      b.sums + first * heads * 4,
      kept,
      b.q + row,
      b.k + kvRow,
      b.v + kvRow,
      length,
      heads,
      kvHeads,
      headSize,
    );
    if (kept) kept += 4 * heads * keptFloats(length);
  });
  kernels.rope(dq, chunk.positions, layout.cosines, layout.sines, n, dim, headSize, -1);
  kernels.rope(dk, chunk.positions, layout.cosines, layout.sines, n, kvDim, headSize, -1);
  chunk.multiplyWeights(w.wq, dq, b.normal1);
  chunk.multiplyWeights(w.wk, dk, b.normal1);
  chunk.multiplyWeights(w.wv, dv, b.normal1);
  multiplyBack(dNormal, dq, w.wq, n, false);
  multiplyBack(dNormal, dk, w.wk, n, true);
  multiplyBack(dNormal, dv, w.wv, n, true);
  const norm = ops.weight(w.attentionNorm);
  kernels.rmsnormBackward(dx, chunk.gradient(w.attentionNorm), dNormal, b.input, b.inverse1, norm, n, dim);
}
