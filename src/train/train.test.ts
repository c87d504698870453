import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCheckpoint, loadTokenizer } from '../model/index.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import { type TrainFilesOptions, trainFiles as train, trainMachinery } from '../node/train.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';
import { createReference, evaluate, type Reference, splitStories } from '../reference/index.ts';
import { CHECKPOINT_FILE } from './checkpoint.ts';
import { curveSvg } from './curve.ts';
import { outputNames } from './outputs.ts';
import { storyText, tinyRun } from './testing.ts';
import { train as trainAnywhere } from './train.ts';
import { writeVersion0, writeVersion1 } from './writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = join(folder, 'stories.txt');
writeFileSync(text, storyText(120));
const unseen = join(folder, 'unseen.txt');
writeFileSync(unseen, storyText(7, 6));
const basic = { ...tinyRun, text, every: { ...tinyRun.every, progress: 0 } };
const file = (out: string, name: string) => readFileSync(join(folder, out, name));

describe('train', () => {
  it('leaves a model that llama2.c’s readers and the reference take, with tokenizer, curve and samples', async () => {
    const out = join(folder, 'whole');
    const losses: number[] = [];
    const result = await train({ ...basic, out, steps: 40, onProgress: ({ loss }) => losses.push(loss) });
    expect(result.finished).toBe(true);
    expect(losses.length).toBe(40);
    expect(losses.at(-1)!).toBeLessThan(losses[0] * 0.7);
    const model = loadCheckpoint(file('whole', outputNames.model));
    const other = loadCheckpoint(file('whole', outputNames.version1));
    expect(other.weights).toEqual(model.weights);
    expect(other.config).toEqual(model.config);
    const tokenizer = loadTokenizer(file('whole', outputNames.tokenizer), 290);
    const own = loadCheckpoint(file('whole', outputNames.checkpoint));
    expect(own.weights).toEqual(model.weights);
    expect(own.config).toEqual(model.config);
    expect(own.tokenizer?.vocabulary).toEqual(tokenizer.vocabulary);
    expect(own.training).toMatchObject({ step: 40, optimizer: 'muon', finish: 'int8' });
    expect(createReference(model).forward(1, 0).every(Number.isFinite)).toBe(true);
    expect(file('whole', outputNames.curve).toString()).toContain('<polyline');
    expect(readdirSync(out).some((name) => name.endsWith('.part'))).toBe(false);
  });

  it('ends with the int4 that build makes: what it measures then is what the packed model gives', async () => {
    writeFileSync(unseen, storyText(7, 6));
    // Some matrices stay int8: the preset's.
    const options = { ...basic, preset: 's4', steps: 30, finish: 'int4', int4Group: 32 } as const;
    const { state } = await train({ ...options, validation: unseen, out: join(folder, 'int4') });
    const model = loadCheckpoint(file('int4', outputNames.checkpoint));
    expect(model.config).toMatchObject({ int4Group: 32, int8Matrices: ['w2'] });
    const tokenizer = loadTokenizer(file('int4', outputNames.tokenizer), 290);
    const stories = splitStories(readFileSync(unseen, 'utf8'));
    const bits = (forward: Reference) => evaluate(forward, tokenizer, stories, { context: 64 }).bitsPerByte;
    const packed = bits(
      createHostEngine(quantize(model, { precision: 'int4' }), { programs: shippedPrograms }),
    );
    expect(Math.abs(packed / state.curve.at(-1)!.validation! - 1)).toBeLessThan(0.01);
  });

  it('reports bits per byte as the reference counts them, in training and on a text of its own', async () => {
    const out = join(folder, 'measured');
    writeFileSync(unseen, `${storyText(7, 6)}\n<|endoftext|>\nthe größte hat sat`);
    const { state } = await train({ ...basic, out, steps: 20, finish: 'none', validation: unseen });
    const model = loadCheckpoint(file('measured', outputNames.model));
    const tokenizer = loadTokenizer(file('measured', outputNames.tokenizer), 290);
    const stories = (path: string) => splitStories(readFileSync(path, 'utf8'));
    const last = state.curve.at(-1)!;
    const expected = evaluate(createReference(model), tokenizer, stories(unseen), { context: 64 });
    expect(last.validation).toBeCloseTo(expected.bitsPerByte, 3);
    const tokens = stories(text).reduce((sum, story) => sum + tokenizer.encode(story).length, 0);
    const bytes = stories(text).reduce((sum, story) => sum + Buffer.byteLength(story), 0);
    expect(last.bitsPerByte).toBeCloseTo((last.loss / Math.LN2 / bytes) * tokens, 6);
  });

  it('stopped and resumed, it gives the bits of a run in one go', async () => {
    const stop = new AbortController();
    const first = await train({
      ...basic,
      out: join(folder, 'halves'),
      steps: 30,
      signal: stop.signal,
      onProgress: ({ step }) => step === 12 && stop.abort(),
    });
    expect(first.finished).toBe(false);
    expect(first.state.step).toBe(12);
    const second = await train({ ...basic, out: join(folder, 'halves'), resume: true });
    expect(second.finished).toBe(true);
    await train({ ...basic, out: join(folder, 'once'), steps: 30 });
    expect(file('halves', outputNames.model).equals(file('once', outputNames.model))).toBe(true);
  });

  it('without files and threads it gives the same bits', async () => {
    const kept = new Map<string, Uint8Array>();
    const { kernels } = trainMachinery();
    await trainAnywhere({
      ...basic,
      text: { name: 'a text', bytes: readFileSync(text) },
      storage: {
        name: 'memory',
        has: (name) => kept.has(name),
        read: (name) => kept.get(name)!,
        write: (name, content) =>
          void kept.set(name, typeof content === 'string' ? new TextEncoder().encode(content) : content),
      },
      programs: shippedPrograms,
      kernels,
      validation: undefined,
      startThread: () => Promise.reject(new Error('there are no threads')),
      threads: 1,
      steps: 30,
    });
    await train({ ...basic, out: join(folder, 'files'), steps: 30, threads: 1 });
    expect([...kept.keys()].sort()).toEqual(readdirSync(join(folder, 'files')).sort());
    expect(Buffer.compare(kept.get(outputNames.model)!, file('files', outputNames.model))).toBe(0);
  });

  it('goes on in the multiplyAdd it began with, and says which', async () => {
    const { plain, fused } = trainMachinery().kernels;
    const kept = new Map<string, Uint8Array>();
    const storage = {
      name: 'memory',
      has: (name: string) => kept.has(name),
      read: (name: string) => kept.get(name)!,
      write: (name: string, content: string | Uint8Array) =>
        void kept.set(name, typeof content === 'string' ? new TextEncoder().encode(content) : content),
    };
    const common = {
      ...basic,
      text: { name: 'a text', bytes: readFileSync(text) },
      storage,
      programs: shippedPrograms,
      validation: undefined,
      startThread: () => Promise.reject(new Error('there are no threads')),
      threads: 1,
    };
    const first = await trainAnywhere({ ...common, kernels: { plain }, steps: 2 });
    expect(first.state.multiplyAdd).toBe('plain');
    const second = await trainAnywhere({ ...common, kernels: { plain, fused }, steps: 4, resume: true });
    expect(second.state.multiplyAdd).toBe('plain');
    kept.clear();
    const third = await trainAnywhere({ ...common, kernels: { plain, fused }, steps: 2 });
    expect(third.state.multiplyAdd).toBe(fused ? 'fused' : 'plain');
  });

  it('windows of a stream, AdamW, ReLU, no finish and an own validation text work as well', async () => {
    const { state } = await train({
      ...basic,
      out: join(folder, 'other'),
      steps: 20,
      packing: 'windows',
      optimizer: 'adamw',
      activation: 'relu',
      finish: 'none',
      validation: unseen,
    });
    expect(state.curve.at(-1)!.validation).toBeGreaterThan(0);
    expect(state.curve.at(-1)!.loss).toBeLessThan(state.curve[0].loss);
    // llama2.c's files have no word for ReLU: ours has (fault 27).
    expect(loadCheckpoint(file('other', outputNames.checkpoint)).config.activation).toBe('relu');
    expect(readdirSync(join(folder, 'other'))).not.toContain(outputNames.model);
    expect(readdirSync(join(folder, 'other'))).not.toContain(outputNames.version1);
  });
});

