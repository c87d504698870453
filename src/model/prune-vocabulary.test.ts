import { describe, expect, it } from 'vitest';
import { createReference } from '../reference/index.ts';
import { dataText, int8Goldens } from '../testing/shared-files.ts';
import { readTokenizerJson } from './hugging-face-tokenizer.ts';
import { loadCheckpoint, pruneVocabulary, type Tokenizer } from './index.ts';
import { loadTinyStories, version0Bytes } from './testing.ts';

const goldens = JSON.parse(dataText('goldens/tokenizers.json.gz'));

/** What the tokens of a text print. */
function roundTrip({ encode, decode }: Tokenizer, text: string): string {
  const [first, ...tokens] = encode(text);
  let previous = first;
  const parts = tokens.map((token) => {
    const part = decode(previous, token);
    previous = token;
    return part;
  });
  return Buffer.concat(parts).toString();
}

describe('a pruned vocabulary', () => {
  const { model, tokenizer } = loadTinyStories();
  const texts = int8Goldens().map(({ text }) => text);
  const fewer = pruneVocabulary(model, tokenizer, texts);

  it('cuts its text as before, in fewer pieces, and spells every other', () => {
    expect(fewer.kept.length).toBeLessThan(0.8 * tokenizer.vocabulary.length);
    for (const text of texts)
      expect(fewer.tokenizer.encode(text).map((token) => fewer.kept[token])).toEqual(tokenizer.encode(text));
    for (const text of ['Zebras quarrel, xylophones 123!', '你好 🐉', 'é'])
      expect(roundTrip(fewer.tokenizer, text)).toBe(text);
  });
  it('gives the logits of the pieces that are left', () => {
    const [before, after] = [createReference(model), createReference(fewer.model)];
    fewer.tokenizer.encode('Once upon a time').forEach((token, position) => {
      const wanted = before.forward(fewer.kept[token], position);
      const found = after.forward(token, position);
      expect([...found]).toEqual(fewer.kept.map((id) => wanted[id]));
    });
  });
  it.each(Object.keys(goldens.tokenizers))('%s keeps what its text needs', (name) => {
    const vocabulary = 800;
    const sizes = { dim: 8, hiddenDim: 8, layers: 1, heads: 1, kvHeads: 1, vocabulary, context: 8 };
    const tiny = loadCheckpoint(version0Bytes({ ...sizes, sharedClassifier: false, activation: 'silu' }));
    const whole = readTokenizerJson(goldens.tokenizers[name].json, {}, vocabulary, (what) => {
      throw new Error(what);
    });
    const some: string[] = goldens.texts.slice(0, 200);
    const { tokenizer: small, kept, model: smaller } = pruneVocabulary(tiny, whole, some);
    for (const text of some)
      expect(small.encode(text).map((token) => kept[token])).toEqual(whole.encode(text));
    expect(smaller.weights.classifier.length).toBe(kept.length * 8);
  });
});
