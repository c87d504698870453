import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../model/index.ts';
import { createEncoder } from './encoder.ts';
import { documentsOf, trainTokenizer, writeTokenizer } from './tokenizer-trainer.ts';

const text = `Once upon a time, there was a little girl named Lily. She didn't like the cold.
"Why don't we go?" asked Tom. "It's 12 o'clock!" Lily's friends' toys were lost.
<|endoftext|>
Lily and Tom were happy – they played with the ball, the ball and the other ball…
`.repeat(8);

function trained(vocabulary: number) {
  const documents = documentsOf(text);
  const tokenizer = trainTokenizer(documents, vocabulary);
  const reader = loadTokenizer(writeTokenizer(tokenizer), vocabulary);
  const decode = (tokens: readonly number[]) => {
    const bytes = tokens.flatMap((token, i) => Array.from(reader.decode(i ? tokens[i - 1] : 1, token)));
    return Uint8Array.from(bytes);
  };
  return { documents, tokenizer, reader, decode };
}

describe('tokenizer training', () => {
  const { documents, tokenizer, reader, decode } = trained(340);

  it('gives llama2.c its layout: specials, bytes, pieces with falling scores', () => {
    const names = tokenizer.pieces.map((piece) => new TextDecoder().decode(piece));
    expect(names.slice(0, 4)).toEqual(['<unk>', '\n<s>\n', '\n</s>\n', '<0x00>']);
    expect(names[258]).toBe('<0xFF>');
    expect(names.length).toBe(340);
    expect(new Set(names).size).toBe(340);
    expect([...tokenizer.scores.slice(259)]).toEqual(Array.from({ length: 81 }, (_, i) => -i));
  });

  it('encodes as llama2.c does, only faster', () => {
    const encode = createEncoder(tokenizer);
    for (const document of [...documents, "can't 'quote' n' x  y\n\nz", 'ü€ 😀 a', '"', 'Tom']) {
      expect(encode(document)).toEqual(reader.encode(document, { bos: false }));
    }
  });

  it('any text and any bytes come back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (document) => {
        const bytes = new TextEncoder().encode(document);
        expect(decode(reader.encode(document, { bos: false }))).toEqual(bytes);
        expect(createEncoder(tokenizer)(document)).toEqual(reader.encode(document, { bos: false }));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        expect(decode(reader.encode(bytes, { bos: false }))).toEqual(bytes);
      }),
    );
  });

  it('works from the smallest vocabulary up', () => {
    const smallest = trained(259);
    const tokens = createEncoder(smallest.tokenizer)('Tom…');
    expect(tokens).toEqual([32, 84, 111, 109, 0xe2, 0x80, 0xa6].map((byte) => byte + 3));
    expect(() => trained(258)).toThrow('at least 259');
  });

  it('refuses a vocabulary that the text has no pairs for, and says which it has', () => {
    const refusal = /supports a vocabulary of at most (\d+), not 5000/;
    expect(() => trained(5000)).toThrow(refusal);
    try {
      trained(5000);
    } catch (error) {
      const most = Number(refusal.exec((error as Error).message)![1]);
      expect(trained(most).tokenizer.pieces.length).toBe(most);
    }
  });
});