it.each(['int8', 'int4'] as const)('per-layer embeddings learn, rounded in the end as %s', async (finish) => {
  const out = join(folder, `tables-${finish}`);
  const options = { ...basic, out, steps: 20, finish, layerEmbeddings: true as const };
  const { state } = await train(options);
  expect(state.curve.at(-1)!.loss).toBeLessThan(state.curve[0].loss);
  const { config, weights } = loadCheckpoint(file(`tables-${finish}`, outputNames.checkpoint));
  expect(config.layerEmbeddings).toBe(true);
  expect(weights.layerEmbeddings!.length).toBe(config.layers + 1);
  for (const table of weights.layerEmbeddings!) expect(table.some((value) => value !== 0)).toBe(true);
  expect(readdirSync(out)).not.toContain(outputNames.model);
  expect(readdirSync(out)).not.toContain(outputNames.version1);
  for (const write of [writeVersion0, writeVersion1])
    expect(() => write(config, new Float32Array(0))).toThrow(/have no word for per-layer embeddings/);
  // A run that began without cannot go on with them.
  await train({ ...basic, out: join(folder, `none-${finish}`), steps: 1 });
  await expect(
    train({ ...basic, out: join(folder, `none-${finish}`), steps: 2, resume: true, layerEmbeddings: true }),
  ).rejects.toThrow(/layerEmbeddings is false, not true/);
});

