/** A thousand nasty texts, cut by Hugging Face's own tokenizers (the Rust program): the same ids from ours, every one. */
import { Tokenizer as JavaScriptTokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { dataText } from '../../testing/shared-files.ts';
import { readTokenizerJson } from '../hugging-face-tokenizer.ts';
import type { Json } from '../json-values.ts';

interface Golden {
  json: Json;
  /** The list of texts that `ids` belong to; default: `texts`. */
  texts?: 'normalTexts';
  ids: number[][];
  decoded: string[];
}
interface Goldens {
  texts: string[];
  /** A thousand more, most of which a normal form changes. */
  normalTexts: string[];
  tokenizers: Record<string, Golden>;
}
const goldens: Goldens = JSON.parse(dataText('goldens/tokenizers.json.gz'));
const utf8 = new TextDecoder();

/** What the JavaScript port does as the Rust program. Its Whitespace and Punctuation are other steps (ASCII only; marks in runs). */
const PORTED = ['bert', 'gpt2', 'llama3', 'llama', 'unigram', 'qwen2', 'llama-nfkc'];
/** Where the two have other ideas: of white space, of a final sigma, of ideographs beyond 16 bits. */
const isDisputed = (text: string): boolean => /[\u0085\ufeffΣ\u{20000}-\u{2ffff}]/u.test(text);

describe.each(Object.entries(goldens.tokenizers))('%s', (name, { json, texts, ids, decoded }) => {
  const tokenizer = readTokenizerJson(json, {}, 1000, (what) => {
    throw new Error(what);
  });
  const isSentencePiece = 'space' in tokenizer.rules && tokenizer.rules.algorithm !== 'byte-level';
  it('cuts every text as tokenizers does', () => {
    const different = goldens[texts ?? 'texts'].flatMap((text, i) => {
      // SentencePiece takes its mark in a text for a space; run.c, and so we, for a character.
      if (isSentencePiece && text.includes('▁')) return [];
      const found = tokenizer.encode(text, { bos: false });
      return JSON.stringify(found) === JSON.stringify(ids[i]) ? [] : [{ text, found, wanted: ids[i] }];
    });
    expect(different).toEqual([]);
  });
  if (PORTED.includes(name))
    it('cuts texts as @huggingface/tokenizers does', () => {
      const port = new JavaScriptTokenizer(json as never, {} as never);
      const all = texts ? [...goldens.texts, ...goldens[texts]] : goldens.texts;
      const different = all.flatMap((text) => {
        if (isDisputed(text) || (isSentencePiece && text.includes('▁')) || text === '') return [];
        const wanted = port.encode(text, { add_special_tokens: false } as never).ids;
        const found = tokenizer.encode(text, { bos: false });
        return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [{ text, found, wanted }];
      });
      expect(different).toEqual([]);
    });
  it('prints tokens as tokenizers does', () => {
    decoded.forEach((text, i) => {
      let previous = tokenizer.special.start;
      // Special tokens, the unknown one too, are left out before anything is printed.
      const parts = ids[i]
        .filter((id) => tokenizer.vocabulary[id].length > 0)
        .map((token) => {
          const part = tokenizer.decode(previous, token);
          previous = token;
          return part;
        });
      expect(utf8.decode(Buffer.concat(parts))).toBe(text);
    });
  });
});
