import type { MatrixName } from '../model/index.ts';
import { int4Rounding } from '../quantize/index.ts';
import { Command, createMeeting, type Meeting } from './crew.ts';
import { instantiateKernels, type Kernels } from './kernels.ts';
import { CHUNKS, CONTROL_SLOTS, type Layout, RESULT_SLOTS, SETTING_SLOTS } from './memory.ts';
import { createPass } from './pass.ts';
import { clipFactor, scoringLayer } from './scores.ts';
import { parametersOf, type Shape, type Tensor } from './shape.ts';

/** What a thread needs to join a run; can be posted to a worker. */
export interface ThreadTask {
  /** The operators (src/train/wasm/), compiled. */
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  shape: Shape;
  layout: Layout;
  index: number;
}

/** Settings of one step, shared by all threads (Float64 slots in this order). */
export interface Settings {
  /** Learning rate of the matrices (Muon's, or AdamW's), of the embedding (from which that of tables follows), of the norms. */
  matrixRate: number;
  embeddingRate: number;
  normRate: number;
  /** Decoupled weight decay of matrices and embedding. */
  decay: number;
  /** Largest norm of the gradient; 0: any. */
  clip: number;
  /** Steps taken so far, this one included (bias correction of AdamW). */
  step: number;
  /** Weight of a token in the loss: 1 / tokens of the batch. */
  scale: number;
  activationLevels: number;
  cacheLevels: number;
  weightLevels: number;
  /** 1: the layers' matrices are rounded as the packer rounds to int4. */
  int4Matrices: number;
  /** 1: Muon for the matrices, 0: AdamW for all. */
  muon: number;
  /** Share of what every part of a layer adds to the residual stream, and of the embedding, that is dropped; only in training. */
  dropout: number;
  /** Another 32-bit number for every step: what is dropped follows from it. */
  dropoutKey: number;
  /** Weight of a teacher's distribution in the loss, against the text's own; 0: there is no teacher. */
  mix: number;
  /** By which logits are divided where student and teacher are compared. */
  temperature: number;
  /** Share of the text's labels that is spread over the vocabulary. */
  smoothing: number;
}

const settingNames = [
  'matrixRate',
  'embeddingRate',
  'normRate',
  'decay',
  'clip',
  'step',
  'scale',
  'activationLevels',
  'cacheLevels',
  'weightLevels',
  'int4Matrices',
  'muon',
  'dropout',
  'dropoutKey',
  'mix',
  'temperature',
  'smoothing',
] as const satisfies readonly (keyof Settings)[];

export function writeSettings(slots: Float64Array, settings: Settings): void {
  settingNames.forEach((name, i) => {
    slots[i] = settings[name];
  });
}

function readSettings(slots: Float64Array): Settings {
  return Object.fromEntries(settingNames.map((name, i) => [name, slots[i]])) as unknown as Settings;
}

const MUON_MOMENTUM = 0.95;
const BETA1 = 0.9;
const BETA2 = 0.98;
const EPSILON = 1e-10;
/** Rate of per-layer embeddings in that of the embedding, which is mostly the classifier, too (measured: models/README.md). */
const TABLE_RATE = 3;

/** First slots of the results: a loss for each chunk, a sum of squares for each part of the gradient, its norm. */
export const Result = { loss: 0, squares: CHUNKS, gradientNorm: 2 * CHUNKS } as const;

export interface Thread {
  meeting: Meeting;
  kernels: Kernels;
  /** Carries out the current command together with the other threads. */
  work(): void;
}

