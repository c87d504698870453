/** What others published about their models: golden stories of run.c and runq.c, figures, texts that ours never saw. They lie in ../shared. */
import { describe, expect, it } from 'vitest';
import { createHostProgram } from '../firmware/index.ts';
import { loadCheckpoint, loadTokenizer } from '../model/index.ts';
import { loadTinyStories } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';
import { createReference, createSampler, evaluate, generate, splitStories } from '../reference/index.ts';
import { needing } from './needs.ts';
import { sharedBytes, sharedPath } from './shared-files.ts';

interface Golden {
  model: string;
  tokenizer: string;
  temperature: number;
  top_p: number;
  seed: number | null;
  steps: number;
  prompt: string | null;
  tokens: number[];
}

const goldens = [
  '260k-greedy-256',
  '260k-greedy-512',
  '260k-greedy-dragon-200',
  '260k-greedy-utf8-64',
  '260k-t0.8-p1.0-s42-256',
  '260k-t1.0-p0.9-s1337-256',
  '3m-q80-greedy-128',
  '3m-q80-t0.9-p0.9-s11-128',
];

const isHere = ['models/expected', 'models/stories260K.bin', 'models/stories3M-q80.bin', 'data']
  .map(sharedPath)
  .every((path) => path !== undefined);

describe.skipIf(!isHere)(
  needing('models and texts of others', isHere, '../shared/models is not there'),
  () => {
    if (!isHere) return void it('golden stories, figures, unseen texts', () => {}); // said by one skipped test

    const readGolden = (name: string): Golden =>
      JSON.parse(Buffer.from(sharedBytes(`models/expected/${name}.json`)!).toString());
    const unseen = (): string[] =>
      splitStories(Buffer.from(sharedBytes('data/tinystories-valid.txt')!).toString());
    const stories260K = () => ({
      model: loadCheckpoint(sharedBytes('models/stories260K.bin')!),
      tokenizer: loadTokenizer(sharedBytes('models/tok512.bin')!, 512),
    });

    it.each(goldens)('run.c tells %s', (name) => {
      const { temperature, top_p: topp, seed, steps, prompt, tokens, ...files } = readGolden(name);
      const model = loadCheckpoint(sharedBytes(`models/${files.model}`)!);
      const tokenizer = loadTokenizer(sharedBytes(`models/${files.tokenizer}`)!, model.config.vocabulary);
      const sampler = createSampler({ temperature, topp, seed: seed ?? 1 });
      expect([
        ...generate(createReference(model), tokenizer, { prompt: prompt ?? '', steps, sampler }),
      ]).toEqual(tokens);
    });

    it.each(goldens.filter((name) => /^260k/.test(name) && !name.endsWith('512')))(
      'the device program in float32 tells %s',
      (name) => {
        const { temperature, top_p: topp, seed, steps, prompt, tokens } = readGolden(name);
        const { model, tokenizer } = stories260K();
        const float = quantize(model, { precision: 'f32' });
        const host = createHostProgram({ programs, model: float, tokenizer, context: 256 });
        const lines = [`/temp ${temperature}`, `/topp ${topp}`, `/seed ${seed ?? 1}`, `/tokens ${steps}`];
        for (const line of [...lines, prompt ?? '']) {
          host.type(`${line}\r`);
          host.settle();
        }
        expect([...host.tokens]).toEqual(tokens);
      },
    );

    it('stories260K has the published figures on the first stories', () => {
      const { model, tokenizer } = stories260K();
      const stories = unseen().slice(0, 200);
      const predicted = stories.map((story) => Math.min(tokenizer.encode(story).length, 512) - 1);
      expect(predicted.reduce((a, b) => a + b)).toBe(75_819);
      const { natsPerToken, bitsPerByte } = evaluate(createReference(model), tokenizer, stories.slice(0, 5), {
        context: 512,
      });
      expect(natsPerToken).toBeCloseTo(1.32779018, 5);
      expect(bitsPerByte).toBeCloseTo(0.93489428, 5);
    });

    it.each([
      ['stories260K', 1.01, stories260K],
      ['our own tinystories', 1.004, loadTinyStories],
    ] as const)('int8 costs %s less than a factor of %d on unseen stories', (_, most, load) => {
      const { model, tokenizer } = load();
      const stories = unseen().slice(0, 8);
      const options = { context: model.config.context };
      const float = evaluate(createReference(model), tokenizer, stories, options);
      const int8 = evaluate(createHostEngine(quantize(model), { programs }), tokenizer, stories, options);
      expect(int8.bitsPerByte).toBeLessThan(1.1);
      expect(int8.bitsPerByte / float.bitsPerByte).toBeLessThan(most);
    });

    it('Q8_0 groups stand for what their scales say', () => {
      const { config, groups, weights } = loadCheckpoint(sharedBytes('models/stories3M-q80.bin')!);
      expect(config).toMatchObject({
        dim: 192,
        hiddenDim: 512,
        layers: 6,
        heads: 6,
        kvHeads: 2,
        vocabulary: 4096,
      });
      const { values, scales } = groups!.layers[3].wo;
      expect(weights.layers[3].wo[100]).toBe(
        Math.fround(values[100] * scales[Math.floor(100 / groups!.groupSize)]),
      );
    });
  },
);
