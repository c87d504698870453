import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { loadCheckpoint } from '../model/index.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import { trainFiles as train, trainMachinery } from '../node/train.ts';
import type { RunStorage } from './checkpoint.ts';
import { outputNames } from './outputs.ts';
import { follow } from './run.ts';
import { storyText, tinyRun } from './testing.ts';
import { train as trainAnywhere } from './train.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = join(folder, 'stories.txt');
writeFileSync(text, storyText(70, 5));
const unseen = join(folder, 'unseen.txt');
writeFileSync(unseen, storyText(6, 6));
const basic = { ...tinyRun, text };
const file = (out: string, name: string) => readFileSync(join(folder, out, name));

describe('with dropout, smoothed labels, average, best weights and short sequences', () => {
  const all = {
    ...basic,
    steps: 40,
    dropout: 0.1,
    labelSmoothing: 0.1,
    average: 0.9,
    keepBest: true,
    shortShare: 0.5,
    validation: unseen,
  };

  it('stopped and resumed, it gives the bits of a run in one go, whatever the threads', async () => {
    const once = await train({ ...all, out: join(folder, 'once'), threads: 1 });
    for (const at of [8, 37]) {
      const stop = new AbortController();
      const every = { ...basic.every, progress: 0 };
      const onProgress = ({ step }: { step: number }) => step === at && stop.abort();
      const out = join(folder, `halves-${at}`);
      await train({ ...all, out, every, threads: 2, signal: stop.signal, onProgress });
      const second = await train({ ...all, out, resume: true, threads: 1 });
      expect(second.state.best).toEqual(once.state.best);
      expect(file(`halves-${at}`, outputNames.model).equals(file('once', outputNames.model))).toBe(true);
    }
  });

  it('each of them makes another model, and the file says which it was', async () => {
    const plain = { ...basic, steps: 11, finish: 'none' as const };
    const models = new Set<string>();
    const variants = [
      {},
      { dropout: 0.1 },
      { labelSmoothing: 0.1 },
      { average: 0.9 },
      { shortShare: 1 },
      { weightDecay: 1 },
      { warmupSteps: 1 },
      { decayShare: 0.1 },
    ];
    for (const [i, variant] of variants.entries()) {
      await train({ ...plain, ...variant, out: join(folder, `variant-${i}`) });
      models.add(file(`variant-${i}`, outputNames.model).toString('base64'));
      const { training } = loadCheckpoint(file(`variant-${i}`, outputNames.checkpoint));
      expect(training).toMatchObject(variant);
    }
    expect(models.size).toBe(variants.length);
  });
});

it('an average forgets its beginning: it is the mean of all weights seen, as the first share says', () => {
  const average = Float32Array.of(100);
  for (let step = 1; step <= 200; step++) follow(average, Float32Array.of(step), 0.5, step);
  expect(average[0]).toBeCloseTo(199, 3);
});

describe('a validation text that decides', () => {
  it('ends the run after measures without a better one, with the weights that were best', async () => {
    // So high a rate that the text is unlearned again.
    const out = join(folder, 'patience');
    const { state, finished } = await train({
      ...basic,
      out,
      steps: 100,
      rate: 5,
      decayShare: 0.01,
      finish: 'none',
      validation: unseen,
      patience: 3,
    });
    expect(finished).toBe(true);
    expect(state.step).toBeLessThan(100);
    const measured = state.curve.filter(({ validation }) => validation !== undefined);
    const best = measured.reduce((one, other) => (other.validation! < one.validation! ? other : one));
    expect(state.best).toEqual({ step: best.step, bitsPerByte: best.validation, finishing: false });
    expect(measured.slice(-4)[0]).toBe(best);
    expect(state.worse).toBe(3);
  });

  it('is needed, and stays the same', async () => {
    const out = join(folder, 'keeps');
    await expect(train({ ...basic, out, steps: 2, keepBest: true })).rejects.toThrow(/name one with --valid/);
    await train({ ...basic, out, steps: 2, keepBest: true, validation: unseen });
    await expect(train({ ...basic, out, resume: true, steps: 4, validation: text })).rejects.toThrow(
      /is not the text that this run was measured on/,
    );
  });
});

it('a run goes on as it began, or not at all', async () => {
  const out = join(folder, 'other-options');
  await train({ ...basic, out, steps: 2, dropout: 0.1 });
  const changed = { ...basic, out, resume: true, steps: 3, dropout: 0.2, hiddenDim: 64, rate: 1 };
  await expect(train(changed)).rejects.toThrow(
    'cannot go on otherwise than it began: hiddenDim is 96, not 64; rate is 0.02, not 1; dropout is 0.1, not 0.2.',
  );
  expect((await train({ ...basic, out, resume: true, steps: 3, dropout: 0.1, threads: 2 })).state.step).toBe(
    3,
  );
});

describe('a disk that cannot be written to', () => {
  /** A storage in memory that refuses the named file so many times. */
  function failing(name: string, times: number): { storage: RunStorage; kept: Map<string, Uint8Array> } {
    const kept = new Map<string, Uint8Array>();
    let left = times;
    const storage: RunStorage = {
      name: 'memory',
      has: (file) => kept.has(file),
      read: (file) => kept.get(file)!,
      write(file, content) {
        if (file === name && left-- > 0)
          throw new FailureError(`train: cannot write ${file}: the disk is full.`);
        kept.set(file, typeof content === 'string' ? new TextEncoder().encode(content) : content);
      },
    };
    return { storage, kept };
  }
  const common = {
    ...basic,
    ...trainMachinery(),
    text: { name: 'a text', bytes: readFileSync(text) },
    programs: shippedPrograms,
    validation: undefined,
    threads: 1,
    steps: 6,
  };

  it('at a checkpoint: the run goes on, says what there is, and ends as any other', async () => {
    const { storage, kept } = failing('checkpoint.train', 3);
    const problems: string[] = [];
    const every = { ...basic.every, checkpoint: 0 };
    const { finished } = await trainAnywhere({
      ...common,
      storage,
      every,
      onProblem: (line) => problems.push(line),
    });
    expect(finished).toBe(true);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toBe(
      'train: cannot write checkpoint.train: the disk is full; the run goes on and will try again; there is no checkpoint yet',
    );
    expect(kept.has(outputNames.checkpoint)).toBe(true);
  });

  it('between checkpoints: it says which is kept', async () => {
    const { storage } = failing('loss.svg', 1);
    const problems: string[] = [];
    const every = { ...basic.every, checkpoint: 0 };
    await trainAnywhere({ ...common, storage, every, onProblem: (line) => problems.push(line) });
    expect(problems[0]).toMatch(/the checkpoint of step 1 is kept$/);
  });

  it('at the end: it waits for room, and the model is written', async () => {
    const { storage, kept } = failing(outputNames.checkpoint, 2);
    const problems: string[] = [];
    const every = { ...basic.every, retry: 0.001 };
    await trainAnywhere({ ...common, storage, every, onProblem: (line) => problems.push(line) });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/nothing is lost as long as this process runs/);
    expect(kept.has(outputNames.checkpoint)).toBe(true);
  });

  it.each([
    ['checkpoint.train', /the disk is full; the run is lost\.$/],
    [outputNames.checkpoint, /the disk is full; --resume writes the model once that is mended\.$/],
  ])('for good, %s: it says what is left', async (name, message) => {
    const { storage } = failing(name, 1e9);
    const every = { ...basic.every, retry: 0.001, giveUp: 0.003 };
    await expect(trainAnywhere({ ...common, storage, every })).rejects.toThrow(message);
  });
});
