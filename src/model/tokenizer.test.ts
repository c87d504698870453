import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { runCGoldens } from '../testing/shared-files.ts';
import { BOS_TOKEN, createTokenizer, llama2cPieces, loadTokenizer, type Tokenizer } from './index.ts';
import { loadStories260K, loadTinyStories, tokenizerBytes } from './testing.ts';

const utf8 = new TextEncoder();

/** <unk>, <s>, </s>, the 256 byte pieces, then `pieces` with falling scores. */
function tokenizerOf(pieces: string[]): Tokenizer {
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const all = ['<unk>', '<s>', '</s>', ...bytes, ...pieces].map((piece) => utf8.encode(piece));
  const scores = Float32Array.from(all, (_, id) => (id < 259 ? 0 : 258 - id));
  return createTokenizer(llama2cPieces(all, scores));
}

function text(tokenizer: Tokenizer, tokens: number[]): string {
  let previous = BOS_TOKEN;
  const parts = tokens.slice(1).map((token) => {
    const part = tokenizer.decode(previous, token);
    previous = token;
    return part;
  });
  return Buffer.concat(parts).toString('utf8');
}

describe('encoding', () => {
  const tokenizer = tokenizerOf(['ab', ' a', 'abc', ' ', 'a', 'b', 'c', 'é']);
  it('merges by score, not from left to right', () => {
    // " abc": "ab" (score -1) wins over " a" (-2), then "abc".
    expect(tokenizer.encode('abc')).toEqual([1, 262, 261]);
  });
  it('falls back to bytes', () => {
    expect(tokenizer.encode('é你')).toEqual([1, 262, 266, 0xe4 + 3, 0xbd + 3, 0xa0 + 3]);
  });
  it('says <unk> where the vocabulary has no byte pieces', () => {
    const few = ['<unk>', '<s>', '</s>', ' ', 'a'].map((piece) => utf8.encode(piece));
    const small = createTokenizer(llama2cPieces(few, new Float32Array(few.length)));
    expect(small.encode('aé')).toEqual([1, 3, 4, 0, 0]);
  });
  it('leaves BOS out as asked', () => {
    expect(tokenizer.encode('ab', { bos: false })).toEqual(tokenizer.encode('ab').slice(1));
  });
  it('gives every text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(text(tokenizer, tokenizer.encode(value))).toBe(value);
      }),
    );
  });
  it('agrees with merging the slow way', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ') }), (value) => {
        expect(tokenizer.encode(value)).toEqual(slowEncode(tokenizer, value));
      }),
    );
  });
});

/** run.c's quadratic loop for texts whose characters are all pieces. */
function slowEncode({ vocabulary, scores }: Tokenizer, value: string): number[] {
  const pieces = vocabulary.map((piece) => Buffer.from(piece).toString());
  const tokens = value === '' ? [] : [' ', ...value].map((character) => pieces.indexOf(character));
  for (;;) {
    let best = -1;
    let bestId = -1;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const id = pieces.indexOf(pieces[tokens[i]] + pieces[tokens[i + 1]]);
      if (id >= 0 && (bestId < 0 || scores[id] > scores[bestId])) [best, bestId] = [i, id];
    }
    if (bestId < 0) return [1, ...tokens];
    tokens.splice(best, 2, bestId);
  }
}

describe('tokenizer.bin', () => {
  it('splits as run.c does: of our own tinystories, and of stories260K where it is', () => {
    const { tokenizer } = loadTinyStories();
    for (const { prompt, tokens } of runCGoldens()) {
      const [bos, ...ids] = tokenizer.encode(prompt);
      expect(bos).toBe(1);
      expect(tokens.slice(0, ids.length)).toEqual(ids);
    }
    const other = loadStories260K?.().tokenizer;
    if (!other) return;
    expect(other.encode('Once upon a time')).toEqual([1, 403, 407, 261, 378]);
    expect(other.encode('Zoë said: 你好')).toEqual([
      1, 410, 469, 414, 198, 174, 336, 467, 410, 231, 192, 163, 232, 168, 192,
    ]);
  });
  it('is refused for a model of another vocabulary', () => {
    const file = tokenizerBytes(512);
    expect(() => loadTokenizer(file, 500)).toThrow(/more than the model's 500 pieces/);
    expect(() => loadTokenizer(file, 600)).toThrow(/has 512 pieces and the model 600/);
  });
  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (bytes, size) => {
        const start = Uint8Array.from([8, 0, 0, 0]);
        for (const candidate of [bytes, Buffer.concat([start, bytes])]) {
          try {
            loadTokenizer(candidate, size);
          } catch (error) {
            expect(error).toBeInstanceOf(FailureError);
          }
        }
      }),
    );
  });
});
