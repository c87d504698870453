import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { dataBytes, dataPath } from '../testing/shared-files.ts';
import { type Files, openTogether } from './open.ts';
import { version0Bytes } from './testing.ts';

const llama = Object.fromEntries(
  readdirSync(dataPath('goldens/llama')).map((name) => [name, dataBytes(`goldens/llama/${name}`)]),
);
const files = (byName: Record<string, Uint8Array>): Files => ({
  names: Object.keys(byName),
  read: (name) => byName[name],
});
const config = {
  dim: 8,
  hiddenDim: 12,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  vocabulary: 16,
  context: 8,
  sharedClassifier: true,
  activation: 'silu' as const,
};

describe('files chosen together', () => {
  it('are a folder of Hugging Face’s', () => {
    const { 'model.gguf': _, ...folder } = llama;
    const { name, model, tokenizer } = openTogether(files(folder), 'llama');
    expect([name, model.config.dim, tokenizer.rules.algorithm]).toEqual(['llama', 64, 'wordpiece']);
  });

  it('are a file that holds its tokenizer', () => {
    const opened = openTogether(files({ 'small.gguf': llama['model.gguf'], 'README.md': new Uint8Array(1) }));
    expect([opened.name, opened.tokenizer.rules.algorithm]).toEqual(['small', 'sentencepiece']);
  });

  it('are no model without a tokenizer, without a checkpoint, or with two', () => {
    const bare = version0Bytes(config);
    const refused = (byName: Record<string, Uint8Array>) => () => openTogether(files(byName));
    expect(refused({ 'a.bin': bare })).toThrow(UsageError);
    expect(refused({ 'a.bin': bare })).toThrow(/a\.bin brings no tokenizer.* of 16 pieces/);
    expect(refused({ 'a.bin': bare, 'tokenizer.bin': bare })).toThrow(/brings no tokenizer/);
    expect(refused({ 'a.bin': bare, 'b.bin': bare })).toThrow(/a\.bin, b\.bin are several checkpoints/);
    expect(refused({ 'a.txt': bare })).toThrow(/a\.txt: there is no checkpoint among this/);
    expect(refused({})).toThrow(/nothing: there is no checkpoint/);
  });
});
