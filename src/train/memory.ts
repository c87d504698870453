import { GEMM_SCRATCH_BYTES } from './kernels.ts';
import { parametersOf, type Shape } from './shape.ts';

/** Rows of logits that exist at a time (the classifier and the loss run in blocks of that many tokens). */
export const LOGIT_ROWS = 64;
/** Int32 slots at the start of memory for the threads' barrier and the command word. */
export const CONTROL_SLOTS = 16;
/**
 * A batch is done in so many chunks, whatever the number of threads, and the gradient is summed in as many
 * parts: threads take the next when they are free, so that a busy machine does not make one wait for the other,
 * and results do not depend on who did what.
 */
export const CHUNKS = 8;
/** Float64 slots of results: the chunks' losses, the parts' sums of squares, the norm of the gradient. */
export const RESULT_SLOTS = 2 * CHUNKS + 1;
/** Float64 slots of the step's settings (learning rates, clipping...), written by the main thread. */
export const SETTING_SLOTS = 24;

/** Bytes of attention's exponentials that a thread keeps at most; layers beyond make them again. */
const KEPT_BYTES = 32 << 20;

/** Addresses (bytes) of the activations one layer keeps for the backward pass. */
export interface LayerBuffers {
  input: number; // (tokens, dim)
  inverse1: number; // (tokens)
  normal1: number; // (tokens, dim)
  q: number; // (tokens, dim)
  k: number; // (tokens, kvDim)
  v: number; // (tokens, kvDim)
  sums: number; // (heads, tokens), as attentionForward leaves them
  /** Exponentials of the attention's scores (see keptFloats); 0 where there is no room for them. */
  kept: number;
  mixed: number; // (tokens, dim)
  mixedRounded: number; // (tokens, dim)
  middle: number; // (tokens, dim)
  inverse2: number; // (tokens)
  normal2: number; // (tokens, dim)
  gate: number; // (tokens, hiddenDim)
  up: number; // (tokens, hiddenDim)
  hidden: number; // (tokens, hiddenDim)
}

/** A share of a step's batch, with its own gradient: any thread may do it, the sum is always the same. */
export interface ChunkBuffers {
  gradients: number;
  /** Int32: number of tokens, number of segments, then the lengths of the segments. */
  segments: number;
  tokens: number; // Int32 (capacity)
  targets: number; // Int32 (capacity)
  positions: number; // Int32 (capacity)
  /** A teacher's largest shares and their ids, where there is one: Int32 and floats (capacity, top). */
  teacherIds: number;
  teacherShares: number;
  /** Exponentials of the logits, where they are asked for: (capacity, logitStride). */
  predictions: number;
  /** Largest scores of attention in nats, none below 0: (layers, kvHeads). */
  scores: number;
}

/** What belongs to one thread. */
export interface ThreadBuffers {
  gemmScratch: number;
  attentionScratch: number;
  muonScratch: number;
  layers: LayerBuffers[];
  valueSteps: number; // (kvHeads, tokens)
  valueInverses: number; // (kvHeads, tokens)
  output: number; // (tokens, dim), after the last layer
  outputNormal: number; // (tokens, dim)
  outputInverse: number; // (tokens)
  logits: number; // (LOGIT_ROWS, logitStride)
  warmLogits: number; // (logitStride + top), used with a teacher alone
  dx: number; // (tokens, dim)
  dNormal: number; // (tokens, dim)
  dq: number; // (tokens, dim)
  dk: number; // (tokens, kvDim)
  dv: number; // (tokens, kvDim)
  dHidden: number; // (tokens, hiddenDim)
  dBranch: number; // (tokens, dim), used with dropout and tables alone
}

/** The one shared memory of a training run: every address in it. */
export interface Layout {
  control: number;
  settings: number;
  weights: number;
  /** What the forward pass reads: the weights, or their rounded image during the quantisation-aware phase. */
  effective: number;
  first: number;
  second: number;
  cosines: number; // (context, headSize)
  sines: number; // (context, headSize)
  results: number;
  chunks: ChunkBuffers[];
  threads: ThreadBuffers[];
  /** Tokens that a chunk has room for. */
  capacity: number;
  logitStride: number;
  /** Ids that a teacher names for a token; 0: there is none. */
  top: number;
  bytes: number;
}

/** What a run may need room for beside training on a text. */
export interface Extras {
  /** Ids that a teacher names for a token. */
  top?: number;
  /** Whether predictions are asked for. */
  predicts?: boolean;
}

