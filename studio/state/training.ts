/** A training run: what it is told, how far it is, what it says. */
import { signal } from '@preact/signals';
import type {
  CurvePoint,
  ModelSource,
  NamedFile,
  Progress,
  SavedRun,
  TrainerCalls,
} from '../worker/protocol.ts';
import type { Dropped } from './drop.ts';
import type { Call } from './workers.ts';
import { trainer } from './workers.ts';

export type TrainingState = 'idle' | 'running' | 'pausing' | 'paused' | 'finished';

export const trainingText = signal('');
/** Instead of a text that is pasted: it may be large, so the page never reads it. */
export const trainingFile = signal<NamedFile | undefined>(undefined);
export const preset = signal('tiny');
export const minutes = signal(2);
export const trainingState = signal<TrainingState>('idle');
export const curve = signal<readonly CurvePoint[]>([]);
export const progress = signal<Progress | undefined>(undefined);
export const threads = signal(1);
export const sample = signal('');
export const trainingFailure = signal<Error | undefined>(undefined);
/** A run of an earlier visit that can go on. */
export const savedRun = signal<SavedRun | undefined>(undefined);
export const trained = signal<ModelSource | undefined>(undefined);

const SECONDS = 60;
let running: Call<TrainerCalls['train']['result']> | undefined;

const TEXT = /\.(txt|text|md)$/i;

/** The text in what was dropped: one by itself. */
export const textOf = ({ files }: Dropped): NamedFile | undefined =>
  files.length === 1 && TEXT.test(files[0].name) ? files[0] : undefined;

export async function findSavedRun(): Promise<void> {
  if (trainingState.value !== 'idle') return;
  savedRun.value = await trainer.call('saved', undefined).result.catch(() => undefined);
}

/** Starts a run, or goes on with the one that this browser keeps. */
export async function startTraining(resume: boolean, steps?: number): Promise<void> {
  trainingFailure.value = undefined;
  trainingState.value = 'running';
  if (!resume) {
    curve.value = [];
    sample.value = '';
    trained.value = undefined;
  }
  const saved = savedRun.value;
  const asked = {
    preset: resume && saved ? saved.preset : preset.value,
    seconds: resume && saved ? saved.seconds : SECONDS * minutes.value,
    steps: resume && saved ? saved.steps : steps,
  };
  const text = trainingFile.value?.file ?? trainingText.value;
  const call = trainer.call('train', { ...asked, text, resume }, (event) => {
    if (event.kind === 'progress') {
      progress.value = event.progress;
      threads.value = event.threads;
      curve.value = [...curve.value, event.progress];
    } else if (event.kind === 'sample') sample.value = event.text;
    else trainingFailure.value = new Error(event.text);
  });
  running = call;
  try {
    const result = await call.result;
    curve.value = result.curve;
    trained.value = result.source;
    trainingState.value = result.finished ? 'finished' : 'paused';
    savedRun.value = result.finished ? undefined : { ...asked, characters: result.characters };
  } catch (error) {
    trainingFailure.value = error as Error;
    trainingState.value = 'idle';
  } finally {
    running = undefined;
  }
}

export function pauseTraining(): void {
  trainingState.value = 'pausing';
  running?.stop();
}
