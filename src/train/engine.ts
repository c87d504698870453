import { type Corpus, type Segment, share } from './batches.ts';
import { Command } from './crew.ts';
import {
  CHUNKS,
  createMemory,
  type Extras,
  fillRotations,
  type Layout,
  layOut,
  RESULT_SLOTS,
  SETTING_SLOTS,
} from './memory.ts';
import type { MultiplyAdd, TrainKernels } from './multiply-add.ts';
import { createRandom } from './random.ts';
import { checkShape, parametersOf, type Shape } from './shape.ts';
import { joinRun, Result, type Settings, type ThreadTask, writeSettings } from './thread.ts';

/** Cost of a token's attention against its matrices, for sharing the work: about 1 + length * this. */
const ATTENTION_SHARE = 1 / 400;

export interface StepResult {
  /** Mean loss in nats per learned token. */
  loss: number;
  tokens: number;
  gradientNorm: number;
}

/** Weights, optimiser state and threads of one model in training. */
export interface Engine {
  shape: Shape;
  weights: Float32Array;
  /** First and second moments (Muon's momentum is the first). */
  moments: [Float32Array, Float32Array];
  /** Sum of the chunks' gradients after the last step. */
  gradients: Float32Array;
  /** One step; with settings.mix against a teacher's predictions as well. */
  step(corpus: Corpus, segments: readonly Segment[], settings: Settings, teacher?: SoftTargets): StepResult;
  /** Summed loss in nats of the effective weights, without training; call `refresh` after changing weights. */
  loss(corpus: Corpus, segments: readonly Segment[], settings: Settings): number;
  /** Shows the prediction at every token of the segments (an index of the corpus): one float an id, in a unit of its own; of an engine that `predicts`. */
  predict(
    corpus: Corpus,
    segments: readonly Segment[],
    visit: (token: number, row: Float32Array) => void,
  ): void;
  /** Makes the effective weights (rounded as `settings` say) from the weights again. */
  refresh(settings: Settings): void;
  close(): Promise<void>;
}

/** What teachers predict at every token of a corpus: the largest shares of their mean distribution. */
export interface SoftTargets {
  /** Shares of a token. */
  top: number;
  /** Those of the tokens from `start` on: ids and shares (tokens, top). */
  copy(start: number, ids: Int32Array, shares: Float32Array): void;
}

/**
 * Starts a worker that hands its task to {@link followRun}; resolves once that is ready, with a promise of the worker's end. (While
 * it starts, a worker needs the event loop of the thread that starts it, which blocks during a step.)
 */
export type StartThread = (task: ThreadTask) => Promise<{ ended: Promise<void> }>;

/** What training takes from its surroundings: Node and browsers have other files and other workers. */
export interface TrainMachinery {
  kernels: TrainKernels;
  startThread: StartThread;
}

export interface EngineOptions extends TrainMachinery, Extras {
  /** Default: fused where there is such a kernel. */
  multiplyAdd?: MultiplyAdd;
  threads: number;
  /** Most tokens of one step, over all threads. */
  batchTokens: number;
}

