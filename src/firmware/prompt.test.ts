import { describe, expect, it } from 'vitest';
import { checkPromptText } from '../contract/index.ts';
import { UsageError } from '../errors.ts';
import { createTokenizer, llama2cPieces } from '../model/index.ts';
import { checkStory } from './prompt.ts';

const pieces = Array.from({ length: 259 }, (_, id) =>
  new TextEncoder().encode(
    id < 3 ? ['<unk>', '<s>', '</s>'][id] : `<0x${(id - 3).toString(16).padStart(2, '0').toUpperCase()}>`,
  ),
);
const tokenizer = createTokenizer(llama2cPieces(pieces, new Float32Array(259)));

describe('prompts', () => {
  it.each(['', 'Once upon a time', 'Zoë 你好', 'x'.repeat(512)])('takes %j', (prompt) => {
    expect(() => checkPromptText(prompt)).not.toThrow();
  });

  it.each([
    ['Once\nupon a time', /line break/],
    ['Once\rupon', /line break/],
    ['bell \x07', /control character 0x07/],
    ['\x7f', /control character 0x7f/],
    ['/help', /begins with "\/"/],
    ['é'.repeat(257), /514 bytes, and the console of a board takes a line of 512/],
  ])('refuses %j', (prompt, sentence) => {
    expect(() => checkPromptText(prompt)).toThrow(sentence);
    expect(() => checkPromptText(prompt)).toThrow(UsageError);
  });

  it('refuses what a vocabulary without byte pieces cannot say', () => {
    const few = ['<unk>', '<s>', '</s>', ' ', 'a', 'b'].map((piece) => new TextEncoder().encode(piece));
    const small = createTokenizer(llama2cPieces(few, new Float32Array(few.length)));
    expect(() => checkStory('ab a', undefined, { tokenizer: small, context: 99 })).not.toThrow();
    expect(() => checkStory('aéb', undefined, { tokenizer: small, context: 99 })).toThrow(
      /vocabulary has no piece for "é" of the prompt, and none for single bytes/,
    );
  });

  it('counts tokens against the context', () => {
    // BOS, the space in front, three bytes
    expect(() => checkStory('abc', 5, { tokenizer, context: 5 })).not.toThrow();
    expect(() => checkStory('abc', undefined, { tokenizer, context: 4 })).toThrow(
      /5 tokens and the context of this image holds 4; give a shorter prompt/,
    );
    expect(() => checkStory('abc', 6, { tokenizer, context: 5 })).toThrow(
      /6 tokens are asked for and the context of this image holds 5/,
    );
  });
});