/** Lays out a run of `threads` threads and of chunks of up to `capacity` tokens. */
export function layOut(
  shape: Shape,
  threads: number,
  capacity: number,
  { top: named = 0, predicts = false }: Extras = {},
): Layout {
  const { count } = parametersOf(shape);
  const headSize = shape.dim / shape.heads;
  const logitStride = ((shape.vocabulary + 3) & ~3) + 4;
  let top = 1024;
  const bytes = (size: number): number => {
    const at = top;
    top = (top + size + 63) & ~63;
    return at;
  };
  const floats = (size: number): number => bytes(size * 4);
  const layout = {
    control: bytes(CONTROL_SLOTS * 4),
    settings: bytes(SETTING_SLOTS * 8),
    weights: floats(count),
    effective: floats(count),
    first: floats(count),
    second: floats(count),
    cosines: floats(shape.context * headSize),
    sines: floats(shape.context * headSize),
    results: bytes(RESULT_SLOTS * 8),
    chunks: Array.from({ length: CHUNKS }, () => ({
      gradients: floats(count),
      segments: floats(capacity + 2),
      tokens: floats(capacity),
      targets: floats(capacity),
      positions: floats(capacity),
      teacherIds: floats(capacity * named),
      teacherShares: floats(capacity * named),
      predictions: floats(predicts ? capacity * logitStride : 0),
      scores: floats(shape.layers * shape.kvHeads),
    })),
    threads: Array.from({ length: threads }, () => ({
      ...threadBuffers(shape, capacity, logitStride, bytes),
      warmLogits: floats(logitStride + named),
    })),
    capacity,
    logitStride,
    top: named,
  };
  return { ...layout, bytes: top + 4096 };
}

/** See wasm/attention.ts, setAttentionScratch. */
function attentionScratchBytes(context: number, headSize: number): number {
  const length = (context + 7) & ~7;
  const width = (headSize + 7) & ~7;
  return 4 * (2 * 16 * (length + 8) + 3 * length * width + 2 * 16 * width + 4);
}

/** Floats that attention's forward pass keeps of one head of a segment: rows of 1 to `length` entries, each up to a multiple of 8. */
export function keptFloats(length: number): number {
  const whole = length >> 3;
  return 8 * (whole + 1) * (4 * whole + (length & 7));
}

function threadBuffers(
  shape: Shape,
  capacity: number,
  logitStride: number,
  bytes: (size: number) => number,
): Omit<ThreadBuffers, 'warmLogits'> {
  const { dim, hiddenDim, heads } = shape;
  const kvDim = (dim / heads) * shape.kvHeads;
  const perToken = (width: number): number => bytes((capacity + 4) * width * 4);
  const longest = Math.min(shape.context, capacity);
  const segments = Math.floor(capacity / longest) * keptFloats(longest) + keptFloats(capacity % longest);
  const keptBytes = 4 * heads * segments;
  const largest = Math.max(dim, hiddenDim) * dim + dim * dim;
  return {
    gemmScratch: bytes(GEMM_SCRATCH_BYTES),
    attentionScratch: bytes(attentionScratchBytes(shape.context, dim / heads)),
    muonScratch: bytes(2 * largest * 4),
    layers: Array.from({ length: shape.layers }, (_, i) => ({
      input: perToken(dim),
      inverse1: perToken(1),
      normal1: perToken(dim),
      q: perToken(dim),
      k: perToken(kvDim),
      v: perToken(kvDim),
      sums: perToken(heads),
      kept: (i + 1) * keptBytes <= KEPT_BYTES ? bytes(keptBytes) : 0,
      mixed: perToken(dim),
      mixedRounded: perToken(dim),
      middle: perToken(dim),
      inverse2: perToken(1),
      normal2: perToken(dim),
      gate: perToken(hiddenDim),
      up: perToken(hiddenDim),
      hidden: perToken(hiddenDim),
    })),
    valueSteps: perToken(shape.kvHeads),
    valueInverses: perToken(shape.kvHeads),
    output: perToken(dim),
    outputNormal: perToken(dim),
    outputInverse: perToken(1),
    logits: bytes((LOGIT_ROWS + 4) * logitStride * 4),
    dx: perToken(dim),
    dNormal: perToken(dim),
    dq: perToken(dim),
    dk: perToken(kvDim),
    dv: perToken(kvDim),
    dHidden: perToken(hiddenDim),
    dBranch: perToken(dim),
  };
}

/** A shared memory with that much room. */
export function createMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / 65536);
  return new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
}

/** Fills the RoPE tables in the form that the kernel `rope` reads (llama2.c's angles, base 10000). */
export function fillRotations(memory: WebAssembly.Memory, layout: Layout, shape: Shape): void {
  const headSize = shape.dim / shape.heads;
  const cosines = new Float32Array(memory.buffer, layout.cosines, shape.context * headSize);
  const sines = new Float32Array(memory.buffer, layout.sines, shape.context * headSize);
  for (let position = 0; position < shape.context; position++) {
    for (let i = 0; i < headSize; i += 2) {
      const angle = position / 10000 ** (i / headSize);
      const at = position * headSize + i;
      cosines[at] = cosines[at + 1] = Math.cos(angle);
      sines[at] = -Math.sin(angle);
      sines[at + 1] = Math.sin(angle);
    }
  }
}