/** Starts the threads; weights are zero until initialize() or a checkpoint fills them. */
export async function createEngine(shape: Shape, options: EngineOptions): Promise<Engine> {
  checkShape(shape);
  const { threads, batchTokens, kernels, multiplyAdd, startThread } = options;
  const module = (multiplyAdd !== 'plain' && kernels.fused) || kernels.plain;
  const capacity = Math.ceil(batchTokens / CHUNKS) + shape.context;
  const layout = layOut(shape, threads, capacity, options);
  const memory = createMemory(layout.bytes);
  fillRotations(memory, layout, shape);
  const { count } = parametersOf(shape);
  const main = joinRun({ module, memory, shape, layout, index: 0 });
  const workers = await Promise.all(
    Array.from({ length: threads - 1 }, (_, i) =>
      startThread({ module, memory, shape, layout, index: i + 1 }),
    ),
  );
  const floats = (address: number) => new Float32Array(memory.buffer, address, count);
  const slots = new Float64Array(memory.buffer, layout.settings, SETTING_SLOTS);
  const results = new Float64Array(memory.buffer, layout.results, RESULT_SLOTS);

  const command = (code: number, settings: Settings) => {
    writeSettings(slots, settings);
    main.meeting.setCommand(code);
    main.meeting.wait();
    main.work();
    main.meeting.wait();
  };
  const load = (corpus: Corpus, segments: readonly Segment[], teacher?: SoftTargets) => {
    const parts = share(segments, CHUNKS, ATTENTION_SHARE, capacity);
    parts.forEach((part, i) => {
      fillChunk(memory, layout, i, corpus, part);
      if (teacher) fillTeacher(memory, layout, i, part, teacher);
    });
    return parts;
  };
  const totalLoss = () => results.subarray(Result.loss, CHUNKS).reduce((sum, loss) => sum + loss, 0);

  return {
    shape,
    weights: floats(layout.weights),
    moments: [floats(layout.first), floats(layout.second)],
    gradients: floats(layout.chunks[0].gradients),
    step(corpus, segments, settings, teacher) {
      load(corpus, segments, settings.mix ? teacher : undefined);
      const tokens = segments.reduce((sum, segment) => sum + segment.length, 0);
      const learned = learnedTokens(corpus, segments) ?? tokens;
      command(Command.train, { ...settings, scale: 1 / Math.max(1, learned) });
      return { loss: totalLoss() / Math.max(1, learned), tokens, gradientNorm: results[Result.gradientNorm] };
    },
    loss(corpus, segments, settings) {
      load(corpus, segments);
      command(Command.loss, settings);
      return totalLoss();
    },
    predict(corpus, segments, visit) {
      const parts = load(corpus, segments);
      main.meeting.setCommand(Command.predict);
      main.meeting.wait();
      main.work();
      main.meeting.wait();
      const bytes = layout.logitStride * 4;
      parts.forEach((part, i) => {
        let at = layout.chunks[i].predictions;
        for (const { start, length } of part) {
          for (let token = start; token < start + length; token++, at += bytes)
            visit(token, new Float32Array(memory.buffer, at, shape.vocabulary));
        }
      });
    },
    refresh: (settings) => command(Command.refresh, settings),
    async close() {
      main.meeting.setCommand(Command.exit);
      main.meeting.wait();
      await Promise.all(workers.map(({ ended }) => ended));
    },
  };
}

/** A target without loss and gradient (wasm/loss.ts). */
const NOT_LEARNED = -1;

/** Targets with a loss, where not all have one. */
function learnedTokens({ learned }: Corpus, segments: readonly Segment[]): number | undefined {
  if (learned === undefined) return undefined;
  let count = 0;
  for (const { start, length } of segments) for (let i = 1; i <= length; i++) count += learned[start + i];
  return count;
}

function fillChunk(
  memory: WebAssembly.Memory,
  layout: Layout,
  index: number,
  corpus: Corpus,
  segments: readonly Segment[],
): void {
  const buffers = layout.chunks[index];
  const ints = (address: number, length: number) => new Int32Array(memory.buffer, address, length);
  const tokens = ints(buffers.tokens, layout.capacity);
  const targets = ints(buffers.targets, layout.capacity);
  const positions = ints(buffers.positions, layout.capacity);
  let at = 0;
  for (const { start, length } of segments) {
    const read = new Int32Array(length + 1);
    corpus.tokens.copy(start, read);
    for (let i = 0; i < length; i++) {
      positions[at + i] = i;
    }
    tokens.set(read.subarray(0, length), at);
    targets.set(read.subarray(1), at);
    if (corpus.learned)
      for (let i = 0; i < length; i++) if (!corpus.learned[start + i + 1]) targets[at + i] = NOT_LEARNED;
    at += length;
  }
  ints(buffers.segments, segments.length + 2).set([at, segments.length, ...segments.map((s) => s.length)]);
}

function fillTeacher(
  memory: WebAssembly.Memory,
  layout: Layout,
  index: number,
  segments: readonly Segment[],
  { top, copy }: SoftTargets,
): void {
  const { teacherIds, teacherShares } = layout.chunks[index];
  let at = 0;
  for (const { start, length } of segments) {
    const ids = new Int32Array(memory.buffer, teacherIds + at * 4, length * top);
    copy(start, ids, new Float32Array(memory.buffer, teacherShares + at * 4, length * top));
    at += length * top;
  }
}

/**
 * Fresh weights: normal, matrices with deviation 1 / sqrt(columns), those that write to the residual stream
 * (wo, w2, per-layer embeddings) zero, norms one.
 */
export function initialize(engine: Engine, seed: number, embeddingDeviation = 0.05): void {
  const random = createRandom(seed);
  const { weights, shape } = engine;
  for (const { name, kind, rows, columns, offset } of parametersOf(shape).tensors) {
    const values = weights.subarray(offset, offset + rows * columns);
    if (kind === 'norm') values.fill(1);
    else if (kind === 'table' || /\.(wo|w2)$/.test(name)) values.fill(0);
    else {
      const deviation = kind === 'embedding' ? embeddingDeviation : 1 / Math.sqrt(columns);
      for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
    }
  }
}
