/**
 * Teachers (Hinton et al. 2015, arXiv:1503.02531): larger models of ours whose predictions a smaller one learns from, beside the text
 * itself. What they predict at every token of the text is computed once: the mean of their distributions, of which the largest shares are
 * kept.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { UsageError } from '../errors.ts';
import { MATRICES, type Model, NORM_EPSILON, ROPE_THETA } from '../model/index.ts';
import { type Corpus, documentSegments, type Segment } from './batches.ts';
import { createEngine, type Engine, type EngineOptions, type SoftTargets } from './engine.ts';
import { measuring } from './measure.ts';
import type { Distillation } from './recipe.ts';
import { openOrCreate, type Parts, type Scratch } from './scratch.ts';
import { checkShape, parametersOf, type Shape } from './shape.ts';

export interface Teacher {
  /** What messages call it. */
  name: string;
  model: Model;
}

/** Shares are kept in 16 bits. */
const ONE = 65535;

/** A model as the trainer's flat parameter vector. @throws UsageError for what the trainer's pass does not compute */
export function flatten({ name, model: { config, weights } }: Teacher): Float32Array {
  checkShape(config);
  const { normEpsilon = NORM_EPSILON, ropeTheta = ROPE_THETA } = config;
  const { architecture, biases } = config;
  if (normEpsilon !== NORM_EPSILON || ropeTheta !== ROPE_THETA || architecture || biases)
    throw new UsageError(
      `train: ${name} was not trained here, and its norms, positions or products are others; take a model of train's.`,
    );
  const { count, embedding, layers, finalNorm, classifier, tables } = parametersOf(config);
  const flat = new Float32Array(count);
  flat.set(weights.tokenEmbedding, embedding.offset);
  layers.forEach((tensors, i) => {
    for (const kind of ['attentionNorm', 'ffnNorm', ...MATRICES] as const)
      flat.set(weights.layers[i][kind], tensors[kind].offset);
  });
  tables.forEach(({ offset }, i) => {
    flat.set(weights.layerEmbeddings![i], offset);
  });
  flat.set(weights.finalNorm, finalNorm.offset);
  if (!config.sharedClassifier) flat.set(weights.classifier, classifier.offset);
  return flat;
}

/** What names a teacher: all that its predictions follow from. */
export function hashOf(teacher: Teacher): string {
  const flat = flatten(teacher);
  const shape = new TextEncoder().encode(JSON.stringify(Object.entries(teacher.model.config).sort()));
  const hash = sha256.create().update(shape);
  return bytesToHex(hash.update(new Uint8Array(flat.buffer)).digest());
}

export interface TeachingOptions extends Omit<EngineOptions, 'top' | 'predicts'> {
  /** Longest sequence that the student sees. */
  context: number;
  /** Names the text and its tokens. */
  corpusHash: string;
  scratch: Scratch;
  onProgress?: (done: number) => void;
}

/** Name of the file that holds what teachers predict. */
function targetsFile(
  { teachers, temperature, top }: Distillation,
  corpusHash: string,
  context: number,
): string {
  const key = JSON.stringify([corpusHash, context, teachers, temperature, top]);
  return `teacher-${bytesToHex(sha256(new TextEncoder().encode(key))).slice(0, 16)}.cache`;
}

/**
 * What teachers predict on a corpus; computed where it does not lie there from before.
 * @throws UsageError where it must be computed and teachers are missing
 */
