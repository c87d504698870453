/** The Worker that trains: on all cores where the page is cross-origin isolated, on one where it is not. */
import {
  fusesMultiplyAdd,
  type MultiplyAdd,
  outputNames,
  type StartThread,
  type TrainKernels,
  train,
} from '../../src/train/index.ts';
import type { TrainerCalls } from './protocol.ts';
import { openRun } from './run-storage.ts';
import { breathe, serve } from './serve.ts';
import { compiledKernels, programsOf } from './shipped.ts';

/** More threads than this have too little to do each. */
const MOST_THREADS = 8;
const PROGRESS_SECONDS = 0.5;
const SAMPLE_SECONDS = 15;
const CHECKPOINT_SECONDS = 10;

const startThread: StartThread = (task) => {
  const worker = new Worker(new URL('./train-thread.ts', import.meta.url), { type: 'module', name: 'train' });
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve({ ended: Promise.resolve() });
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(task);
  });
};

async function kernels(): Promise<TrainKernels> {
  const compiled = (multiplyAdd: MultiplyAdd) => compiledKernels(`train/kernels.${multiplyAdd}.wasm`);
  return {
    plain: await compiled('plain'),
    fused: fusesMultiplyAdd() ? await compiled('fused') : undefined,
  };
}

serve<TrainerCalls>({
  async saved() {
    const run = await openRun();
    return run.saved();
  },
  async train({ text, preset, seconds, steps, resume }, { emit, isStopped }) {
    const run = await openRun();
    if (!resume) await run.forget();
    const source = resume ? run.text() : typeof text === 'string' ? text : await text.text();
    if (!resume) run.keep({ text: source, preset, seconds, steps });
    const stop = new AbortController();
    const threads = crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
    const result = await train({
      text: { name: 'the text', bytes: new TextEncoder().encode(source) },
      storage: run.storage,
      programs: await programsOf('transformer.wasm', 'kernels.wasm'),
      kernels: await kernels(),
      startThread,
      threads,
      preset,
      seconds,
      steps,
      resume,
      signal: stop.signal,
      every: { progress: PROGRESS_SECONDS, sample: SAMPLE_SECONDS, checkpoint: CHECKPOINT_SECONDS },
      onProgress(progress) {
        emit({ kind: 'progress', progress, threads });
        void breathe().then(() => {
          if (isStopped()) stop.abort();
        });
      },
      onSample: (sample) => emit({ kind: 'sample', text: sample }),
      onProblem: (problem) => emit({ kind: 'problem', text: problem }),
    });
    await run.flushed();
    const file = new Blob([Uint8Array.from(run.storage.read(outputNames.checkpoint))]);
    return {
      finished: result.finished,
      curve: result.state.curve,
      characters: source.length,
      source: { kind: 'files', name: 'trained', files: [{ name: 'trained.safetensors', file }] },
    };
  },
});
