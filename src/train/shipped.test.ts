import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../model/index.ts';
import { quantize } from '../quantize/index.ts';

const folder = new URL('../../models/', import.meta.url);

describe('the story model that ships', () => {
  const model = loadCheckpoint(readFileSync(new URL('stories.safetensors', folder)));

  it('is small: below 1.2 MB here with the other models, about 340 KB on the chip, most of it int4', () => {
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0);
    expect(bytes).toBeLessThan(1.2e6);
    const weights = quantize(model).blobs.filter(({ name }) =>
      /(qkv|out|gateUp|down|classifier)$/.test(name),
    );
    expect(weights.reduce((sum, blob) => sum + blob.bytes.length, 0)).toBeLessThan(340_000);
    expect(model.config.context).toBeGreaterThanOrEqual(256);
  });
});