export async function teach(
  distillation: Distillation,
  teachers: readonly Teacher[],
  corpus: Corpus,
  options: TeachingOptions,
): Promise<SoftTargets & { close(): void }> {
  const { scratch, corpusHash, context } = options;
  const { top } = distillation;
  const file = targetsFile(distillation, corpusHash, context);
  const ready = scratch.open(file);
  if (ready) return targetsOf(ready, top);
  if (teachers.length === 0)
    throw new UsageError(
      'train: what the teachers predicted is no longer there; name them again with --teacher.',
    );
  const engines = await Promise.all(
    teachers.map((teacher) => engineOf(teacher, distillation.temperature, options)),
  );
  try {
    return targetsOf(
      openOrCreate(scratch, file, (append) => predictAll(engines, corpus, distillation, options, append)),
      top,
    );
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

/** A teacher ready to predict: the temperature is in the last norm's gains, since logits follow them in proportion. */
async function engineOf(teacher: Teacher, temperature: number, options: TeachingOptions): Promise<Engine> {
  const { config } = teacher.model;
  const shape: Shape = { ...config, context: Math.min(config.context, options.context) };
  const engine = await createEngine(shape, { ...options, predicts: true });
  engine.weights.set(flatten(teacher));
  const { offset, columns } = parametersOf(shape).finalNorm;
  for (let i = offset; i < offset + columns; i++) engine.weights[i] /= temperature;
  engine.refresh(measuring('none'));
  return engine;
}

/** Goes through the corpus, documents cut into contexts, and writes every token's shares in order: ids and shares, 16 bits each. */
function predictAll(
  engines: readonly Engine[],
  corpus: Corpus,
  { top }: Distillation,
  { batchTokens, onProgress }: TeachingOptions,
  append: (bytes: Uint8Array) => void,
): void {
  const vocabulary = engines[0].shape.vocabulary;
  const context = Math.min(...engines.map(({ shape }) => shape.context));
  const total = corpus.tokens.length;
  const group: Segment[] = [];
  const mean = new Float32Array(batchTokens * vocabulary);
  let held = 0;
  const flush = () => {
    if (group.length === 0) return;
    const [{ start }] = group;
    mean.fill(0);
    for (const engine of engines) {
      engine.predict(corpus, group, (token, row) =>
        addShares(mean, (token - start) * vocabulary, row, engines.length),
      );
    }
    const words = new Uint16Array(held * top * 2);
    for (let token = 0; token < held; token++)
      largest(mean.subarray(token * vocabulary, (token + 1) * vocabulary), top, words, token * top * 2);
    append(new Uint8Array(words.buffer));
    onProgress?.((start + held) / total);
    group.length = 0;
    held = 0;
  };
  for (const segment of documentSegments(corpus, context)) {
    if (held + segment.length > batchTokens) flush();
    group.push(segment);
    held += segment.length;
  }
  flush();
}

/** Adds a row of exponentials as a distribution, one of so many. */
function addShares(mean: Float32Array, at: number, row: Float32Array, teachers: number): void {
  let sum = 0;
  for (let id = 0; id < row.length; id++) sum += row[id];
  const factor = 1 / (sum * teachers);
  for (let id = 0; id < row.length; id++) mean[at + id] += row[id] * factor;
}

/** Ids and shares of the largest entries, the largest first; of equal ones those with the lower id. */
export function largest(shares: Float32Array, top: number, out: Uint16Array, at: number): void {
  const ids = new Int32Array(top);
  const kept = new Float32Array(top).fill(-1);
  for (let id = 0; id < shares.length; id++) {
    const share = shares[id];
    if (!(share > kept[top - 1])) continue;
    let place = top - 1;
    for (; place > 0 && kept[place - 1] < share; place--) {
      kept[place] = kept[place - 1];
      ids[place] = ids[place - 1];
    }
    kept[place] = share;
    ids[place] = id;
  }
  for (let k = 0; k < top; k++) {
    out[at + 2 * k] = ids[k];
    out[at + 2 * k + 1] = Math.round(kept[k] * ONE);
  }
}

function targetsOf(parts: Parts, top: number): SoftTargets & { close(): void } {
  return {
    top,
    copy(start, ids, shares) {
      const words = new Uint16Array(ids.length * 2);
      parts.read(start * top * 4, new Uint8Array(words.buffer));
      for (let i = 0; i < ids.length; i++) {
        ids[i] = words[2 * i];
        shares[i] = words[2 * i + 1] / ONE;
      }
    },
    close: () => parts.close(),
  };
}
