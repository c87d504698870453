import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../model/index.ts';
import { quantize } from '../quantize/index.ts';

const folder = new URL('../../models/', import.meta.url);

describe('the model that ships', () => {
  const model = loadCheckpoint(readFileSync(new URL('tinystories.bin', folder)));

  it('is small: below 2 MB here, about 280 KB of int8 on the chip', () => {
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0);
    expect(bytes).toBeLessThan(2e6);
    const weights = quantize(model).blobs.filter(({ name }) =>
      /(qkv|out|gateUp|down|classifier)$/.test(name),
    );
    expect(weights.reduce((sum, blob) => sum + blob.bytes.length, 0)).toBeLessThan(285_000);
    expect(model.config.context).toBeGreaterThanOrEqual(256);
  });
});
