/** Unicode's normal forms, and what else a tokenizer.json of Qwen2's has. That chip and host agree: src/firmware/tokenizers.test.ts. */
import { describe, expect, it } from 'vitest';
import { dataText } from '../../testing/shared-files.ts';
import { describeTokenizer } from '../describe.ts';
import { readTokenizerJson } from '../hugging-face-tokenizer.ts';
import { loadCheckpoint, type Tokenizer, writeCheckpoint } from '../index.ts';
import type { Json } from '../json-values.ts';
import { goldenModel } from '../testing.ts';
import { inNormalForm, NORMAL_FORMS, normalTables } from './normal-form.ts';
import { rulesFrom } from './pieces.ts';

const utf8 = new TextEncoder();
const { json }: { json: Json } = JSON.parse(dataText('goldens/tokenizers.json.gz')).tokenizers.qwen2;
const read = (change: Json = {}): Tokenizer =>
  readTokenizerJson({ ...json, ...change }, {}, 502, (what) => {
    throw new Error(what);
  });

describe('a normal form', () => {
  it.each(NORMAL_FORMS)('%s of bytes is that of the characters between those that are none', (form) => {
    const bytes = (...parts: (string | number)[]): Uint8Array =>
      Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...utf8.encode(part)])));
    expect(inNormalForm(bytes('plain'), form)).toEqual(bytes('plain'));
    expect(inNormalForm(bytes('e\u0301'), form)).toEqual(bytes('é'));
    // A lone continuation, a cut character, an overlong one.
    expect(inNormalForm(bytes('e', 0x80, '\u0301e\u0301', 0xc3), form)).toEqual(
      bytes('e', 0x80, '\u0301é', 0xc3),
    );
    expect(inNormalForm(bytes('e', 0xc1, 0x81, '\u0301'), form)).toEqual(bytes('e', 0xc1, 0x81, '\u0301'));
    expect(inNormalForm(bytes('\ufffde\u0301'), form)).toEqual(bytes('\ufffdé'));
  });
  it('needs tables in order, with at most 255 classes of marks', () => {
    const { decompositions, classes, pairs } = normalTables('NFC');
    const isRising = (keys: number[]): boolean => keys.every((key, i) => i === 0 || key > keys[i - 1]);
    expect(isRising(decompositions.map(([point]) => point))).toBe(true);
    expect(isRising(classes.map(([point]) => point))).toBe(true);
    expect(isRising(pairs.map(([first, second]) => first * 0x200000 + second))).toBe(true);
    expect(Math.max(...classes.map(([, rank]) => rank))).toBeLessThan(256);
    expect(decompositions.length).toBeGreaterThan(2000);
    expect(pairs.length).toBeGreaterThan(900);
  });
});

describe('a tokenizer of Qwen2’s', () => {
  it('says what it is, and is the same from a file of ours', () => {
    expect(describeTokenizer(read())).toBe('byte-level BPE (Qwen2), text in NFC, 502 pieces');
    const model = goldenModel('qwen2');
    const tokenizer = readTokenizerJson(json, {}, model.config.vocabulary, (what) => {
      throw new Error(what);
    });
    const own = loadCheckpoint(writeCheckpoint(model, tokenizer)).tokenizer!;
    expect(own.rules).toEqual(tokenizer.rules);
    expect(own.encode('cafe\u0301 12')).toEqual(tokenizer.encode('café 12'));
  });
  it('knows no other form, and none for WordPiece', () => {
    const { rules } = read();
    expect(rulesFrom({ ...rules })).toEqual(rules);
    expect(rulesFrom({ ...rules, normalForm: 'NFD' })).toBeUndefined();
    expect(rulesFrom({ ...rules, algorithm: 'wordpiece' })).toBeUndefined();
    expect(() => read({ normalizer: { type: 'NFD' } })).toThrow(/its normalizer NFD is not supported/);
    expect(() =>
      read({ normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] } }),
    ).toThrow(/its normalizer Lowercase is not supported/);
  });
  it('prints marks such as Qwen2.5’s, which are spelled where a text has them', () => {
    const added = (content: string): Json => ({
      added_tokens: [
        ...(json.added_tokens as Json[]),
        { id: 501, content, special: false, normalized: false },
      ],
    });
    const tokenizer = read(added('<tool_call>'));
    expect(new TextDecoder().decode(tokenizer.decode(0, 501))).toBe('<tool_call>');
    expect(tokenizer.encode('<tool_call>')).toEqual(read().encode('<tool_call>'));
    expect(() => read(added('  '))).toThrow(/added token " {2}" is taken whole from a text/);
  });
});
