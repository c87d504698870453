import { FailureError } from '../errors.ts';
import type { BatchState } from './batches.ts';
import type { MultiplyAdd } from './multiply-add.ts';
import type { Recipe } from './recipe.ts';

/** One point of the loss curve. */
export interface CurvePoint {
  step: number;
  tokens: number;
  /** Mean training loss since the point before, nats per token. */
  loss: number;
  /** The same in bits per byte of text. */
  bitsPerByte: number;
  /** Bits per byte of the validation text, where it was measured. */
  validation?: number;
}

/** Everything of a run but the weights. */
export interface RunState {
  recipe: Recipe;
  /** SHA-256 of the text; of several, or with another separator, of a list that says so. */
  textHash: string;
  /** What parts its documents, where that is not `<|endoftext|>`. */
  separator?: string;
  /** Numbers of the documents that stand in the validation text, too, and are not trained on. */
  excluded?: number[];
  /** SHA-256 of tokenizer.bin; runs from before teachers do not say it. */
  tokenizerHash?: string;
  step: number;
  tokens: number;
  /** Seconds of training so far, over all sessions. */
  seconds: number;
  batches: BatchState;
  curve: CurvePoint[];
  /** The best measure of the validation text so far, where such weights are kept. */
  best?: Best;
  /** Measures since then. */
  worse?: number;
  /** SHA-256 of the validation text, where what it says decides. */
  validationHash?: string;
  /** Of the last session; runs from before there was a choice do not say it, they were plain. */
  multiplyAdd?: MultiplyAdd;
}

export interface Best {
  step: number;
  bitsPerByte: number;
  /** Whether that was of rounded weights. */
  finishing: boolean;
}

/** The vectors of a run that follow each other in its checkpoint; those that its state does not ask for are absent. */
export interface RunVectors {
  weights: Float32Array;
  moments: readonly [Float32Array, Float32Array];
  /** Running average of the weights. */
  average?: Float32Array;
  /** Weights of the best measure. */
  best?: Float32Array;
}

export interface Checkpoint extends RunVectors {
  state: RunState;
}

const MAGIC = 'esp32-llm training 1\n';

/** Where a run's files are kept: a folder, or whatever holds bytes by name. */
export interface RunStorage {
  /** What messages call it. */
  name: string;
  has(file: string): boolean;
  /** A file's bytes. */
  read(file: string): Uint8Array;
  /** Replaces a file so that, whatever happens, the old content or the new one is there. */
  write(file: string, content: Uint8Array | string): void;
}

export const CHECKPOINT_FILE = 'checkpoint.train';

/** Magic line, one line of JSON padded to a multiple of 4 bytes, then weights, both moments, average and best weights as float32. */
export function saveCheckpoint(storage: RunStorage, state: RunState, vectors: RunVectors): void {
  const json = JSON.stringify(state);
  const head = new TextEncoder().encode(`${MAGIC}${json}`);
  const start = (head.length + 4) & ~3;
  const { weights, moments, average, best } = vectors;
  const parts = [weights, ...moments, ...(average ? [average] : []), ...(best ? [best] : [])];
  const bytes = new Uint8Array(start + 4 * parts.length * weights.length).fill(0x20, 0, start);
  bytes.set(head);
  bytes[start - 1] = 0x0a;
  parts.forEach((part, i) => {
    new Float32Array(bytes.buffer, start + 4 * i * part.length, part.length).set(part);
  });
  storage.write(CHECKPOINT_FILE, bytes);
}

/** @throws FailureError when the file is missing or damaged */
export function loadRunCheckpoint(storage: RunStorage, floats: (state: RunState) => number): Checkpoint {
  if (!storage.has(CHECKPOINT_FILE)) {
    throw new FailureError(`train: ${storage.name} has no checkpoint to resume from; leave out --resume.`);
  }
  const bytes = storage.read(CHECKPOINT_FILE);
  const damaged = () =>
    new FailureError(
      `train: ${storage.name}/${CHECKPOINT_FILE} is damaged or from another version; start again without --resume.`,
    );
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw damaged();
  const end = bytes.indexOf(0x0a, MAGIC.length);
  if (end < 0) throw damaged();
  let state: RunState;
  try {
    state = JSON.parse(new TextDecoder().decode(bytes.subarray(MAGIC.length, end)));
  } catch {
    throw damaged();
  }
  const count = floats(state);
  const averages = state.recipe.average ? 1 : 0;
  const parts = 3 + averages + (state.best ? 1 : 0);
  if (bytes.length !== end + 1 + 4 * parts * count) throw damaged();
  const part = (i: number) =>
    new Float32Array(bytes.slice(end + 1 + 4 * i * count, end + 1 + 4 * (i + 1) * count).buffer);
  return {
    state,
    weights: part(0),
    moments: [part(1), part(2)],
    average: averages ? part(3) : undefined,
    best: state.best && part(3 + averages),
  };
}
