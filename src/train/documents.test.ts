import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type TrainFilesOptions, trainFiles as train } from '../node/train.ts';
import { prepareCorpus, survey, textsOf } from './corpus.ts';
import { documentParts, type TextSource } from './documents.ts';
import { createEncoder } from './encoder.ts';
import { outputNames } from './outputs.ts';
import { createRandom } from './random.ts';
import { memoryScratch } from './scratch.ts';
import { documentsOf, trainTokenizer, trainTokenizerOn } from './tokenizer-trainer.ts';

const utf8 = new TextEncoder();
/** A text that comes so many bytes at a time. */
const pieces = (text: string, bytes: number, form?: TextSource['form']): TextSource => ({
  name: 'a text',
  form,
  bytes: function* () {
    const all = utf8.encode(text);
    for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
  },
});
const joined = (source: TextSource, size?: number, separator?: string): string[] => {
  const documents: string[] = [];
  for (const { text, isFirst } of documentParts(source, { size, separator })) {
    if (isFirst) documents.push(text);
    else documents[documents.length - 1] += text;
  }
  return documents;
};

describe('documents in parts', () => {
  const END = '<|endoftext|>';
  const word = fc.constantFrom('a', 'größe', ' ', '\n', '  ', '𝒳', END, '<|endof', '字', 'x'.repeat(9));
  const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(''));

  it('are those of the whole text, however it is read and cut', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 4, max: 30 }),
        (whole, bytes, size) => {
          const parts = [...documentParts(pieces(whole, bytes), { size })];
          expect(parts).toEqual([...documentParts({ name: 'whole', bytes: utf8.encode(whole) }, { size })]);
          expect(joined(pieces(whole, bytes), size)).toEqual(documentsOf(whole));
          expect(parts.filter(({ isFirst }) => isFirst).length).toBe(
            parts.filter(({ isLast }) => isLast).length,
          );
          for (const part of parts) expect(part.text.length).toBeLessThanOrEqual(2 * size);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('have the tokens of the whole documents, and their tokenizer, as memory has it', () => {
    const random = createRandom(3);
    const words = ['sun', 'cat', "don't", 'the', 'red', '42', 'größe', '...', '\n', '  '];
    const document = () =>
      Array.from({ length: 300 }, () => words[Math.floor(random.uniform() * words.length)]).join(' ');
    const whole = Array.from({ length: 12 }, document).join(END);
    const documents = documentsOf(whole);
    const parts = () => documentParts(pieces(whole, 1000), { size: 64 });
    const tokenizer = trainTokenizer(documents, 300);
    expect(trainTokenizerOn(parts(), 300)).toEqual(tokenizer);
    const encode = createEncoder(tokenizer);
    const corpus = prepareCorpus(parts, tokenizer, 8, memoryScratch(), 'key');
    const ids = new Int32Array(corpus.tokens.length + 3);
    corpus.tokens.copy(0, ids);
    expect([...ids]).toEqual([...documents.flatMap((one) => [1, ...encode(one)]), 1, 1, 1]);
    expect(corpus.starts.length).toBe(13);
    expect(corpus.bytes).toBe(documents.reduce((sum, one) => sum + utf8.encode(one).length, 0));
  });

  it('a separator of one’s own, and JSON a line', () => {
    expect(joined(pieces('one\n\n two\n\n\n\nthree', 3), 50, '\n\n')).toEqual(['one', 'two', 'three']);
    const lines = ['{"id": 7, "text": "one\\ntwo"}', '', '"three"', '{"text": "  "}'].join('\r\n');
    expect(joined(pieces(lines, 5, 'jsonl'))).toEqual(['one\ntwo', 'three']);
  });

  it.each([
    ['{"text": "a"}\n{"text": 5}', /line 2 of a text is neither a string nor an object with a string "text"/],
    ['"a"\n\nb', /line 3 of a text is no JSON/],
  ])('refuses %j', (lines, message) => {
    expect(() => [...documentParts(pieces(lines, 4, 'jsonl'))]).toThrow(message);
  });

  it('is no UTF-8 where a character is not whole at the end', () => {
    const bytes = utf8.encode('größe').subarray(0, 3);
    expect(() => [...documentParts({ name: 'x', bytes })]).toThrow('x is not UTF-8 text');
  });

  it('long runs without a space take time in proportion', () => {
    const tokenizer = trainTokenizer(['abab cdcd '.repeat(50)], 266);
    const encode = createEncoder(tokenizer);
    expect(encode('ab'.repeat(200_000)).length).toBeLessThan(400_000);
  });
});

