import type { Kernels } from './kernels.ts';
import { type LayerBuffers, type Layout, LOGIT_ROWS } from './memory.ts';
import { type LayerTensors, parametersOf, type Shape, type Tensor } from './shape.ts';

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

/** The chip's gate saturates there (device/kernels/swiglu.ts); the gradient passes as if it did not. */
const GATE_LIMIT = 16;

/** Forward and backward pass of one thread. */
export interface Pass {
  /**
   * Runs the tokens of a chunk. `scale` is the weight of one token in the mean loss; 0 asks for the loss
   * alone. Gradients are added to the chunk's gradient vector. Returns the summed loss in nats.
   */
  run(chunk: number, rounding: Rounding, scale: number): number;
}

/** Binds thread `index` of a run to its buffers. Weights are read from `layout.effective`. */
export function createPass(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  shape: Shape,
  layout: Layout,
  index: number,
): Pass {
  const { dim, hiddenDim, heads, kvHeads, vocabulary } = shape;
  const headSize = dim / heads;
  const kvDim = headSize * kvHeads;
  const queryGroup = heads % 2 ? headSize : dim / 2;
  const cacheGroup = kvHeads % 2 ? headSize : kvDim / 2;
  const relu = shape.activation === 'relu';
  const parameters = parametersOf(shape);
  const buffers = layout.threads[index];
  const segmentTables = layout.chunks.map(
    ({ segments }) => new Int32Array(memory.buffer, segments, layout.capacity + 2),
  );
  let chunk = layout.chunks[0];
  let counts = segmentTables[0];
  const bytes = new Uint8Array(memory.buffer);
  const weights = new Float32Array(memory.buffer, layout.weights, parameters.count);
  const { cosines, sines } = layout;
  kernels.setScratch(buffers.gemmScratch);
  kernels.setAttentionScratch(buffers.attentionScratch, shape.context, headSize);

  const weight = (tensor: Tensor) => layout.effective + tensor.offset * 4;
  const gradient = (tensor: Tensor) => chunk.gradients + tensor.offset * 4;
  const copy = (to: number, from: number, floats: number) => bytes.copyWithin(to, from, from + floats * 4);
  const clear = (at: number, floats: number) => bytes.fill(0, at, at + floats * 4);

  /** out (+)= x times W transposed. */
  const multiply = (out: number, x: number, w: Tensor, tokens: number, add = false) =>
    kernels.gemm(out, w.rows, x, w.columns, 1, weight(w), 1, w.columns, tokens, w.rows, w.columns, add);
  /** dx (+)= dOut times W. */
  const multiplyBack = (dx: number, dOut: number, w: Tensor, tokens: number, add: boolean) =>
    kernels.gemm(dx, w.columns, dOut, w.rows, 1, weight(w), w.columns, 1, tokens, w.columns, w.rows, add);
  /** dW += dOut transposed times x. */
  const multiplyWeights = (w: Tensor, dOut: number, x: number, tokens: number) =>
    kernels.gemm(gradient(w), w.columns, dOut, 1, w.rows, x, w.columns, 1, w.rows, w.columns, tokens, true);
  const round = (at: number, groups: number, group: number, levels: number) => {
    if (levels) kernels.fakeQuantize(at, at, groups, group, levels);
  };

  /**
   * What no value of a layer can exceed, by Cauchy and Schwarz: the chip's unit for the scales in its value cache
   * (src/quantize/pack.ts).
   */
  const valueBound = ({ wv, attentionNorm }: LayerTensors): number => {
    const gain = attentionNorm.offset;
    let largest = 0;
    for (let at = wv.offset; at < wv.offset + wv.rows * dim; at += dim) {
      let squares = 0;
      for (let j = 0; j < dim; j++) squares += (weights[at + j] * weights[gain + j]) ** 2;
      largest = Math.max(largest, squares);
    }
    return Math.sqrt(dim * largest);
  };

  /** Calls `visit` with the first token and the length of every segment (a document, or a window). */
  const eachSegment = (visit: (first: number, length: number) => void) => {
    let first = 0;
    for (let i = 0; i < counts[1]; i++) {
      visit(first, counts[2 + i]);
      first += counts[2 + i];
    }
  };

  const forwardLayer = (w: LayerTensors, b: LayerBuffers, out: number, n: number, rounding: Rounding) => {
    const { activations, cache } = rounding;
    kernels.rmsnormForward(b.normal1, b.inverse1, b.input, weight(w.attentionNorm), n, dim);
    round(b.normal1, n, dim, activations);
    multiply(b.q, b.normal1, w.wq, n);
    multiply(b.k, b.normal1, w.wk, n);
    multiply(b.v, b.normal1, w.wv, n);
    kernels.rope(b.q, chunk.positions, cosines, sines, n, dim, headSize, 1);
    kernels.rope(b.k, chunk.positions, cosines, sines, n, kvDim, headSize, 1);
    round(b.q, (n * dim) / queryGroup, queryGroup, cache);
    round(b.k, (n * kvDim) / cacheGroup, cacheGroup, cache);
    round(b.v, (n * kvDim) / cacheGroup, cacheGroup, cache);
    const { valueSteps, valueInverses } = buffers;
    if (cache) {
      const factor = 128 / valueBound(w);
      const shared = cacheGroup / headSize;
      kernels.valueSteps(valueSteps, valueInverses, b.v, n, kvHeads, headSize, shared, factor);
    }
    eachSegment((first, length) => {
      const row = first * dim * 4;
      const kvRow = first * kvDim * 4;
      kernels.attentionForward(
        b.mixed + row,
        b.logSums + first * heads * 4,
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
    });
    copy(b.mixedRounded, b.mixed, n * dim);
    round(b.mixedRounded, n, dim, activations);
    copy(b.middle, b.input, n * dim);
    multiply(b.middle, b.mixedRounded, w.wo, n, true);
    kernels.rmsnormForward(b.normal2, b.inverse2, b.middle, weight(w.ffnNorm), n, dim);
    round(b.normal2, n, dim, activations);
    multiply(b.gate, b.normal2, w.w1, n);
    multiply(b.up, b.normal2, w.w3, n);
    if (activations && !relu) kernels.clamp(b.gate, n * hiddenDim, GATE_LIMIT);
    kernels.gatedForward(b.hidden, b.gate, b.up, n * hiddenDim, relu);
    round(b.hidden, n, hiddenDim, activations);
    copy(out, b.middle, n * dim);
    multiply(out, b.hidden, w.w2, n, true);
  };

  /** Classifier and loss in blocks of rows; with a scale also their gradients, into dNormal. */
  const head = (n: number, scale: number): number => {
    const { classifier } = parameters;
    let loss = 0;
    for (let first = 0; first < n; first += LOGIT_ROWS) {
      const rows = Math.min(LOGIT_ROWS, n - first);
      const x = buffers.outputNormal + first * dim * 4;
      const stride = layout.logitStride;
      const w = weight(classifier);
      kernels.gemm(buffers.logits, stride, x, dim, 1, w, 1, dim, rows, vocabulary, dim, false);
      const targets = chunk.targets + first * 4;
      loss += kernels.crossEntropy(buffers.logits, stride, targets, rows, vocabulary, scale);
      if (!scale) continue;
      const dx = buffers.dNormal + first * dim * 4;
      kernels.gemm(dx, dim, buffers.logits, stride, 1, w, dim, 1, rows, dim, vocabulary, false);
      const dW = gradient(classifier);
      kernels.gemm(dW, dim, buffers.logits, 1, stride, x, dim, 1, vocabulary, dim, rows, true);
    }
    return loss;
  };

  /** Turns dx, the gradient of the layer's output, into that of its input. */
  const backwardLayer = (w: LayerTensors, b: LayerBuffers, n: number) => {
    const { dx, dNormal, dq, dk, dv, dHidden } = buffers;
    multiplyWeights(w.w2, dx, b.hidden, n);
    multiplyBack(dHidden, dx, w.w2, n, false);
    kernels.gatedBackward(dHidden, b.gate, b.up, n * hiddenDim, relu);
    multiplyWeights(w.w1, b.gate, b.normal2, n);
    multiplyWeights(w.w3, b.up, b.normal2, n);
    multiplyBack(dNormal, b.gate, w.w1, n, false);
    multiplyBack(dNormal, b.up, w.w3, n, true);
    const ffnNorm = weight(w.ffnNorm);
    kernels.rmsnormBackward(dx, gradient(w.ffnNorm), dNormal, b.middle, b.inverse2, ffnNorm, n, dim);
    multiplyWeights(w.wo, dx, b.mixedRounded, n);
    multiplyBack(dNormal, dx, w.wo, n, false);
    clear(dk, n * kvDim);
    clear(dv, n * kvDim);
    eachSegment((first, length) => {
      const row = first * dim * 4;
      const kvRow = first * kvDim * 4;
      kernels.attentionBackward(
        dq + row,
        dk + kvRow,
        dv + kvRow,
        dNormal + row,
        b.mixed + row,
        b.logSums + first * heads * 4,
        b.q + row,
        b.k + kvRow,
        b.v + kvRow,
        length,
        heads,
        kvHeads,
        headSize,
      );
    });
    kernels.rope(dq, chunk.positions, cosines, sines, n, dim, headSize, -1);
    kernels.rope(dk, chunk.positions, cosines, sines, n, kvDim, headSize, -1);
    multiplyWeights(w.wq, dq, b.normal1, n);
    multiplyWeights(w.wk, dk, b.normal1, n);
    multiplyWeights(w.wv, dv, b.normal1, n);
    multiplyBack(dNormal, dq, w.wq, n, false);
    multiplyBack(dNormal, dk, w.wk, n, true);
    multiplyBack(dNormal, dv, w.wv, n, true);
    const norm = weight(w.attentionNorm);
    kernels.rmsnormBackward(dx, gradient(w.attentionNorm), dNormal, b.input, b.inverse1, norm, n, dim);
  };

  return {
    run(number, rounding, scale) {
      chunk = layout.chunks[number];
      counts = segmentTables[number];
      const n = counts[0];
      if (n === 0) return 0;
      const { layers } = buffers;
      kernels.gather(layers[0].input, weight(parameters.embedding), chunk.tokens, n, dim);
      parameters.layers.forEach((w, i) => {
        forwardLayer(w, layers[i], layers[i + 1]?.input ?? buffers.output, n, rounding);
      });
      const norm = weight(parameters.finalNorm);
      kernels.rmsnormForward(buffers.outputNormal, buffers.outputInverse, buffers.output, norm, n, dim);
      round(buffers.outputNormal, n, dim, rounding.activations);
      const loss = head(n, scale);
      if (!scale) return loss;
      clear(buffers.dx, n * dim);
      const dNorm = gradient(parameters.finalNorm);
      const { dx, dNormal, output, outputInverse } = buffers;
      kernels.rmsnormBackward(dx, dNorm, dNormal, output, outputInverse, norm, n, dim);
      for (let i = layers.length - 1; i >= 0; i--) backwardLayer(parameters.layers[i], layers[i], n);
      kernels.scatterAdd(gradient(parameters.embedding), dx, chunk.tokens, n, dim);
      return loss;
    },
  };
}
