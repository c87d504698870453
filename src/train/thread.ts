import { Command, createMeeting, type Meeting } from './crew.ts';
import { type Kernels, loadKernels } from './kernels.ts';
import { CONTROL_SLOTS, type Layout, RESULT_SLOTS, SETTING_SLOTS } from './memory.ts';
import { createPass } from './pass.ts';
import { parametersOf, type Shape, type Tensor } from './shape.ts';

/** What a thread needs to join a run; can be posted to a worker. */
export interface ThreadTask {
  memory: WebAssembly.Memory;
  shape: Shape;
  layout: Layout;
  index: number;
}

/** Settings of one step, shared by all threads (Float64 slots in this order). */
export interface Settings {
  /** Learning rate of the matrices (Muon's, or AdamW's), of the embedding, of the norms. */
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
  /** Floats that share a scale when weights are rounded; 0: a whole row. */
  weightGroup: number;
  /** 1: Muon for the matrices, 0: AdamW for all. */
  muon: number;
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
  'weightGroup',
  'muon',
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

/** Slots of a thread's results. */
export const Result = { loss: 0, squares: 1, gradientNorm: 2 } as const;

export interface Thread {
  meeting: Meeting;
  kernels: Kernels;
  /** Carries out the current command together with the other threads. */
  work(): void;
}

/** Joins a run as thread `task.index`. */
export function joinRun(task: ThreadTask): Thread {
  const { memory, shape, layout, index } = task;
  const kernels = loadKernels(memory);
  const threads = layout.threads.length;
  const meeting = createMeeting(new Int32Array(memory.buffer, layout.control, CONTROL_SLOTS), threads);
  const pass = createPass(kernels, memory, shape, layout, index);
  const slots = new Float64Array(memory.buffer, layout.settings, SETTING_SLOTS);
  const results = layout.threads.map(({ results }) => new Float64Array(memory.buffer, results, RESULT_SLOTS));
  const parameters = parametersOf(shape);
  const own = assign(parameters.tensors, threads)[index];
  const gradients = new Float32Array(memory.buffer, layout.threads[index].gradients, parameters.count);
  const bytes = new Uint8Array(memory.buffer);
  const part = Math.ceil(parameters.count / 4 / threads) * 4;
  const first = Math.min(index * part, parameters.count);
  const length = Math.min(part, parameters.count - first);

  /** Sums the threads' gradients over this thread's part of the vector, always in the order of threads. */
  const reduce = () => {
    const to = layout.threads[0].gradients + first * 4;
    for (const { gradients: from } of layout.threads.slice(1)) kernels.addInto(to, from + first * 4, length);
    results[index][Result.squares] = kernels.sumOfSquares(to, length);
  };
  const update = (settings: Settings) => {
    const norm = Math.sqrt(results.reduce((sum, slot) => sum + slot[Result.squares], 0));
    results[index][Result.gradientNorm] = norm;
    const clip = settings.clip > 0 && norm > settings.clip ? settings.clip / norm : 1;
    for (const tensor of own) {
      updateTensor(kernels, layout, index, tensor, settings, clip);
      refresh(tensor, settings);
    }
  };
  const refresh = (tensor: Tensor, settings: Settings) => {
    const at = tensor.offset * 4;
    const count = tensor.rows * tensor.columns;
    if (settings.weightLevels && tensor.kind !== 'norm') {
      const group = settings.weightGroup || tensor.columns;
      kernels.fakeQuantize(
        layout.effective + at,
        layout.weights + at,
        count / group,
        group,
        settings.weightLevels,
      );
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
        for (const tensor of own) refresh(tensor, settings);
      } else if (meeting.command() === Command.loss) {
        results[index][Result.loss] = pass.run(rounding, 0);
      } else {
        gradients.fill(0);
        results[index][Result.loss] = pass.run(rounding, settings.scale);
        meeting.wait();
        reduce();
        meeting.wait();
        update(settings);
      }
    },
  };
}

/** Tensors by thread, the largest first, each to the least loaded. */
function assign(tensors: readonly Tensor[], threads: number): Tensor[][] {
  const parts = Array.from({ length: threads }, () => ({ load: 0, tensors: [] as Tensor[] }));
  const load = ({ kind, rows, columns }: Tensor) => rows * columns * (kind === 'matrix' ? columns : 1);
  for (const tensor of [...tensors].sort((a, b) => load(b) - load(a) || a.offset - b.offset)) {
    const part = parts.reduce((least, p) => (p.load < least.load ? p : least));
    part.tensors.push(tensor);
    part.load += load(tensor);
  }
  return parts.map((part) => part.tensors);
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
  const gradients = layout.threads[0].gradients + at;
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
  const rates = { matrix: settings.matrixRate, embedding: settings.embeddingRate, norm: settings.normRate };
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