describe('training on them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'documents-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const random = createRandom(5);
  const words = ['sun', 'cat', 'the', 'red', 'dog', 'ran', 'and', 'big', 'hat', 'sat'];
  const story = () => Array.from({ length: 40 }, () => words[Math.floor(random.uniform() * 10)]).join(' ');
  const stories = Array.from({ length: 80 }, story);
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const whole = write('whole.txt', stories.join('\n<|endoftext|>\n'));
  const half = write('half.txt', stories.slice(0, 40).join('\n<|endoftext|>\n'));
  const rest = write(
    'rest.jsonl',
    stories
      .slice(40)
      .map((text) => JSON.stringify({ text }))
      .join('\n'),
  );
  const lines = write('lines.txt', stories.join('\n\n'));
  const basic = {
    preset: 'tiny',
    vocabulary: 290,
    context: 64,
    batchTokens: 256,
    steps: 3,
    every: { progress: 1e9, checkpoint: 1e9, sample: 1e9 },
  } satisfies Omit<TrainFilesOptions, 'out' | 'text'>;
  const model = (name: string) => readFileSync(join(folder, name, outputNames.model));

  it('several files, JSON lines and other separators give the same model, and go on', async () => {
    await train({ ...basic, text: whole, out: join(folder, 'one') });
    await train({ ...basic, text: [half, rest], out: join(folder, 'two') });
    await train({ ...basic, text: lines, separator: '\n\n', out: join(folder, 'three'), steps: 2 });
    await train({ ...basic, text: lines, out: join(folder, 'three'), resume: true });
    expect(model('two').equals(model('one'))).toBe(true);
    expect(model('three').length).toBe(model('one').length);
    await expect(train({ ...basic, text: whole, out: join(folder, 'two'), resume: true })).rejects.toThrow(
      'is not the text',
    );
  });

  it('tokens are made once, and are there for the next run where they are kept', async () => {
    const cache = join(folder, 'cache');
    await train({ ...basic, text: whole, cache, out: join(folder, 'first') });
    const [file, ...more] = readdirSync(cache);
    expect(file).toMatch(/^tokens-[0-9a-f]{16}\.cache$/);
    expect(more).toEqual([]);
    await train({ ...basic, text: whole, cache, out: join(folder, 'second') });
    expect(model('second').equals(model('first'))).toBe(true);
    expect(model('second').equals(model('one'))).toBe(true);
    expect(readdirSync(cache)).toEqual([file]);
  });

  it('leaves out what stands in the validation text, and says so', async () => {
    const problems: string[] = [];
    const onProblem = (line: string) => problems.push(line);
    const some = write('some.txt', [stories[3], 'something else', stories[70]].join('\n<|endoftext|>\n'));
    await train({ ...basic, text: whole, validation: some, out: join(folder, 'unseen'), onProblem });
    expect(problems).toEqual([
      'train: 2 documents stand in the --valid text, too; they are left out of training',
    ]);
    const others = write(
      'others.txt',
      stories.filter((_, i) => i !== 3 && i !== 70).join('\n<|endoftext|>\n'),
    );
    await train({ ...basic, text: others, out: join(folder, 'others') });
    expect(model('unseen').equals(model('others'))).toBe(true);
    await expect(
      train({ ...basic, text: whole, validation: whole, out: join(folder, 'no') }),
    ).rejects.toThrow(/nothing is left to train on/);
  });

  it('survey tells texts apart, and the plain hash of one is that of its bytes', () => {
    const read = (path: string): TextSource => ({ name: path, bytes: readFileSync(path) });
    const plain = survey(textsOf(read(whole)));
    expect(plain).toMatchObject({
      documents: 80,
      bytes: stories.reduce((sum, { length }) => sum + length, 0),
    });
    expect(plain.samples).toEqual(stories.slice(0, 4));
    expect(survey(textsOf([read(whole), read(half)])).hash).not.toBe(plain.hash);
    expect(survey(textsOf(read(whole), '\n\n')).hash).not.toBe(plain.hash);
    expect(new Set(plain.fingerprints).size).toBe(80);
  });
});
