/** The trainer's operators bound to one thread's buffers and one model: addresses instead of tensors. */
import type { Kernels } from './kernels.ts';
import type { Layout, ThreadBuffers } from './memory.ts';
import { parametersOf, type Shape, type Tensor } from './shape.ts';

/** Number of tokens in a chunk, the number of its segments, the length of each. */
type SegmentTable = Int32Array;

export type Operators = ReturnType<typeof bindOperators>;
export type Chunk = ReturnType<Operators['chunk']>;

/** Binds thread `index` of a run to its buffers. Weights are read from `layout.effective`. */
export function bindOperators(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  shape: Shape,
  layout: Layout,
  index: number,
) {
  const headSize = shape.dim / shape.heads;
  const buffers: ThreadBuffers = layout.threads[index];
  const segmentTables: readonly SegmentTable[] = layout.chunks.map(
    ({ segments }) => new Int32Array(memory.buffer, segments, layout.capacity + 2),
  );
  const bytes = new Uint8Array(memory.buffer);
  const parameters = parametersOf(shape);
  kernels.setScratch(buffers.gemmScratch);
  kernels.setAttentionScratch(buffers.attentionScratch, shape.context, headSize);
  const weight = (tensor: Tensor) => layout.effective + tensor.offset * 4;

  return {
    kernels,
    shape,
    layout,
    buffers,
    parameters,
    headSize,
    kvDim: headSize * shape.kvHeads,
    /** Floats that share a scale: the heads of either core, or of one where they cannot be halved. */
    queryGroup: shape.heads % 2 ? headSize : shape.dim / 2,
    cacheGroup: shape.kvHeads % 2 ? headSize : (headSize * shape.kvHeads) / 2,
    relu: shape.activation === 'relu',
    weights: new Float32Array(memory.buffer, layout.weights, parameters.count),
    weight,
    copy: (to: number, from: number, floats: number) => bytes.copyWithin(to, from, from + floats * 4),
    clear: (at: number, floats: number) => bytes.fill(0, at, at + floats * 4),
    /** out (+)= x times W transposed. */
    multiply: (out: number, x: number, w: Tensor, tokens: number, add = false) =>
      kernels.gemm(out, w.rows, x, w.columns, 1, weight(w), 1, w.columns, tokens, w.rows, w.columns, add),
    /** dx (+)= dOut times W. */
    multiplyBack: (dx: number, dOut: number, w: Tensor, tokens: number, add: boolean) =>
      kernels.gemm(dx, w.columns, dOut, w.rows, 1, weight(w), w.columns, 1, tokens, w.columns, w.rows, add),
    round(at: number, groups: number, group: number, levels: number) {
      if (levels) kernels.fakeQuantize(at, at, groups, group, levels);
    },
    /** A chunk of the batch: its buffers, its tokens, what adds to its gradient. */
    chunk(number: number) {
      const buffers = layout.chunks[number];
      const counts = segmentTables[number];
      const gradient = (tensor: Tensor) => buffers.gradients + tensor.offset * 4;
      return {
        ...buffers,
        count: counts[0],
        gradient,
        /** dW += dOut transposed times x. */
        multiplyWeights: ({ offset, rows, columns }: Tensor, dOut: number, x: number) =>
          kernels.gemm(
            buffers.gradients + offset * 4,
            columns,
            dOut,
            1,
            rows,
            x,
            columns,
            1,
            rows,
            columns,
            counts[0],
            true,
          ),
        /** Calls `visit` with the first token and the length of every segment (a document, or a window). */
        eachSegment(visit: (first: number, length: number) => void) {
          let first = 0;
          for (let i = 0; i < counts[1]; i++) {
            visit(first, counts[2 + i]);
            first += counts[2 + i];
          }
        },
      };
    },
  };
}