/** Joins a run as thread `task.index`. */
export function joinRun(task: ThreadTask): Thread {
  const { module, memory, shape, layout, index } = task;
  const kernels = instantiateKernels(module, memory);
  const control = new Int32Array(memory.buffer, layout.control, CONTROL_SLOTS);
  const meeting = createMeeting(control, layout.threads.length);
  const pass = createPass(kernels, memory, shape, layout, index);
  const slots = new Float64Array(memory.buffer, layout.settings, SETTING_SLOTS);
  const results = new Float64Array(memory.buffer, layout.results, RESULT_SLOTS);
  const { count, tensors, layers } = parametersOf(shape);
  const queue = [...tensors].sort((a, b) => workOf(b) - workOf(a) || a.offset - b.offset);
  const gradients = layout.chunks.map((chunk) => new Float32Array(memory.buffer, chunk.gradients, count));
  const bytes = new Uint8Array(memory.buffer);
  const part = Math.ceil(count / 4 / CHUNKS) * 4;

  /** Does what is left of a common list of `length` items. */
  const share = (length: number, work: (item: number) => void) => {
    for (let item = meeting.take(length); item >= 0; item = meeting.take(length)) work(item);
  };
  /** Sums the chunks' gradients over one part of the vector, always in the order of chunks. */
  const reduce = (item: number) => {
    const first = Math.min(item * part, count);
    const length = Math.min(part, count - first);
    const to = layout.chunks[0].gradients + first * 4;
    for (const { gradients: from } of layout.chunks.slice(1)) kernels.addInto(to, from + first * 4, length);
    results[Result.squares + item] = kernels.sumOfSquares(to, length);
  };
  const gradientNorm = () => {
    let squares = 0;
    for (let item = 0; item < CHUNKS; item++) squares += results[Result.squares + item];
    return Math.sqrt(squares);
  };
  const scores = layout.chunks.map(
    (chunk) => new Float32Array(memory.buffer, chunk.scores, shape.layers * shape.kvHeads),
  );
  const limitScores = (tensor: Tensor) => {
    const layer = scoringLayer(layers, tensor);
    if (layer < 0) return;
    const floats = (tensor.rows / shape.kvHeads) * tensor.columns;
    for (let head = 0; head < shape.kvHeads; head++) {
      const factor = clipFactor(Math.max(...scores.map((chunk) => chunk[layer * shape.kvHeads + head])));
      if (factor === 1) continue;
      const at = layout.weights + 4 * (tensor.offset + head * floats);
      const weights = new Float32Array(memory.buffer, at, floats);
      for (let i = 0; i < floats; i++) weights[i] *= factor;
    }
  };
  const update = (settings: Settings) => {
    const norm = gradientNorm();
    const clip = settings.clip > 0 && norm > settings.clip ? settings.clip / norm : 1;
    share(queue.length, (item) => {
      updateTensor(kernels, layout, index, queue[item], settings, clip);
      limitScores(queue[item]);
      refresh(queue[item], settings);
    });
    if (index === 0) results[Result.gradientNorm] = norm;
  };
  const int4 = int4Rounding(shape);
  const matrixOf = ({ name }: Tensor) => name.split('.').at(-1) as MatrixName;
  const isInt8 = (tensor: Tensor) => shape.int8Matrices?.includes(matrixOf(tensor)) ?? false;
  const roundMatrix = (tensor: Tensor) => {
    const { rows, columns, offset } = tensor;
    const floats = (address: number) => new Float32Array(memory.buffer, address + 4 * offset, rows * columns);
    int4.round(matrixOf(tensor), floats(layout.weights), floats(layout.effective));
  };
  const refresh = (tensor: Tensor, settings: Settings) => {
    const at = tensor.offset * 4;
    const count = tensor.rows * tensor.columns;
    if (settings.weightLevels && tensor.kind !== 'norm') {
      if (settings.int4Matrices && tensor.kind === 'matrix' && !isInt8(tensor)) roundMatrix(tensor);
      else {
        kernels.fakeQuantize(
          layout.effective + at,
          layout.weights + at,
          tensor.rows,
          tensor.columns,
          settings.weightLevels,
        );
      }
    } else {
      bytes.copyWithin(layout.effective + at, layout.weights + at, layout.weights + at + count * 4);
    }
  };
  return {
    meeting,
    kernels,
    work() {
      const settings = readSettings(slots);
      const rounding = { activations: settings.activationLevels, cache: settings.cacheLevels };
      if (meeting.command() === Command.refresh) {
        share(queue.length, (item) => refresh(queue[item], settings));
      } else if (meeting.command() === Command.predict) {
        share(CHUNKS, (chunk) => pass.predict(chunk));
      } else if (meeting.command() === Command.loss) {
        share(CHUNKS, (chunk) => {
          results[Result.loss + chunk] = pass.run(chunk, rounding);
        });
      } else {
        share(CHUNKS, (chunk) => {
          gradients[chunk].fill(0);
          results[Result.loss + chunk] = pass.run(chunk, rounding, settings);
        });
        meeting.wait();
        share(CHUNKS, reduce);
        meeting.wait();
        update(settings);
      }
    },
  };
}

/** A worker's whole life: joins, says so with `ready`, follows the first thread's commands until it says exit. */
export function followRun(task: ThreadTask, ready: () => void): void {
  const { meeting, work } = joinRun(task);
  ready();
  try {
    for (;;) {
      meeting.wait();
      if (meeting.command() === Command.exit) break;
      work();
      meeting.wait();
    }
  } catch (error) {
    meeting.fail();
    throw error;
  }
}

/** About how long a tensor's update takes: the longest are begun first. */
function workOf({ kind, rows, columns }: Tensor): number {
  return rows * columns * (kind === 'matrix' ? Math.min(rows, columns) : 1);
}

function updateTensor(
  kernels: Kernels,
  layout: Layout,
  index: number,
  tensor: Tensor,
  settings: Settings,
  clip: number,
): void {
  const at = tensor.offset * 4;
  const weights = layout.weights + at;
  const gradients = layout.chunks[0].gradients + at;
  const { rows, columns, kind } = tensor;
  if (kind === 'matrix' && settings.muon) {
    const rate = settings.matrixRate * Math.sqrt(Math.max(1, rows / columns));
    kernels.muon(
      weights,
      gradients,
      layout.first + at,
      rows,
      columns,
      rate,
      MUON_MOMENTUM,
      settings.decay,
      clip,
      layout.threads[index].muonScratch,
    );
    return;
  }
  const rates = {
    matrix: settings.matrixRate,
    embedding: settings.embeddingRate,
    table: TABLE_RATE * settings.embeddingRate,
    norm: settings.normRate,
  };
  kernels.adamw(
    weights,
    gradients,
    layout.first + at,
    layout.second + at,
    rows * columns,
    rates[kind],
    BETA1,
    BETA2,
    EPSILON,
    kind === 'norm' ? 0 : settings.decay,
    1 / (1 - BETA1 ** settings.step),
    1 / (1 - BETA2 ** settings.step),
    clip,
  );
}