describe('refusals, one sentence each', () => {
  const small = join(folder, 'small.txt');
  writeFileSync(small, 'Once upon a time.');
  const latin = join(folder, 'latin.txt');
  writeFileSync(latin, Buffer.alloc(20000, 0xe9));
  const attempt = (options: Partial<TrainFilesOptions>) =>
    train({ ...basic, out: join(folder, 'no'), steps: 1, ...options });

  it.each([
    [{ text: small }, /holds 17 bytes of text; at least 10000/],
    [{ text: join(folder, 'absent.txt') }, /absent\.txt does not exist/],
    [{ text: latin }, /is not UTF-8 text/],
    [{ context: 30000 }, /fewer than the context of 30000/],
    [{ vocabulary: 4000 }, /supports a vocabulary of at most \d+, not 4000/],
    [{ preset: 'huge' }, /no preset is called huge; there are tiny, 260k/],
    [{ resume: true, out: join(folder, 'absent') }, /no checkpoint to resume from/],
    [{ out: join(text, 'below') }, /cannot write .*choose another --out/],
    [{ rate: 1e30, steps: 9 }, /loss is no longer a number/],
  ] as [Partial<TrainFilesOptions>, RegExp][])('%j', async (options, message) => {
    await expect(attempt(options)).rejects.toThrow(message);
  });

  it('a folder in use, another text, a damaged checkpoint', async () => {
    const out = join(folder, 'used');
    await train({ ...basic, out, steps: 1 });
    await expect(attempt({ out })).rejects.toThrow('already holds a run');
    const other = join(folder, 'other.txt');
    writeFileSync(other, storyText(130));
    await expect(attempt({ out, text: other, resume: true })).rejects.toThrow('is not the text');
    const bytes = readFileSync(join(out, CHECKPOINT_FILE));
    writeFileSync(join(out, CHECKPOINT_FILE), bytes.subarray(0, bytes.length - 3));
    await expect(attempt({ out, resume: true })).rejects.toThrow('is damaged');
  });
});

it('the curve copes with one point', () => {
  expect(curveSvg([{ step: 1, tokens: 9, loss: 2, bitsPerByte: 1.5 }], 'a < b')).toContain('a &lt; b');
});
