import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { knownWords } from '../grammar/index.ts';
import { loadCheckpoint } from '../model/index.ts';
import { shippedModel } from '../node/model.ts';
import { trainFiles } from '../node/train.ts';
import { inMemory } from './batches.ts';
import { outputNames } from './outputs.ts';
import { storyText, tinyRun } from './testing.ts';
import { wordsOf } from './words.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-words-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the words of a text', () => {
  it('are the same in portions of any size', () => {
    const { tokenizer } = shippedModel();
    const ids = Int32Array.from(tokenizer.encode(`${storyText(3, 7)} unbelievably! "Xylophones" aren't`));
    const whole = wordsOf({ tokens: inMemory(ids) }, tokenizer);
    expect(whole!.length).toBeGreaterThan(2 * tokenizer.vocabulary.length);
    for (const portion of [12, 31, 100]) {
      expect(wordsOf({ tokens: inMemory(ids) }, tokenizer, portion)).toEqual(whole);
    }
  });

  it('go into the checkpoint of a model that is kept to them, and into no other', async () => {
    const text = join(folder, 'stories.txt');
    writeFileSync(text, storyText(70, 5));
    const train = async (out: string, knownWords?: boolean) => {
      await trainFiles({ ...tinyRun, text, steps: 2, out: join(folder, out), knownWords });
      return loadCheckpoint(readFileSync(join(folder, out, outputNames.checkpoint)), out);
    };
    expect((await train('free')).words).toBeUndefined();
    const { words, tokenizer } = await train('kept', true);
    const documents = readFileSync(text, 'utf8').split('<|endoftext|>');
    expect(words).toEqual(
      knownWords(
        documents.map((document) => document.trim()),
        tokenizer!,
      ),
    );
  });
});
