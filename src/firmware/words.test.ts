/** Stories made of known words. On the chip: words-chip.test.ts. */
import { describe, expect, it } from 'vitest';
import { compileGrammar, countWords, wordKinds } from '../grammar/index.ts';
import { quantize } from '../quantize/index.ts';
import { CONTEXT, tell, tokenizer } from './test-guesses.ts';
import { FEW_WORDS, knowing } from './test-words.ts';
import { smallModel } from './testing.ts';

const { quantized: free } = smallModel();
const kinds = wordKinds(tokenizer);

const wordsOf = (tokens: ArrayLike<number>): string[] => {
  const counts = new Map<string, number>();
  countWords(counts, tokens, kinds);
  return [...counts.keys()];
};
const known = new Set(wordsOf(tokenizer.encode(FEW_WORDS)));

/** Words of a story that are neither known nor in its prompt; the last may be cut off. */
function invented({ tokens, prompt }: { tokens: number[]; prompt: number }): string[] {
  const asked = wordsOf(tokens.slice(0, prompt - 1));
  const whole = tokens.slice(0, tokens.findLastIndex((token) => kinds[token] === 0) + 1);
  return wordsOf(whole).filter((word) => !known.has(word) && !asked.includes(word));
}

const SETTINGS = [
  '/temp 0',
  '/temp 0.7\r/topp 0.9',
  '/temp 1.5',
  '/temp 0.9\r/topk 3\r/minp 0.2',
  '/temp 0\r/penalty 1.3',
];

describe('known words', () => {
  const model = knowing(FEW_WORDS);

  it.each(SETTINGS)('are all that a story is made of: %s', (settings) => {
    let others = 0;
    for (const seed of [1, 2, 3, 4]) {
      const lines = `${settings}\r/seed ${seed}`;
      expect(invented(tell(model, 0, lines, 'Once upon a time'))).toEqual([]);
      others += invented(tell(free, 0, lines, 'Once upon a time')).length;
    }
    expect(others).toBeGreaterThan(0);
  });

  it('leave a story as it is up to where it would say another', () => {
    for (const seed of [1, 2, 3]) {
      const lines = `/temp 0.8\r/seed ${seed}`;
      const bound = tell(model, 0, lines, 'Once upon a time').tokens;
      const unbound = tell(free, 0, lines, 'Once upon a time').tokens;
      const parted = bound.findIndex((token, i) => token !== unbound[i]);
      const until = unbound.slice(0, parted + 1);
      const last = until.findLastIndex((token) => !(kinds[token] & 2));
      // What was not said is no beginning of a known word, or ended one too early.
      const word = String.fromCharCode(...until.slice(last));
      const before = wordsOf(until.slice(0, last)).at(-1)!;
      const begins = [...known].some((other) => other.startsWith(word));
      expect(begins && known.has(before)).toBe(false);
    }
  });

  it('are joined by those of the prompt, whatever they are', () => {
    const none = knowing('a');
    const prompt = 'Zorblax saw Qwizzy. Zorblax had a';
    const asked = new Set(wordsOf(tokenizer.encode(prompt)));
    let said = 0;
    for (const seed of [1, 2, 3, 4]) {
      const { tokens, prompt: length } = tell(none, 0, `/temp 1\r/seed ${seed}`, prompt);
      const told = tokens.slice(length - 1);
      const words = wordsOf(told.slice(0, told.findLastIndex((token) => kinds[token] === 0) + 1));
      expect(
        words.filter((word) => !asked.has(word) && !wordsOf(tokenizer.encode('a')).includes(word)),
      ).toEqual([]);
      said += words.length;
    }
    expect(said).toBeGreaterThan(4);
  });

  it('let a prompt end within a word that nobody knows', () => {
    const { tokens, prompt } = tell(model, 0, '/temp 0.7\r/seed 3', 'The dragon lived in Zorbl');
    expect(tokens.length).toBeGreaterThan(prompt);
  });

  it('are the same with guesses, which may be of other words', () => {
    let drafted = 0;
    for (const settings of SETTINGS) {
      const lines = `${settings}\r/seed 5`;
      const prompt = 'Once upon a time there was a little girl. Once upon a time there was';
      const guessed = tell(model, 7, lines, prompt);
      expect(guessed.tokens).toEqual(tell(model, 0, lines, prompt).tokens);
      const helped = tell(model, 5, lines, prompt, { drafter: knowing(FEW_WORDS) });
      expect(helped.tokens).toEqual(guessed.tokens);
      drafted += guessed.drafted;
    }
    expect(drafted).toBeGreaterThan(0);
  });

  it('give way to a grammar, which says what may be said', () => {
    const { packed: grammar } = compileGrammar(JSON.stringify([' xylophone!', ' zebra!']), tokenizer);
    const { tokens, prompt } = tell(model, 0, '/temp 1\r/seed 1', 'Once upon a time', { grammar });
    let previous = tokens[prompt - 2];
    const text = tokens.slice(prompt - 1).flatMap((token) => {
      const bytes = [...tokenizer.decode(previous, token)];
      previous = token;
      return bytes;
    });
    expect([' xylophone!', ' zebra!']).toContain(Buffer.from(text).toString());
  });

  it('are none in float arithmetic, which is llama2.c’s', () => {
    const floats = { ...smallModel().model, words: new Uint8Array(3) };
    expect(quantize(floats, { precision: 'f32' }).blobs.map(({ name }) => name)).not.toContain('knownWords');
    expect(() => quantize(floats)).toThrow('known words are damaged');
    expect(CONTEXT).toBeGreaterThan(64);
  });
});
