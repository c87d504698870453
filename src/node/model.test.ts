import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeCheckpoint } from '../model/index.ts';
import { dataPath } from '../testing/shared-files.ts';
import { openModel, shippedModel, shippedNames } from './model.ts';

const llama = dataPath('goldens/llama');
const folder = mkdtempSync(join(tmpdir(), 'model-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a model by name', () => {
  it.each(shippedNames)('%s ships', async (name) => {
    const { model, tokenizer } = await openModel(name);
    expect(tokenizer.vocabulary.length).toBe(model.config.vocabulary);
  });
  it('is the one that is meant without a name', async () => {
    const [named, unnamed] = [await openModel('stories'), await openModel()];
    const [bytes, expected] = [named, unnamed].map(({ model, tokenizer }) =>
      writeCheckpoint(model, tokenizer),
    );
    expect(Buffer.from(bytes).equals(expected)).toBe(true);
    expect(named.name).toBe(shippedModel().name);
  });
  it('that nobody knows is answered with those that there are', async () => {
    await expect(openModel('storys')).rejects.toThrow(
      /^storys is neither a file nor the name of a model; there are stories.*, and stories260K, stories15M to pull$/,
    );
  });
  it('is that of a file, where there is one', async () => {
    await expect(openModel('./stories')).rejects.toThrow(/does not exist; check the path/);
  });
});

describe('a model by path', () => {
  it.each([
    [llama, 'llama', 'wordpiece'],
    [join(llama, 'model.safetensors.index.json'), 'model.safetensors.index', 'wordpiece'],
    [join(llama, 'model.gguf'), 'model', 'sentencepiece'],
  ])('%s', async (path, name, algorithm) => {
    const opened = await openModel(path);
    expect(opened.name).toBe(name);
    expect(opened.tokenizer.rules.algorithm).toBe(algorithm);
    expect(opened.model.config.dim).toBe(64);
  });
  it('may have a tokenizer.json named', async () => {
    const { tokenizer } = await openModel(join(llama, 'model.gguf'), join(llama, 'tokenizer.json'));
    expect(tokenizer.rules.algorithm).toBe('wordpiece');
  });
  it('is the GGUF file of a folder, if it is the only one', async () => {
    copyFileSync(join(llama, 'model.gguf'), join(folder, 'a.gguf'));
    expect((await openModel(folder)).model.format).toMatch(/^GGUF/);
    copyFileSync(join(llama, 'model.gguf'), join(folder, 'b.gguf'));
    await expect(openModel(folder)).rejects.toThrow(/has 2 GGUF files; name one of them/);
  });
  it('is no folder without a checkpoint', async () => {
    await expect(openModel(mkdtempSync(join(folder, 'empty-')))).rejects.toThrow(
      /is a folder without model.safetensors/,
    );
  });
});
