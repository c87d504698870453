import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, loadTokenizer } from '../model/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';
import { createReference, evaluate, splitStories } from '../reference/index.ts';
import { sharedPath } from '../testing/shared-files.ts';

const folder = new URL('../../models/', import.meta.url);
const stories = sharedPath('data/tinystories-valid.txt');

describe('the model that ships', () => {
  const model = loadCheckpoint(readFileSync(new URL('tinystories.bin', folder)));
  const tokenizer = loadTokenizer(readFileSync(new URL('tokenizer.bin', folder)), model.config.vocabulary);

  it('is small: below 2 MB here, about 280 KB of int8 on the chip', () => {
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0);
    expect(bytes).toBeLessThan(2e6);
    const weights = quantize(model).blobs.filter(({ name }) =>
      /(qkv|out|gateUp|down|classifier)$/.test(name),
    );
    expect(weights.reduce((sum, blob) => sum + blob.bytes.length, 0)).toBeLessThan(285_000);
    expect(model.config.context).toBeGreaterThanOrEqual(256);
  });

  it.skipIf(!stories)('predicts unseen stories, and int8 costs it less than 0.3 percent', () => {
    const some = splitStories(readFileSync(stories!, 'utf8')).slice(0, 8);
    const { context } = model.config;
    const float = evaluate(createReference(model), tokenizer, some, { context });
    const int8 = evaluate(createHostEngine(quantize(model), { programs }), tokenizer, some, { context });
    expect(int8.bitsPerByte).toBeLessThan(1.1);
    expect(int8.bitsPerByte).toBeLessThan(float.bitsPerByte * 1.003);
  });
});
