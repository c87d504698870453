import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../model/index.ts';
import { quantize } from '../quantize/index.ts';

const folder = new URL('../../models/', import.meta.url);

describe('the story model that ships', () => {
  const model = loadCheckpoint(readFileSync(new URL('stories.safetensors', folder)));

  it('is small: below 1.3 MB in the package with the other models, 45 KB of words apart; about 340 KB in SRAM, most of it int4', () => {
    const large = 'stories-large.safetensors'; // is not in the package
    const sizes = readdirSync(folder).map((name) => [name, statSync(new URL(name, folder)).size] as const);
    const bytes = sizes.reduce((sum, [name, size]) => sum + (name === large ? 0 : size), 0);
    const words = model.words!.length;
    expect(words).toBeLessThan(45_000);
    expect(bytes - words).toBeLessThan(1.3e6);
    for (const [name, size] of sizes) expect(size, name).toBeLessThan(4e6);
    const weights = quantize(model).blobs.filter(({ name }) =>
      /(qkv|out|gateUp|down|classifier)$/.test(name),
    );
    expect(weights.reduce((sum, blob) => sum + blob.bytes.length, 0)).toBeLessThan(340_000);
    expect(model.config.context).toBeGreaterThanOrEqual(256);
  });
});
