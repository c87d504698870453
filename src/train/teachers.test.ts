import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint, type Model } from '../model/index.ts';
import { trainFiles as train, trainMachinery } from '../node/train.ts';
import { createReference, splitStories } from '../reference/index.ts';
import { encodeCorpus } from './batches.ts';
import { outputNames } from './outputs.ts';
import { memoryScratch } from './scratch.ts';
import { flatten, hashOf, largest, teach } from './teachers.ts';
import { storyText, tinyRun } from './testing.ts';
import { modelOf } from './writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'teachers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = join(folder, 'stories.txt');
writeFileSync(text, storyText(70));

const basic = { ...tinyRun, text };
const at = (name: string, file: string = outputNames.checkpoint) => join(folder, name, file);
const open = (name: string): Model => loadCheckpoint(readFileSync(at(name)), name);

beforeAll(async () => {
  await train({ ...basic, out: join(folder, 'one'), steps: 20 });
  await train({ ...basic, out: join(folder, 'two'), steps: 6, layers: 2, dim: 16, seed: 2 });
});

it('a model and the flat vector that it stands for are the same', () => {
  const model = open('two');
  expect(modelOf(model.config, flatten({ name: 'two', model })).weights).toEqual(model.weights);
});

it('keeps the largest shares, the lower id first where they are equal', () => {
  const out = new Uint16Array(8);
  largest(Float32Array.of(0.1, 0.3, 0, 0.3, 0.2, 0.1), 4, out, 0);
  expect([...out]).toEqual([1, 19661, 3, 19661, 4, 13107, 0, 6554]);
});

describe('what teachers predict', () => {
  it.each([1, 2])(
    'is the mean of their distributions at temperature %f, as the reference computes them',
    async (temperature) => {
      const teachers = ['one', 'two'].map((name) => ({ name, model: open(name) }));
      const documents = splitStories(readFileSync(text, 'utf8')).slice(0, 9);
      const corpus = encodeCorpus(documents, (document) =>
        teachers[0].model.tokenizer!.encode(document, { bos: false }),
      );
      const distillation = { teachers: teachers.map(hashOf), temperature, mix: 1, top: 5 };
      const scratch = memoryScratch();
      const options = {
        ...trainMachinery(),
        threads: 1,
        batchTokens: 100,
        context: 32,
        corpusHash: 'x',
        scratch,
      };
      const { top, copy } = await teach(distillation, teachers, corpus, options);
      expect(top).toBe(5);
      const start = corpus.starts[3];
      const tokens = corpus.starts[4] - start;
      const ids = new Int32Array(tokens * top);
      const shares = new Float32Array(tokens * top);
      copy(start, ids, shares);
      const tokenIds = new Int32Array(tokens);
      corpus.tokens.copy(start, tokenIds);
      const references = teachers.map(({ model }) => createReference(model));
      for (let i = 0; i < tokens; i++) {
        const position = i % 32; // longer documents are cut
        const mean = new Float64Array(290);
        for (const { forward } of references) {
          const e = Array.from(forward(tokenIds[i], position), (z) => Math.exp(z / temperature));
          const sum = e.reduce((a, b) => a + b, 0);
          e.forEach((y, id) => {
            mean[id] += y / sum / 2;
          });
        }
        const best = [...mean.keys()].sort((a, b) => mean[b] - mean[a]).slice(0, 5);
        for (let k = 0; k < 5; k++) {
          expect(shares[i * 5 + k]).toBeCloseTo(mean[best[k]], 4);
          expect(shares[i * 5 + k]).toBeCloseTo(mean[ids[i * 5 + k]], 4);
        }
      }
      expect((await teach(distillation, [], corpus, options)).top).toBe(5);
      await expect(teach({ ...distillation, top: 6 }, [], corpus, options)).rejects.toThrow(
        /name them again with --teacher/,
      );
    },
  );
});

describe('a student', () => {
  const teachers = [at('one'), at('two')];
  const { vocabulary: _, ...rest } = basic;
  const student = { ...rest, dim: 16, layers: 2, steps: 20, teachers, teacherWeight: 0.7, temperature: 1.5 };

  it('has its teachers’ tokenizer, says who they were, and gives the same bits resumed and with more threads', async () => {
    const once = await train({ ...student, out: join(folder, 'once'), threads: 2 });
    const { tokenizer, training } = open('once');
    expect(tokenizer!.vocabulary).toEqual(open('one').tokenizer!.vocabulary);
    const names = ['one', 'two'].map((name) => hashOf({ name, model: open(name) }));
    expect(training).toMatchObject({
      distillation: { teachers: names, temperature: 1.5, mix: 0.7, top: 16 },
    });
    const stop = new AbortController();
    const out = join(folder, 'halves');
    await train({
      ...student,
      out,
      signal: stop.signal,
      every: { ...basic.every, progress: 0 },
      onProgress: ({ step }) => step === 7 && stop.abort(),
    });
    const isCache = (name: string) => name.endsWith('.cache');
    expect(readdirSync(out).filter(isCache)).toHaveLength(2);
    const { state } = await train({ ...basic, vocabulary: undefined, out, resume: true });
    expect(state.step).toBe(20);
    expect(
      readFileSync(at('halves', outputNames.model)).equals(readFileSync(at('once', outputNames.model))),
    ).toBe(true);
    expect(once.state.step).toBe(20);
    for (const name of ['halves', 'once'])
      expect(readdirSync(join(folder, name)).filter(isCache)).toEqual([]);
  });

  it('learns what a teacher says where the text says nothing of it', async () => {
    // With the whole weight on the teacher, the student's loss against the text follows the teacher's, not the other way round.
    const alone = {
      ...rest,
      preset: 'tiny',
      steps: 60,
      teachers: [at('two')],
      teacherWeight: 1,
      finish: 'none' as const,
    };
    const { state } = await train({ ...alone, out: join(folder, 'follower') });
    const [teacher, follower] = ['two', 'follower'].map((name) => createReference(open(name)));
    const distance = (one: Float32Array, other: Float32Array) =>
      one.reduce((sum, x, i) => sum + (x - other[i]) ** 2, 0);
    const shares = (logits: Float32Array) => {
      const e = logits.map(Math.exp);
      const sum = e.reduce((a, b) => a + b, 0);
      return e.map((y) => y / sum);
    };
    const [taught, learned, other] = [teacher, follower, createReference(open('one'))].map(({ forward }) =>
      shares(forward(1, 0).slice()),
    );
    expect(distance(taught, learned)).toBeLessThan(distance(taught, other) / 4);
    expect(state.step).toBe(60);
  });

  it.each([
    [{ vocabulary: 300 }, /the tokenizer has 290 pieces; leave out --vocab 300/],
    [{ tokenizer: 'data/tinystories/tokenizer.bin' }, /two tokenizers/],
    [{ teachers: [join(folder, 'absent.safetensors')] }, /absent/],
  ])('is refused with %j', async (wrong, message) => {
    await expect(train({ ...student, ...wrong, out: join(folder, 'no') })).rejects.toThrow(message);
  });
});

it('a model can be trained with the tokenizer of another', async () => {
  const { vocabulary: _, ...rest } = basic;
  await train({
    ...rest,
    tokenizer: 'data/tinystories/tokenizer.bin',
    steps: 2,
    out: join(folder, 'borrowed'),
  });
  expect(
    readFileSync(at('borrowed', outputNames.tokenizer)).equals(
      readFileSync('data/tinystories/tokenizer.bin'),
    ),
  ).toBe(true);
});
