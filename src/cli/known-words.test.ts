import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { knownWords } from '../grammar/index.ts';
import { openNamed } from './model-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'known-words-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('--known-words', () => {
  it('keeps a model to the words of a text, whatever it was kept to before', async () => {
    const text = file('text', 'A dog. <|endoftext|> A cat!\n');
    const { model, tokenizer } = await openNamed({ knownWords: text });
    expect(model.words).toEqual(knownWords(['A dog.', 'A cat!'], tokenizer));
    expect((await openNamed({})).model.words!.length).toBeGreaterThan(model.words!.length);
  });

  it('none lets it say any', async () => {
    expect((await openNamed({ knownWords: 'none' })).model.words).toBeUndefined();
  });

  it('takes the pieces that are left of a vocabulary', async () => {
    const text = file('few', 'Once upon a time there was a dog.');
    const { model, tokenizer } = await openNamed({ pruneVocabulary: text, knownWords: text });
    expect(model.words).toEqual(knownWords(['Once upon a time there was a dog.'], tokenizer));
    expect((await openNamed({ pruneVocabulary: text })).model.words).toBeUndefined();
  });

  it('refuses a text without words, and one that is not there', async () => {
    await expect(openNamed({ knownWords: file('marks', '3, 5; 7!') })).rejects.toThrow(UsageError);
    await expect(openNamed({ knownWords: join(folder, 'missing') })).rejects.toThrow(UsageError);
  });
});
